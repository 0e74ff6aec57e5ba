// Package shell is what all pages share: layout and language, session and rights, tokens against forged requests, and one
// way to say that something went wrong.
//
//	request ─▶ language and text size ─▶ session ─▶ access of the route ─▶ forgery check ─▶ handler ─▶ template ─▶ page
//
// A section (public, citizen, office, ledger) declares its routes, its templates and what it needs as interfaces; the shell
// knows none of them. Every route says who may use it, in one list that a test walks.
//
// The pages work without scripts. Nothing is loaded from elsewhere, and the Content-Security-Policy holds to that.
package shell
