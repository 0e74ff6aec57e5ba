// Package peertest puts a proxy between a client and a real peer, under the peer's own TLS certificate: it is what the peer's
// operator, or the network before it, can do.
//
//	client ──TLS──▶ [Proxy] ──TLS──▶ peer
//	                   ├─ Lie: what the peer shows of the chain is changed on its way
//	                   └─ Cuts: connections end at endorsement, submission and commit status, before or after
//
// Whatever is no stream of blocks passes as it is, in bytes. A proxy counts what it has done, so that a test which met nothing
// can be told from one that proves something.
package peertest
