// Package gateway has a gateway's program do what only that program can: make a region's stores and keys, found the consortium of
// the regions, take in a region that joins, make a key to the API. The program is used through its command line alone, so that this
// module and the gateway's share no code; which program it is, and of which version, is the operator's choice.
//
//	stores, keys ─▶ each region's entry ─▶ one charter of all entries ─▶ each region's signature ─▶ the ledger
//
// Every step looks first at what is there: a step that was interrupted is made anew or gone on with, whichever it takes.
package gateway
