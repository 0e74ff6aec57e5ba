// Package merkle is the tree that a batch is anchored by: RFC 6962 over commitments, in either suite.
//
//	commitments ─Root─▶ root and size, on the ledger
//	            ─NewTree, Path─▶ inclusion receipt, off the ledger ─Verify against root and size─▶ nil or a reason
//
// A leaf is hashed after 0x00 and a node after 0x01 (RFC 6962, 2.1), so that no node can stand for a leaf. Trees are of
// fixed size and never grow: there are inclusion proofs and no consistency proofs.
package merkle
