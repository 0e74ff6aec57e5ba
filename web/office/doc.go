// Package office is 窗口, the pages of the staff of an authority: verify one certificate or all that a matter requires,
// issue, change status, agree with other regions, and keep receipts.
//
//	staff ─role─▶ route ─office─▶ service of the gateway ─▶ page
//
// Whoever is signed in acts for their office and for no other: every service is told for which, and what belongs to
// another office is answered as if it were not there. Every form carries an operation, so that a form sent twice acts once.
package office
