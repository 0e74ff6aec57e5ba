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

func readConnection(file string) (c Connection, err error) {
	var in struct {
		Channel     string `json:"channel"`
		Chaincode   string `json:"chaincode"`
		Genesis     string `json:"genesis"`
		Region      string `json:"region"`
		MSPID       string `json:"msp"`
		Certificate string `json:"certificate"`
		Key         string `json:"key"`
		Listen      string `json:"listen"`
		PeerListen  string `json:"peerListen"`
		Peers       []struct {
			Address string `json:"address"`
			TLSRoot string `json:"tlsRoot"`
			Region  string `json:"region"`
			Gateway string `json:"gateway"`
		} `json:"peers"` // the own first
	}
	data, err := os.ReadFile(file) //nolint:gosec // the operator's configuration names it
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return c, err
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
	for _, p := range in.Peers {
		roots, err := os.ReadFile(p.TLSRoot)
		if err != nil {
			return c, err
		}
		c.Others = append(c.Others, Endpoint{Address: p.Address, Roots: roots})
		if p.Gateway != "" && p.Region != in.Region {
			c.Gateways[p.Region] = p.Gateway
		}
	}
	if len(c.Others) == 0 {
		return c, errors.New("it names no peer")
	}
	c.Peer, c.Others = c.Others[0], c.Others[1:]
	return c, c.Validate()
}
