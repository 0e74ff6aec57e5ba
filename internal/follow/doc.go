// Package follow keeps a region's replica up to date and tells the other regions what it has come to.
//
// # What flows through it
//
//	Source.Blocks ─▶ [Follower] ─▶ read, check ahead ─▶ Replica.Apply   blocks in order, for as long as the process lives
//	                     └─▶ WaitFor                      who needs a block's effects waits here
//	Replica.Progress ─▶ [Witness] ─▶ Submitter.Submit     the signed digest of what was applied
//
// A fault of the source is met by starting again where the replica is, after a pause that grows. What the replica says
// against a block, that our rules refuse what the ledger calls valid or that the chain forks, is no fault to be got over:
// the follower stops and raises an alarm, and the replica, frozen, keeps anything from being judged.
//
// # Looking ahead
//
// Almost all of the work of a command is its signature, and whether that fits needs no state but the signer's key. So the
// commands of the blocks that wait are read and checked on all cores, with the key that the replica has registered under the
// signer's id, or that a command on its way asks to register. That is a guess and decides nothing: the rules take a check for
// what it is, one of these bytes with that key, and make it themselves where the state has another (registry.Prepared). The
// replica gets as many blocks at a time as are ready. A block that comes alone waits for nobody.
//
// # Freshness
//
// That a block arrives says nothing about how far behind it is. Where the source can say how far the ledger is ([Prober]),
// the replica counts as fresh as of the moment of asking, once it has applied all that was there then. Where it cannot,
// each block counts as fresh when it is applied.
package follow
