// Package gatewaytest founds a real consortium for tests: an embedded ledger, a vault, an index and a gateway a region,
// each answering HTTP on the loopback, its answers held against openapi.yaml.
//
//	Found ─▶ World ─Region─▶ Region ─Issue, Present, Verify─▶ answers over HTTP
//	                  └Settle: every region has applied, and agrees on, everything that is on the ledger
//
// Nothing is faked and nothing sleeps: what a test waits for it waits for by name.
package gatewaytest
