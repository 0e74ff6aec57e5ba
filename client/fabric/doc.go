// Package fabric is the ledger on a Hyperledger Fabric network, as one organisation of it sees it: it submits commands through
// the organisation's own peer, or another's while that fails, and hands out the channel's blocks, each checked before anybody
// sees it.
//
// # What flows through it
//
//	Submit ─▶ endorse ─▶ submit ─▶ commit status, or the block stream ─▶ Outcome, a refusal, or "unknown"
//	Blocks ◀─ block.Chain: number, previous hash, data hash, orderers' signatures, form ◀─ own peer, else another region's
//
// # What is trusted
//
// The genesis block's hash is pinned. From it follows the channel's first configuration, from each configuration whose
// signatures make the next blocks and the next configuration good: nothing is taken from a peer on first use. A peer may still
// hold blocks back or lie about which transactions are valid, which nobody signs: Blocks hands the flags on as they come, and
// the regions' witness statements tell a lie (see package index).
//
// # Heights
//
// Block numbers are Fabric's own; block 0 is the genesis block. Configuration blocks are handed out like all others, with one
// transaction that is not valid for the registry.
//
// Where another region's peer takes the own one's place, the command is still proposed and signed as the own organisation's,
// and nothing is signed that is not the transaction of the command. What leaves no trace on the ledger (a refusal, a repeat, a
// commit status) counts once more regions' peers have told it than may lie.
//
// # Failures of Submit
//
// A failure before the endorsed transaction leaves is definite: nothing was recorded. After that nothing is, until the commit
// status or a block says so: an orderer may report a failure for a transaction that it orders. Submit then offers the same
// transaction again, which Fabric records at most once, until it is settled or [Config.Settle] is over.
package fabric
