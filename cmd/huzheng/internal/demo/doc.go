// Package demo shows the whole way on one machine: four provinces with their own vaults, indexes and gateways over one
// embedded ledger issue certificates, anchor them, and judge each other's documents.
//
//	Found ─▶ authorities, types, agreements ─▶ certificates in bulk ─anchored, witnessed─▶ one document of every verdict
//	                                                            └─▶ a file, a dataset row, a trust snapshot ─▶ Report
//
// Everything goes through the gateways' HTTP interface, as an office or an integrator would. No result is arranged: a
// document is expired because its time has passed, and undetermined because it was shown before it was anchored. Nothing
// waits for a fixed time; it waits for what it needs.
package demo
