// Package faults breaks a real Fabric network of provinces, with a gateway of each, and holds it to the promises that need more
// than one machine's worth of processes: a peer that lies about the chain, regions that endorse what nobody may do, connections
// that end at the worst moment, nodes that die, a province that is cut off, a ledger that is lost, members and programs that
// change under load.
//
//	seed ─▶ schedule of faults ─▶ traffic through four gateways ─▶ what was acknowledged, what was judged ─▶ checks
//
// Every run prints its seed and the counts that it reached; a fault that met no traffic fails instead of passing. The size in a
// plain run is small; flags raise it:
//
//	HUZHENG_FABRIC=1 go test ./test/faults -v -timeout 3h -args -faults.seed 7 -faults.rounds 100 -faults.cuts 10000
package faults
