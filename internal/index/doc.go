// Package index is a region's replica of the registry: the state that it computed itself, by running the rules over every
// block it was given, kept so that a verification finds all its records in microseconds.
//
// # What flows through it
//
//	blocks ─▶ [Index.Apply]: chain, rules over an overlay ─▶ one Pebble batch: effects, positions, checkpoint, D(n)
//	                                                                └─▶ [Index.Read]: a registry.View ─▶ evidence
//
// Beside each record stand the positions of its first and its last write, which are no part of the state. For each block
// stands D(n), the digest of everything applied up to it; the regions' witness statements, which are records of the state,
// are compared with it. A statement that contradicts ours, a block that does not continue the chain, or a transaction that
// is valid for the ledger and refused by our rules freezes the index: from then on [Index.Read] says so, and nothing may be
// judged.
//
// # Durability
//
// The index holds nothing that the ledger does not: it is written without waiting for the disk. A batch holds whole blocks
// with the checkpoint behind the last: one while the ledger is followed, several while it is caught up with. A crash may take
// the last batches back, always whole and always the last ones, and the follower applies their blocks again. What a crash does worse is
// repaired by [Index.Reset] and following from block 0, which leads to the same bytes.
//
// # Consistency
//
// Apply prepares a block beside the readers and holds them up only for the commit. Each call of a View method sees whole
// blocks; a verification that makes several makes them inside one Read and sees one state.
//
// # Trust snapshots
//
// [Index.Export] writes the state with its positions into one file, for verifying where there is no ledger;
// [OpenSnapshot] reads it and is a registry.View as well.
package index
