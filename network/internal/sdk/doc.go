// Package sdk is the one place that talks to the network through fabric-sdk-go: to a region's CA as its registrar and as a
// holder, and to peers and orderers as a region's administrator (channel, chaincode life cycle, configuration, ledger queries).
//
// Three things about that SDK and a current Fabric shape this package. It sends to one orderer and knows nothing of quorums, so
// that every call may have to be made again elsewhere. Without service discovery it endorses at one peer, so that every
// transaction names its endorsers. And it checks certificates as package pki describes.
package sdk
