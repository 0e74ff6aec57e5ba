// Package genesis describes the channel of all regions to Fabric: configtx.yaml, from the topology and the regions' public
// certificates, and through Fabric's own configtxgen the block that follows from it. The same description serves twice: for the
// channel's first block, and later, compared with what the channel says, for every change of it.
package genesis
