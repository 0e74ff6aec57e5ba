package nodeconf

import (
	"encoding/json"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// Connection is what a region's gateway needs to know of the network. Paths are absolute.
type Connection struct {
	Channel     string           `json:"channel"`
	Chaincode   string           `json:"chaincode"`
	Consensus   string           `json:"consensus"`
	Genesis     string           `json:"genesis"` // the channel's first block, to be pinned
	Region      string           `json:"region"`
	MSPID       string           `json:"msp"`
	Certificate string           `json:"certificate"` // the gateway's membership certificate
	Key         string           `json:"key"`
	Listen      string           `json:"listen"`     // the port that the topology keeps for the gateway
	PeerListen  string           `json:"peerListen"` // the port that it keeps for other regions' gateways
	Peers       []ConnectionPeer `json:"peers"`      // the region's own first
}

// ConnectionPeer is one region's peer, as a gateway reaches it.
type ConnectionPeer struct {
	Region  string `json:"region"`
	Name    string `json:"name"`
	MSPID   string `json:"msp"`
	Address string `json:"address"`
	TLSRoot string `json:"tlsRoot"` // that region's root certificate
	Gateway string `json:"gateway"` // where that region's gateway answers the other regions'
}

// Gateway writes a region's connection.json.
func Gateway(t topology.Topology, r topology.Region, files layout.Network) ([]byte, error) {
	id := files.Region(r.Code).Identity("gateway")
	c := Connection{
		Channel: t.Channel, Chaincode: t.Chaincode.Name, Consensus: string(t.Consensus), Genesis: files.Genesis(),
		Region: r.Code, MSPID: r.MSPID, Certificate: id.Cert(), Key: id.Key(), Listen: r.Bind(r.Ports.Gateway),
		PeerListen: r.Bind(r.Ports.GatewayPeer),
		Peers:      []ConnectionPeer{connectionPeer(r, files)},
	}
	for _, other := range t.Regions {
		if other.Code != r.Code {
			c.Peers = append(c.Peers, connectionPeer(other, files))
		}
	}
	return json.MarshalIndent(c, "", "  ")
}

func connectionPeer(r topology.Region, files layout.Network) ConnectionPeer {
	return ConnectionPeer{
		Region: r.Code, Name: r.Name, MSPID: r.MSPID, Address: r.Address(r.Ports.Peer), TLSRoot: files.Region(r.Code).Root(),
		Gateway: r.Address(r.Ports.GatewayPeer),
	}
}
