// Package dispute is what a citizen may say against a certificate (异议): the draft of a dispute, its rules, and who sees it.
//
//	citizen ─file, edit, withdraw─▶ Desk ─▶ Store, sealed under the citizen's key ─▶ the issuing authority's office reads it
//
// A draft stays in the vault of the region that issued the certificate. Nothing of it is on the ledger, no verdict changes by it,
// and no other region learns of it: the office acts on it with what it has, suspension and correction. Erasing its citizen
// makes it unreadable.
package dispute
