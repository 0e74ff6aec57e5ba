// Package consortium runs the gateways of one or several regions in one process over one embedded ledger, or that of one
// region on a Fabric network.
//
//	Plan ─Found─▶ stores, keys, charter on the ledger, authorities, types
//	Plan ─Open──▶ Consortium: ledger, gateways at work ─▶ Close: gateways first, the ledger last
//
// Each region has its own vault, index, keys and credentials, under its own master key: nothing but the ledger is shared.
package consortium
