// Package session keeps who is signed in at a gateway's pages.
//
//	sign-in ─Start─▶ id in a cookie ─Get─▶ Session, until it is idle, too old, or ended
//
// Sessions live in this process's memory alone and end with it: what a provider said about a person is written nowhere. An
// id is 256 random bits, and the store knows it by its hash only. Whoever gains rights gets another id (Start, Change), so
// that an id which somebody planted or saw before is worth nothing after.
package session
