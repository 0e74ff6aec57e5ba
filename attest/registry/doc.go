// Package registry is the rules of the ledger: which commands there are, who may give them, and what each changes.
//
// Apply is a pure, deterministic state machine. The chaincode runs it over a Fabric stub, the embedded ledger over
// Pebble, and every gateway runs it again over its own index while it follows the blocks; the three states must be
// identical, byte for byte. So the rules know no clock, no randomness, no map order, no floating point and no scan; they
// read before they write, never read what they wrote, and write one key per subject.
//
// A command authenticates itself: it is a compact JWS by the registered key that it needs, verified over the bytes
// received. Whoever carries it to the ledger, and whoever endorses it, can neither make one nor change one.
//
// Gather turns a presentation and a view of the state into the evidence that attest.Judge decides on.
package registry
