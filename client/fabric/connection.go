package fabric

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// Connection is what huzheng-net writes for a region's gateway (regions/CODE/gateway/connection.json): a place on the channel,
// and whose it is.
type Connection struct {
	Config
	Region string // code of the region
	Listen string // host:port that the topology keeps for its gateway
	// PeerListen is the host:port that it keeps for other regions' gateways, and Gateways are theirs, by region. Empty in a
	// file that an earlier huzheng-net wrote.
	PeerListen string
	Gateways   map[string]string
}

// ReadConnection reads a connection.json and the files that it names: genesis block, certificate, key, the peers' roots.
func ReadConnection(file string) (Connection, error) {
	c, err := readConnection(file)
	if err != nil {
		return Connection{}, fmt.Errorf("connection %s: %w", file, err)
	}
	return c, nil
}

// connectionFile is a connection.json.
type connectionFile struct {
	Channel     string           `json:"channel"`
	Chaincode   string           `json:"chaincode"`
	Genesis     string           `json:"genesis"`
	Region      string           `json:"region"`
	MSPID       string           `json:"msp"`
	Certificate string           `json:"certificate"`
	Key         string           `json:"key"`
	Listen      string           `json:"listen"`
	PeerListen  string           `json:"peerListen"`
	Peers       []connectionPeer `json:"peers"` // the own first
}

type connectionPeer struct {
	Address string `json:"address"`
	TLSRoot string `json:"tlsRoot"`
	Region  string `json:"region"`
	Gateway string `json:"gateway"`
}

func readConnection(file string) (c Connection, err error) {
	data, err := os.ReadFile(file) //nolint:gosec // the operator's configuration names it
	if err != nil {
		return c, err
	}
	var in connectionFile
	if err := json.Unmarshal(data, &in); err != nil {
		return c, err
	}
	if len(in.Peers) == 0 {
		return c, errors.New("it names no peer")
	}
	c = Connection{Config: Config{Channel: in.Channel, Chaincode: in.Chaincode}, Region: in.Region, Listen: in.Listen,
		PeerListen: in.PeerListen, Gateways: map[string]string{}}
	genesis, err := os.ReadFile(in.Genesis)
	if err != nil {
		return c, err
	}
	if c.Genesis, err = GenesisHash(genesis); err != nil {
		return c, err
	}
	if c.Identity, err = LoadIdentity(in.MSPID, in.Certificate, in.Key); err != nil {
		return c, err
	}
	if err := c.readPeers(in.Peers); err != nil {
		return c, err
	}
	return c, c.Validate()
}

// readPeers fills in the peers and the other regions' gateways.
func (c *Connection) readPeers(peers []connectionPeer) error {
	for i, p := range peers {
		roots, err := os.ReadFile(p.TLSRoot)
		if err != nil {
			return err
		}
		e := Endpoint{Address: p.Address, Roots: roots}
		if i == 0 {
			c.Peer = e
			continue
		}
		c.Others = append(c.Others, e)
		if p.Gateway != "" {
			c.Gateways[p.Region] = p.Gateway
		}
	}
	return nil
}
