// Package pebblekv opens every Pebble store of the project, in one way, so that a fault of the disk has one meaning.
//
// # What goes through here
//
// The embedded ledger, the vaults and the indexes keep their data in Pebble. They write a [Batch], commit it, and read
// with [Store.Get], [Store.NewIter] or [Store.NewSnapshot]. Nothing else in the project opens a Pebble database.
//
// # Why Pebble is not handed out bare
//
// Pebble answers a failed write of its log or manifest by calling Logger.Fatalf, which is expected to end the process, or
// by a panic that no recover can contain; a flush or compaction that fails is tried again at once, for ever. A gateway
// that serves several regions must neither vanish, nor hang, nor acknowledge what is not on the disk. So a store here is
// fail-stop:
//
//  1. The first fault that leaves the disk's content in doubt fails the store: a failed write or sync of the write-ahead
//     log, a fatal error, an error of a flush or compaction, a corrupt block.
//  2. From that moment the store's file system refuses every change. Whatever Pebble still attempts, the files are those
//     of a process killed at that instant, the case that Pebble's recovery is made for.
//  3. A commit runs in its own goroutine and returns either Pebble's answer or, if the store failed, the failure at once:
//     STORE_FULL, STORE_CORRUPT or STORE_FAILED. Like every answer after a lost connection it means "may or may not be
//     kept". Nothing that was acknowledged is lost, nothing refused is half kept: a batch is whole or absent.
//  4. Pebble's own goroutines end where they reported the fault, so nothing spins. Reads go on.
//  5. The store serves again once it is closed and opened anew, which replays the log. Memory and descriptors of the failed
//     instance are returned only when the process ends: Pebble offers no way to take down a database in that state.
//
// A commit without a sync is acknowledged in memory only; a later synced commit, or Flush, makes it durable.
package pebblekv
