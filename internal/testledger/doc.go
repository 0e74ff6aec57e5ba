// Package testledger is the least ledger that tests can run the rules on: the state in a map, one command a block, fixed
// keys, and provinces that found a consortium in one call.
//
//	Found ─▶ Consortium ─Do, Try─▶ registry.Apply ─▶ Overlay ─▶ Memory ─registry.View─▶ Gather, Judge
//
// A refused command leaves nothing behind. The same calls give the same bytes in the std suite: keys follow from their
// ids, salts from a seed, and signatures are deterministic (RFC 6979).
package testledger
