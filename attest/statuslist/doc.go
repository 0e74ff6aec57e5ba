// Package statuslist is the IETF Token Status List (draft-ietf-oauth-status-list): one small number for each certificate
// of a list, packed, compressed and put into a token that any standard verifier reads.
//
//	intervals of the ledger ─StatusOf, Set─▶ List ─Compress─▶ zlib ─Token.Payload─▶ JWT payload, signed elsewhere
//
// Entries are packed from the least significant bit of each byte and compressed with zlib; the W3C Bitstring Status List
// packs from the most significant bit and uses gzip, and is another format.
package statuslist
