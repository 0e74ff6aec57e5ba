// Package embedded is the ledger on one machine: it orders signed commands, runs the registry's rules over them and keeps
// the result in one Pebble store, as hash-chained blocks beside the state they lead to. It takes the place of a Fabric
// network for a first look, in development, in tests and in a single office; everything above it sees the same blocks.
//
// # What flows through it
//
//	Submit ─▶ bounded queue ─▶ one ordering goroutine ─▶ rules over an overlay ─▶ block ─▶ one synced Pebble batch ─▶ answers
//	                                                                                          └─▶ Blocks: any number of followers
//
// One goroutine orders, so the rules see one command after the other. Commands that arrive while a block is being synced
// form the next block (group commit); a lone command is not delayed. A command that the rules refuse has no effect and is
// not recorded. Every answer, a refusal too, waits until the block that its reason rests on is on the disk.
//
// # Heights
//
// Blocks are numbered from 0. [Ledger.Next] is the number of the block to come, which is also how many there are: 0 says
// that the ledger is empty. The first block has an empty Previous.
//
// # Durability
//
// Block, state and head are one batch; it is synced before anybody hears of it. After a kill or a loss of power the ledger
// opens at a block boundary that includes every acknowledged command. The first fault of the disk stops the ledger: what was
// in flight is answered with [ErrOutcomeUnknown], and it serves again once it is opened anew.
package embedded
