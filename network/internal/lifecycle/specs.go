package lifecycle

import (
	"context"
	"fmt"

	"github.com/huzheng-ledger/huzheng/network/internal/ask"
	"github.com/huzheng-ledger/huzheng/network/internal/builder"
	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/osn"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// Nodes lists every node that should run here at the moment, region by region.
func (n *Network) Nodes() []node.Name {
	var names []node.Name
	for _, r := range n.local() {
		for _, kind := range []node.Kind{node.CA, node.Orderer, node.Peer} {
			names = append(names, node.Name{Kind: kind, Region: r.Code})
		}
		for _, d := range n.state.deployments() {
			names = append(names, node.Name{Kind: d.Slot, Region: r.Code})
		}
		if n.state.Gateway != nil {
			names = append(names, gatewayOf(r.Code))
		}
	}
	return names
}

// spec says how a node is started.
func (n *Network) spec(name node.Name) (node.Spec, error) {
	r, ok := n.topology.Region(name.Region)
	if !ok {
		return node.Spec{}, fmt.Errorf("no region %s in the topology, which has %v", name.Region, n.topology.Codes())
	}
	var s node.Spec
	var err error
	switch name.Kind {
	case node.CA:
		s = n.caSpec(r)
	case node.Orderer:
		s = n.ordererSpec(r)
	case node.Peer:
		s = n.peerSpec(r)
	case node.ChaincodeA, node.ChaincodeB:
		s, err = n.chaincodeSpec(r, name.Kind)
	case node.Gateway:
		s, err = n.gatewaySpec(r)
	}
	if err != nil {
		return node.Spec{}, err
	}
	s.Name, s.Log = name, n.files.Log(name.String())
	return s, nil
}

func (n *Network) caSpec(r topology.Region) node.Spec {
	region := n.files.Region(r.Code)
	url := "https://" + r.Address(r.Ports.CA) + "/cainfo"
	return node.Spec{
		Program: n.Programs.Path(fabricbin.CAServer),
		Args:    []string{"start", "--home", region.CA()},
		Dir:     region.CA(),
		Listen:  []string{r.Bind(r.Ports.CA)},
		Ready:   func(ctx context.Context) error { return get(ctx, region.Root(), url) },
	}
}

func (n *Network) ordererSpec(r topology.Region) node.Spec {
	region := n.files.Region(r.Code)
	id := region.Identity("orderer")
	return node.Spec{
		Program: n.Programs.Path(fabricbin.Orderer),
		Env:     append(logging(), "FABRIC_CFG_PATH="+id.Dir),
		Dir:     id.Dir,
		Listen:  []string{r.Bind(r.Ports.Orderer), r.Bind(r.Ports.OrdererAdmin), r.Bind(r.Ports.OrdererMetrics)},
		Ready: func(ctx context.Context) error {
			o, err := osn.Open(r, region)
			if err != nil {
				return err
			}
			defer o.Close()
			return o.Ready(ctx)
		},
	}
}

// logging says how much Fabric's nodes log, and in what form: one line an event, without colours.
func logging() []string {
	return []string{
		"FABRIC_LOGGING_SPEC=info:gossip=warn:policies=warn:msp=warn:comm.grpc.server=warn:grpc=error:endorser=warn",
		"FABRIC_LOGGING_FORMAT=%{time:2006-01-02T15:04:05.000Z07:00} %{level:.4s} [%{module}] %{message}",
	}
}

func (n *Network) peerSpec(r topology.Region) node.Spec {
	region := n.files.Region(r.Code)
	id := region.Identity("peer")
	return node.Spec{
		Program: n.Programs.Path(fabricbin.Peer),
		Args:    []string{"node", "start"},
		Env:     append(logging(), "FABRIC_CFG_PATH="+id.Dir, builder.EnvCert+"="+id.TLSCert(), builder.EnvKey+"="+id.TLSKey()),
		Dir:     id.Dir,
		Listen:  []string{r.Bind(r.Ports.Peer), r.Bind(r.Ports.PeerMetrics)},
		Ready: func(ctx context.Context) error {
			if err := get(ctx, region.Root(), "https://"+r.Address(r.Ports.PeerMetrics)+"/healthz"); err != nil {
				return err
			}
			return ask.Connect(ctx, r.Address(r.Ports.Peer), region.Root(), nil)
		},
	}
}

// chaincodeSpec says how the server in a slot is started. The names in its environment are those that Fabric's samples use.
func (n *Network) chaincodeSpec(r topology.Region, slot node.Kind) (node.Spec, error) {
	for _, d := range n.state.deployments() {
		if d.Slot != slot {
			continue
		}
		region := n.files.Region(r.Code)
		id, peer := region.Identity("chaincode"), region.Identity("peer")
		_, packageID, err := n.pack(r, d)
		if err != nil {
			return node.Spec{}, err
		}
		port := slotPort(r, slot)
		return node.Spec{
			Program: n.files.Chaincode(d.Digest),
			Env: []string{
				"CHAINCODE_ID=" + packageID,
				"CHAINCODE_SERVER_ADDRESS=" + r.Bind(port),
				"CHAINCODE_TLS_DISABLED=false",
				"CHAINCODE_TLS_CERT=" + id.TLSCert(),
				"CHAINCODE_TLS_KEY=" + id.TLSKey(),
				"CHAINCODE_CLIENT_CA_CERT=" + id.TLSRoot(),
				"CHAINCODE_REGION=" + r.Code,
			},
			Dir:    id.Dir,
			Listen: []string{r.Bind(port)},
			Ready:  func(ctx context.Context) error { return ask.Connect(ctx, r.Address(port), region.Root(), &peer) },
		}, nil
	}
	return node.Spec{}, fmt.Errorf("no chaincode runs in the slot %s", slot)
}

func get(ctx context.Context, root, url string) error {
	client, err := ask.New(root, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Get(ctx, url, nil)
}
