package lifecycle

import (
	"context"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/network/internal/ask"
	"github.com/huzheng-ledger/huzheng/network/internal/audit"
	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/gateway"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/osn"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// Status is a network at a moment.
type Status struct {
	Dir       string       `json:"dir"`
	Channel   string       `json:"channel"`
	Consensus string       `json:"consensus"`
	Release   string       `json:"fabricRelease"`
	Chaincode *Served      `json:"chaincode,omitempty"`
	Gateway   string       `json:"gatewayProgramSha256,omitempty"`
	Nodes     []NodeStatus `json:"nodes"`
}

// Served is the chaincode that the network runs.
type Served struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Sequence int64  `json:"sequence"`
	Digest   string `json:"programSha256"`
}

// NodeStatus is one node at a moment.
type NodeStatus struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"` // ca, orderer, peer, chaincode, gateway
	Region  string `json:"region"`
	Title   string `json:"regionName"`
	Address string `json:"address"`
	Running bool   `json:"running"`
	Ready   bool   `json:"ready"`
	Stopped bool   `json:"stopped"` // on purpose
	Problem string `json:"problem,omitempty"`
	PID     int    `json:"pid,omitempty"`
	Memory  int64  `json:"memoryBytes,omitempty"`
	Version string `json:"version,omitempty"`
	Height  uint64 `json:"height,omitempty"` // blocks of the channel
	// AsksForLeader is true of an orderer that asks for another leader at the moment. Does it still a minute later, it asks alone, and up
	// helps.
	AsksForLeader bool `json:"asksForLeader,omitempty"`
	// Expires is when the first of the node's certificates runs out.
	Expires time.Time `json:"certificateExpires"`
}

// Status looks at every node. A node that does not answer is part of the answer, not an error.
func (n *Network) Status(ctx context.Context) (Status, error) {
	running, err := n.supervisor.Running()
	if err != nil {
		return Status{}, err
	}
	s := Status{Dir: n.files.Dir, Channel: n.topology.Channel, Consensus: string(n.topology.Consensus), Release: fabricbin.Release}
	if d := n.state.Chaincode; d != nil {
		s.Chaincode = &Served{Name: n.topology.Chaincode.Name, Version: d.Version, Sequence: d.Sequence, Digest: d.Digest}
	}
	if g := n.state.Gateway; g != nil {
		s.Gateway = g.Digest
	}
	if _, err := n.Client(); err != nil { // opened before it is shared
		return Status{}, err
	}
	names := n.Nodes()
	s.Nodes = make([]NodeStatus, len(names))
	var wait sync.WaitGroup
	for i, name := range names {
		wait.Go(func() {
			process, runs := running[name]
			s.Nodes[i] = n.nodeStatus(ctx, name, process, runs)
		})
	}
	wait.Wait()
	return s, nil
}

func (n *Network) nodeStatus(ctx context.Context, name node.Name, p node.Process, runs bool) NodeStatus {
	r, _ := n.topology.Region(name.Region)
	s := NodeStatus{
		Name: name.String(), Kind: string(name.Kind), Region: r.Code, Title: r.Name, Address: r.Address(n.port(r, name.Kind)),
		Running: runs, Stopped: n.state.isStopped(name), PID: p.PID, Memory: p.RSS, Expires: n.expiry(name),
	}
	if name.Kind == node.ChaincodeA || name.Kind == node.ChaincodeB {
		s.Kind = "chaincode"
	}
	if !runs {
		return s
	}
	if err := n.look(ctx, r, name, p, &s); err != nil {
		s.Problem = err.Error()
		return s
	}
	s.Ready = true
	return s
}

func (n *Network) port(r topology.Region, kind node.Kind) int {
	switch kind {
	case node.CA:
		return r.Ports.CA
	case node.Orderer:
		return r.Ports.Orderer
	case node.Peer:
		return r.Ports.Peer
	case node.Gateway:
		return r.Ports.Gateway
	case node.ChaincodeA, node.ChaincodeB:
	}
	return slotPort(r, kind)
}

// look asks a node that runs whether it is ready, which release it is and, where it has a ledger, how high.
func (n *Network) look(ctx context.Context, r topology.Region, name node.Name, p node.Process, s *NodeStatus) error {
	spec, err := n.spec(name)
	if err != nil {
		return err
	}
	if err := spec.Ready(ctx); err != nil {
		return err
	}
	root := n.files.Region(r.Code).Root()
	switch name.Kind {
	case node.CA:
		s.Version, err = caVersion(ctx, root, "https://"+r.Address(r.Ports.CA)+"/cainfo")
		return err
	case node.Orderer:
		return n.lookAtOrderer(ctx, r, root, s)
	case node.Peer:
		return ledgerNode(ctx, root, r.Address(r.Ports.PeerMetrics), s, func() (uint64, error) { return n.peerHeight(ctx, r.Code) })
	case node.Gateway:
		return n.lookAtGateway(ctx, r, p, s)
	case node.ChaincodeA, node.ChaincodeB:
	}
	for _, d := range n.state.deployments() {
		if d.Slot == name.Kind {
			s.Version = d.Version
		}
	}
	return nil
}

func (n *Network) lookAtOrderer(ctx context.Context, r topology.Region, root string, s *NodeStatus) error {
	o, err := osn.Open(r, n.files.Region(r.Code))
	if err != nil {
		return err
	}
	defer o.Close()
	v, err := o.View(ctx, n.topology.Channel)
	if err != nil {
		return err
	}
	s.AsksForLeader = v.Asks()
	return ledgerNode(ctx, root, r.Address(r.Ports.OrdererMetrics), s, func() (uint64, error) { return n.ordererHeight(ctx, r) })
}

// ledgerNode asks a node with a ledger for its release and height.
func ledgerNode(ctx context.Context, root, operations string, s *NodeStatus, height func() (uint64, error)) error {
	var answer struct{ Version string }
	if err := getInto(ctx, root, "https://"+operations+"/version", &answer); err != nil {
		return err
	}
	s.Version = answer.Version
	var err error
	s.Height, err = height()
	return err
}

// lookAtGateway asks a gateway how far it has followed the ledger, and whether it can do its work; and the program that it runs which
// version it is.
func (n *Network) lookAtGateway(ctx context.Context, r topology.Region, p node.Process, s *NodeStatus) error {
	var err error
	if s.Version, err = (gateway.Program{Path: p.Program}).Version(ctx); err != nil {
		return err
	}
	var ledger struct{ Height uint64 } // the number of the last block
	if err := n.askGateway(ctx, r, "/v1/ledger", &ledger); err != nil {
		return err
	}
	s.Height = ledger.Height + 1
	return n.gatewayReady(ctx, r.Code)
}

func caVersion(ctx context.Context, root, url string) (string, error) {
	var answer struct {
		Result struct{ Version string }
	}
	err := getInto(ctx, root, url, &answer)
	return answer.Result.Version, err
}

func getInto(ctx context.Context, root, url string, dst any) error {
	client, err := ask.New(root, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Get(ctx, url, dst)
}

func (n *Network) ordererHeight(ctx context.Context, r topology.Region) (uint64, error) {
	o, err := osn.Open(r, n.files.Region(r.Code))
	if err != nil {
		return 0, err
	}
	defer o.Close()
	c, _, err := o.Channel(ctx, n.topology.Channel)
	return c.Height, err
}

func (n *Network) peerHeight(ctx context.Context, code string) (uint64, error) {
	admin, err := n.Admin(code)
	if err != nil {
		return 0, err
	}
	head, err := admin.Head(ctx, code)
	return head.Height, err
}

// expiry is when the first of a node's certificates runs out, or the zero time if one cannot be read.
func (n *Network) expiry(name node.Name) time.Time {
	region := n.files.Region(name.Region)
	var paths []string
	if name.Kind == node.CA {
		cert, _ := region.CATLS()
		paths = []string{cert, region.Root()}
	} else {
		id := n.identity(name)
		paths = []string{id.Cert(), id.TLSCert()}
	}
	var first time.Time
	for _, path := range paths {
		data, err := os.ReadFile(path) //nolint:gosec // a path of the network's own layout
		if err != nil {
			return time.Time{}
		}
		cert, err := pki.ParseCertificate(data)
		if err != nil {
			return time.Time{}
		}
		if first.IsZero() || cert.NotAfter.Before(first) {
			first = cert.NotAfter
		}
	}
	return first
}

// folderOf is the name of the folder that holds the identity of a node.
func folderOf(kind node.Kind) string {
	if kind == node.ChaincodeA || kind == node.ChaincodeB {
		return "chaincode"
	}
	return string(kind)
}

// identity is the folder that holds the certificates of a node other than a CA.
func (n *Network) identity(name node.Name) layout.Identity {
	return n.files.Region(name.Region).Identity(folderOf(name.Kind))
}

// Audit lays every region's peer side by side.
func (n *Network) Audit(ctx context.Context) (audit.Report, error) {
	local := n.localCodes()
	peers := map[string]audit.Source{}
	for _, code := range n.topology.Codes() {
		asker, own := local[0], slices.Contains(local, code)
		if own {
			asker = code
		}
		admin, err := n.Admin(asker)
		if err != nil {
			return audit.Report{}, err
		}
		peers[code] = audit.Source{Peer: admin, Own: own}
	}
	return audit.Run(ctx, n.topology.Codes(), peers), nil
}
