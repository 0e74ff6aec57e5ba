// Package lifecycle brings a network up, changes it and takes it down.
//
// Every step first looks at what is there and does only what is missing, so that `up` after any interruption goes on where it was:
//
//	topology ─▶ roots, CAs ─▶ certificates ─▶ genesis ─▶ orderers, peers ─▶ channel ─▶ chaincode: install, approve, commit
//	         ─▶ gateways: stores, charter, start
//
// What is there is asked of those who know: certificates of the file system, processes of the operating system, the channel of
// orderers and peers, the chaincode of the ledger. The state file holds only what nobody else knows: which nodes the operator has
// stopped on purpose, and which program serves the chaincode in which slot, which the gateways.
package lifecycle
