// Package charter prepares the founding of a consortium whose regions do not trust each other: each makes its keys apart,
// all sign one text, and the ledger takes it in once every signature is there.
//
//	region: Entry (public keys, URL, organisation) ──▶ all of them ─Make─▶ charter ─Sign, at each region─▶ signatures ─Found─▶ command
//
// Nothing here is secret. What makes it safe is that a region signs only where its own entry is what its key store holds, and
// that people compare the other entries' fingerprints by another way first.
package charter
