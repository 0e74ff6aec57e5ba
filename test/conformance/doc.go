// Package conformance holds every ledger to the same behaviour. One sequence of commands, drawn from a seed, goes through a
// ledger; what it answers, what its blocks hold and what state follows from them must be what the registry's rules say when
// they run over a map.
//
//	Script(seed) ─▶ Ledger.Submit ─▶ events, refusals ──────────────┐
//	                Ledger.Blocks ─▶ index.Apply ─▶ state digest ───┼─▶ equal to registry.Apply over a map
//
// The suite runs against the embedded ledger always, and against a Fabric network where one may be started or the environment
// names one (see Env).
package conformance
