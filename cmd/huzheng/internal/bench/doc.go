// Package bench measures what the project promises about speed and size, with the real components in folders of its own,
// and sets each figure beside what it has to be at least.
//
//	two regions on one embedded ledger ─▶ issue, anchor, verify in process, verify over HTTP, bytes on chain ─▶ Row after Row
//
// A figure is of the machine it was measured on, and of what else that machine did meanwhile.
package bench
