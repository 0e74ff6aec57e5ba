// Package block reads Fabric's blocks: whether a block is whole and continues the chain, and which commands of ours are in it.
//
//	common.Block ─▶ Chain.Accept: number, previous hash, data hash, signatures, form ─▶ Block
//
// # What is checked, and what is taken from a peer
//
// The orderers sign a block's header, and with it the envelopes in their order. They do not sign which transactions are valid:
// each peer works that out and writes it into the metadata. A flag is therefore one peer's word. What can be checked about it is
// checked (a transaction flagged valid must be one that a peer can call valid); the rest is what the regions' witness
// statements are for.
//
// A block is refused for nothing that Fabric's validation lets pass: whoever may submit a transaction could otherwise stop every
// follower with it.
package block
