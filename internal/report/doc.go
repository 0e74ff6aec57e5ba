// Package report tells other regions of the receipts about their citizens' certificates, so that a citizen sees at home what
// was verified elsewhere. Receipts wait in a durable outbox, a queue a region; each region is told by itself, in large messages,
// and one that cannot be reached is asked again after growing pauses while the others hear theirs.
package report
