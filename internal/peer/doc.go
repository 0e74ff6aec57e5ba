// Package peer is how regions' gateways talk to each other, without anybody between them.
//
//	gateway of 510000                                    gateway of 440000
//	 redemption ─▶ Client ── /peer/v1, mutual TLS 1.3 ──▶ Server ─▶ home
//	                 │                                      │
//	                 └─ identity: whose registered gateway key vouches for this TLS key? ─┘
//
// Both sides present a short-lived certificate of an ordinary P-256 key. What counts is not the certificate but the statement
// in it, a JWS by the region's gateway key that is in force on the ledger (docs/adr/0010-peer-identity.md). There is no
// certificate authority and no first use to trust.
//
// Every message carries what identifies the operation, and every operation may come again: the client repeats what got no
// answer, within bounds, and stops asking a region that keeps failing for a moment. What the other side says is read as
// strictly as a stranger's request. Any failure is an error with a code that a citizen can be told; none is a verdict.
package peer
