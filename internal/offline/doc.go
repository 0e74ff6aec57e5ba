// Package offline verifies where there is no ledger and no gateway: from an exported trust snapshot and a key that the
// verifier knew beforehand.
//
//	pinned key ─┐
//	snapshot ───┴─Open─▶ Trust: the records, and who answers for them ─┐
//	file ─Detect, Beside─▶ certificate │ verification receipt │ row │ document ─┴─Judge─▶ verdict
//
// What is trusted is one gateway: the one whose key is pinned answers for the snapshot being what its replica held. It
// cannot invent another region's certificates, whose commands carry their own signatures on the ledger, but a snapshot
// does not repeat those: a verifier pins a key of its own region. Nothing is trusted on first use.
//
// A snapshot ages. What was revoked after it was made is not in it, so every verdict says as of when it speaks, and one
// older than the verifier's bound is undetermined.
package offline
