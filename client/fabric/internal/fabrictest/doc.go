// Package fabrictest is a Fabric network of a few organisations in one process, for tests of what stands on one: throwaway
// keys, blocks signed as orderers sign them, and peers that speak Fabric's protocol over TLS.
//
//	Network ─▶ Genesis, Tx, Order ─▶ blocks ─▶ Peer: Deliver, Gateway ─▶ the client under test
//
// Orderers and endorsers are honest and simple: one transaction a block, the registry's rules over a map, version checks as
// Fabric makes them. Tests put lies and failures in between.
package fabrictest
