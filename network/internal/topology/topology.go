package topology

import (
	"net"
	"strconv"
	"time"
)

// Consensus names how the regions' orderers agree.
type Consensus string

// The two ways. BFT (SmartBFT) survives f lying orderers of 3f+1; Raft survives f stopped ones of 2f+1 and trusts them all.
const (
	BFT  Consensus = "bft"
	Raft Consensus = "raft"
)

// Topology is a whole network. The zero value of an optional field means its default, which Load and Default fill in.
type Topology struct {
	Channel      string       `yaml:"channel"`      // Fabric channel of all regions
	Network      string       `yaml:"network"`      // id of the consortium that the gateways found on the channel; its name where absent
	Consensus    Consensus    `yaml:"consensus"`    // bft or raft
	Batch        Batch        `yaml:"batch"`        // when a block is cut
	BFT          Timeouts     `yaml:"bft"`          // only read where consensus is bft
	Chaincode    Chaincode    `yaml:"chaincode"`    // the name the chaincode is committed under
	Certificates Certificates `yaml:"certificates"` // lifetimes
	Regions      []Region     `yaml:"regions"`
}

// Batch says when the orderers cut a block.
type Batch struct {
	Timeout        Duration `yaml:"timeout"`        // after the first transaction that waits
	MaxMessages    uint32   `yaml:"maxMessages"`    // transactions in a block at most
	PreferredBytes string   `yaml:"preferredBytes"` // a block this large is cut at once, as "2 MB"
	AbsoluteBytes  string   `yaml:"absoluteBytes"`  // a larger transaction is refused
}

// Timeouts of SmartBFT. A short heartbeat finds a dead leader sooner, and takes a slow one for dead more often.
type Timeouts struct {
	RequestForward  Duration `yaml:"requestForward"`  // follower passes an unordered request to the leader
	RequestComplain Duration `yaml:"requestComplain"` // then asks for another leader
	LeaderHeartbeat Duration `yaml:"leaderHeartbeat"` // silence after which a leader counts as dead
	ViewChange      Duration `yaml:"viewChange"`
}

// Chaincode is what the regions install.
type Chaincode struct {
	Name string `yaml:"name"`
}

// Certificates holds how long certificates live.
type Certificates struct {
	Root Duration `yaml:"root"` // a region's own root
	Node Duration `yaml:"node"` // everything that the region's CA issues; the CA rounds to whole minutes
}

// Region is one province: its own CA, peer, orderer, chaincode server and gateway.
type Region struct {
	Code     string `yaml:"code"`     // GB/T 2260, a province: six digits that end in 0000
	Name     string `yaml:"name"`     // as people call it
	MSPID    string `yaml:"msp"`      // Fabric membership provider
	Host     string `yaml:"host"`     // where the others reach it: an IP address or a DNS name
	Listen   string `yaml:"listen"`   // the address its nodes bind; host where absent
	URL      string `yaml:"url"`      // of its gateway, https: what it issues names this for ever
	PortBase int    `yaml:"portBase"` // the ports not named in ports are counted from here
	Ports    Ports  `yaml:"ports"`
}

// Ports of one region's nodes.
type Ports struct {
	CA             int `yaml:"ca"`
	Orderer        int `yaml:"orderer"`
	OrdererAdmin   int `yaml:"ordererAdmin"` // channel participation, mutual TLS
	OrdererMetrics int `yaml:"ordererMetrics"`
	Peer           int `yaml:"peer"`
	PeerMetrics    int `yaml:"peerMetrics"`
	ChaincodeA     int `yaml:"chaincodeA"` // two slots, so that an upgrade starts the next server beside the present one
	ChaincodeB     int `yaml:"chaincodeB"`
	Gateway        int `yaml:"gateway"`
	GatewayPeer    int `yaml:"gatewayPeer"` // kept for what gateways ask each other
}

// Address joins the region's host and a port, as others dial it.
func (r Region) Address(port int) string { return net.JoinHostPort(r.Host, strconv.Itoa(port)) }

// Bind joins the region's listening address and a port.
func (r Region) Bind(port int) string { return net.JoinHostPort(r.Listen, strconv.Itoa(port)) }

// Local reports whether nobody beyond this machine reaches the region's nodes.
func (r Region) Local() bool {
	address := net.ParseIP(r.Listen)
	return r.Listen == "localhost" || (address != nil && address.IsLoopback())
}

// Region finds a region by its code.
func (t Topology) Region(code string) (Region, bool) {
	for _, r := range t.Regions {
		if r.Code == code {
			return r, true
		}
	}
	return Region{}, false
}

// Codes lists the regions' codes in the order of the file.
func (t Topology) Codes() []string {
	codes := make([]string, len(t.Regions))
	for i, r := range t.Regions {
		codes[i] = r.Code
	}
	return codes
}

// Duration is a time.Duration written as in "200ms".
type Duration time.Duration

// String writes d as time.ParseDuration reads it.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}
