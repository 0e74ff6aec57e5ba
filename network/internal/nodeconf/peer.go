package nodeconf

import (
	"github.com/huzheng-ledger/huzheng/network/internal/builder"
	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// Peer writes a region's core.yaml.
func Peer(p fabricbin.Programs, t topology.Topology, r topology.Region, files layout.Network) ([]byte, error) {
	defaults, err := load(p.Path(fabricbin.PeerConfig))
	if err != nil {
		return nil, err
	}
	id := files.Region(r.Code).Identity("peer")
	address := r.Address(r.Ports.Peer)
	roots := []string{id.TLSRoot()}
	return defaults.overlay(map[string]any{
		"peer.id":             "peer." + r.Code,
		"peer.networkId":      t.Channel,
		"peer.listenAddress":  r.Bind(r.Ports.Peer),
		"peer.address":        address,
		"peer.localMspId":     r.MSPID,
		"peer.mspConfigPath":  id.MSP(),
		"peer.fileSystemPath": id.Data(),

		"peer.tls.enabled":             true,
		"peer.tls.cert.file":           id.TLSCert(),
		"peer.tls.key.file":            id.TLSKey(),
		"peer.tls.rootcert.file":       id.TLSRoot(),
		"peer.tls.clientRootCAs.files": roots,

		// One peer a region: it is its own bootstrap and leader. Others are met through the channel's anchor peers, and met again
		// within seconds where one was away; until then discovery knows no set of endorsers.
		"peer.gossip.bootstrap":                address,
		"peer.gossip.endpoint":                 address,
		"peer.gossip.externalEndpoint":         address,
		"peer.gossip.reconnectInterval":        "2s",
		"peer.gossip.aliveTimeInterval":        "2s",
		"peer.gossip.aliveExpirationTimeout":   "10s",
		"peer.gossip.publishStateInfoInterval": "1s",
		"peer.gossip.requestStateInfoInterval": "1s",
		"peer.gossip.pullInterval":             "2s", // identities of those met are pulled; the waits are parts of one pull
		"peer.gossip.digestWaitTime":           "500ms",
		"peer.gossip.requestWaitTime":          "750ms",
		"peer.gossip.responseWaitTime":         "1s",

		// The only private data are a region's own approvals of chaincodes, which no other peer holds: a peer that comes back without
		// its ledger asks for them in vain, at every block that has one.
		"peer.gossip.pvtData.pullRetryThreshold": "1s",

		// A peer that lost every orderer asks again within seconds, for as long as it takes.
		"peer.deliveryclient.reConnectBackoffThreshold": "5s",

		// Under BFT a peer takes blocks from one orderer and headers from others. How long it stays with one that is silent while the
		// others go on, as when that province is cut off. One that fetches a long chain on a loaded machine may take its own delay for
		// that and change its orderer, which costs it a connection.
		"peer.deliveryclient.blockCensorshipTimeoutKey": "5s",

		"peer.limits.concurrency.gatewayService": 5000,

		// No container engine. A chaincode is a server that runs beside the peer and is dialled by it; the peer's own service for
		// chaincodes that dial the peer cannot be switched off, so that it gets whatever port is free.
		"peer.chaincodeListenAddress": "127.0.0.1:0",
		"vm.endpoint":                 "",
		"chaincode.externalBuilders": []map[string]any{{
			"name": "huzheng", "path": files.Builder(), "propagateEnvironment": []string{builder.EnvCert, builder.EnvKey},
		}},

		"ledger.history.enableHistoryDatabase": false,
		"ledger.snapshots.rootDir":             id.Data() + "/snapshots",

		"operations.listenAddress":           r.Bind(r.Ports.PeerMetrics),
		"operations.tls.enabled":             true,
		"operations.tls.cert.file":           id.TLSCert(),
		"operations.tls.key.file":            id.TLSKey(),
		"operations.tls.clientRootCAs.files": roots,
		"metrics.provider":                   "prometheus",
	})
}
