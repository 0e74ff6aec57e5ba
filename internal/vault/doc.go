// Package vault keeps what a region must never show: certificates with all their disclosures, holder keys in custody,
// documents' salts, dataset rows, receipts. What it gives to the outside are 32-byte leaves and proofs over them.
//
// # What flows through it
//
//	certificate, document, dataset version, receipt ─┐ one Pebble batch, synced before it is acknowledged
//	   record, sealed under its subject's key        │
//	   status slot, operation, commitment index      ├─▶ leaf at the next place of its queue
//	ready commitments in bulk ───────────────────────┘          │ contiguous ranges
//	                                                   sealed batch (the command's bytes) ─▶ anchored batch (its position)
//	commitment ─▶ place in a queue ─▶ batch ─▶ tree over the batch's leaves ─▶ inclusion receipt, computed when asked for
//
// # Two folders
//
// The data folder is a Pebble store in which no key is readable and every value is sealed (AES-256-GCM or SM4-GCM, the
// store key as associated data). The keyring folder holds one file of fixed slots, each the data key of one subject
// wrapped under the master key, and the head of the audit log. They must not be one folder, so that a copy of the data
// does not carry its keys. Erasing a subject overwrites its slot in place and syncs: a delete in Pebble would leave the
// bytes in older tables. What a file system or a disk keeps of overwritten blocks (copy on write, flash translation) is
// outside of what a program can promise; put the keyring on a file system that overwrites, and keep no old copies of it.
//
// # Group commit
//
// One goroutine, the committer, turns whatever writes are waiting into one Pebble batch and syncs it once; while it waits
// for the disk the next writes gather. Everything that must be assigned in order (places in queues, links of the audit
// chain, subjects' slots) is assigned there, under no lock and without gaps: the write-ahead log keeps a prefix of what was
// committed, so a crash can only cut off an unacknowledged end. Pebble's own commit pipeline shares
// syncs as well, but every write would then be a commit of its own: none sees what the one before it assigned until that
// is applied, so a lock would have to be held around assigning and applying, and leaves would lie one to a value.
//
// A failed write fails the vault: it answers STORE_FAILED until it is opened anew, since only the log knows what was kept.
package vault
