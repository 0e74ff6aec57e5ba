package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/network/internal/ask"
	"github.com/huzheng-ledger/huzheng/network/internal/gateway"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// errNoChaincode refuses gateways over a channel without rules.
var errNoChaincode = errors.New("gateways need a chaincode: name its server's program as well, with --chaincode")

// chooseGateway notes the gateways' program, where one is named. Another than the present one takes its place in openGateways.
func (n *Network) chooseGateway(path string) error {
	if path == "" {
		return nil
	}
	if n.state.Chaincode == nil {
		return errNoChaincode
	}
	digest, err := keepProgram(path, n.files.GatewayProgram)
	if err != nil {
		return fmt.Errorf("the gateways' program: %w", err)
	}
	if n.state.Gateway != nil && n.state.Gateway.Digest == digest {
		return nil
	}
	return n.change(func(s *state) {
		if s.Gateway == nil {
			s.Gateway = &serving{}
		}
		s.Gateway.Digest = digest
	})
}

// program is what the gateways run.
func (n *Network) program() gateway.Program {
	return gateway.Program{Path: n.files.GatewayProgram(n.state.Gateway.Digest)}
}

func gatewayOf(code string) node.Name { return node.Name{Kind: node.Gateway, Region: code} }

// secured reports whether a region's gateway shows a TLS certificate. Where all regions are on one machine and nobody beyond it
// reaches them, it serves in the clear.
func (n *Network) secured(r topology.Region) bool { return n.state.Local != "" || !r.Local() }

// gatewayURL is where a region's gateway answers.
func (n *Network) gatewayURL(r topology.Region, path string) string {
	scheme := "http://"
	if n.secured(r) {
		scheme = "https://"
	}
	return scheme + r.Address(r.Ports.Gateway) + path
}

// makeGateways makes the stores of the local gateways, where there are none. It touches nothing but their folders, so that it may
// go on beside the channel's beginning.
func (n *Network) makeGateways(regions []topology.Region) func(context.Context) error {
	if n.state.Gateway == nil {
		return func(context.Context) error { return nil }
	}
	program, id := n.program(), n.topology.Network
	var all []gateway.Stores
	for _, r := range regions {
		all = append(all, gateway.Stores{
			Files: n.files.Region(r.Code).Gateway(), Region: r.Code, Network: id, URL: r.URL, Listen: r.Bind(r.Ports.Gateway), TLS: n.secured(r),
		})
	}
	return func(ctx context.Context) error {
		group, ctx := errgroup.WithContext(ctx)
		for _, s := range all {
			group.Go(func() error { return program.Make(ctx, s) })
		}
		return group.Wait()
	}
}

// openGateways founds the consortium, where it is not, starts the local gateways, and waits until each can do its work. One that
// runs another program than the network's present one is restarted, one after the other.
func (n *Network) openGateways(ctx context.Context) error {
	if n.state.Gateway == nil {
		n.Log.Step("未指定网关程序,网络无网关", "no gateway's program named; the network has no gateways")
		return nil
	}
	if err := n.found(ctx); err != nil {
		return err
	}
	if err := n.makeAccess(ctx); err != nil {
		return err
	}
	if err := n.replaceGateways(ctx); err != nil {
		return err
	}
	n.Log.Step("启动各省网关", "starting every region's gateway")
	var names []node.Name
	for _, code := range n.localCodes() {
		names = append(names, gatewayOf(code))
	}
	if err := n.start(ctx, names); err != nil {
		return err
	}
	if err := n.admitGateways(ctx); err != nil {
		return err
	}
	if err := n.gatewaysReady(ctx, n.localCodes()); err != nil {
		return err
	}
	if len(n.running(node.Gateway, n.localCodes())) == 0 {
		return nil
	}
	return n.change(func(s *state) { s.Gateway.Founded = true })
}

// replaceGateways restarts those gateways that run another program than the present one. The next is not touched before the one
// before can do its work.
func (n *Network) replaceGateways(ctx context.Context) error {
	running, err := n.supervisor.Running()
	if err != nil {
		return err
	}
	wanted := n.program().Path
	for _, code := range n.localCodes() {
		process, runs := running[gatewayOf(code)]
		if !runs || sameFile(process.Program, wanted) {
			continue
		}
		n.Log.Step("更换 "+code+" 的网关程序", "restarting the gateway of "+code+" with the new program")
		if err := n.restart(ctx, gatewayOf(code)); err != nil {
			return err
		}
		if err := n.gatewaysReady(ctx, []string{code}); err != nil {
			return err
		}
	}
	return nil
}

func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// gatewaysReady waits until the gateways given, those aside that were stopped on purpose, can do their work: each has followed the
// ledger to its end, and enough regions state the same of it.
func (n *Network) gatewaysReady(ctx context.Context, codes []string) error {
	codes = n.running(node.Gateway, codes)
	if len(codes) > 0 {
		n.Log.Step("等待网关就绪", "waiting until the gateways can do their work")
	}
	return n.everyRegion(codes, func(code string) error {
		return until(ctx, "the gateway of "+code+" can do its work", n.patience(), func(ctx context.Context) (bool, error) {
			err := n.gatewayReady(ctx, code)
			return err == nil, err
		})
	})
}

func (n *Network) gatewayReady(ctx context.Context, code string) error {
	r, ok := n.topology.Region(code)
	if !ok {
		return fmt.Errorf("no region %s in the topology", code)
	}
	return n.askGateway(ctx, r, "/readyz", nil)
}

// askGateway reads a JSON answer of a region's gateway into dst, unless that is nil.
func (n *Network) askGateway(ctx context.Context, r topology.Region, path string, dst any) error {
	client, err := ask.New(n.files.Region(r.Code).Root(), nil)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Get(ctx, n.gatewayURL(r, path), dst)
}

// gatewaySpec says how a region's gateway is started.
func (n *Network) gatewaySpec(r topology.Region) (node.Spec, error) {
	if n.state.Gateway == nil {
		return node.Spec{}, errors.New("the network has no gateways: name their program with huzheng-net up --gateway")
	}
	files := n.files.Region(r.Code).Gateway()
	return node.Spec{
		Program: n.program().Path,
		Args:    []string{"serve", "--config", files.Config()},
		Dir:     files.Dir,
		Listen:  []string{r.Bind(r.Ports.Gateway)},
		Ready:   func(ctx context.Context) error { return n.askGateway(ctx, r, "/healthz", nil) },
	}, nil
}

// Access lists the local gateways, with a key to each API where the network is for demonstration.
func (n *Network) Access() []gateway.Access {
	var list []gateway.Access
	if n.state.Gateway == nil {
		return nil
	}
	for _, r := range n.local() {
		a, err := gateway.ReadAccess(n.files.Region(r.Code).Gateway().Access())
		if err != nil {
			a = gateway.Access{Region: r.Code, Name: r.Name, URL: n.gatewayURL(r, "")}
		}
		list = append(list, a)
	}
	return list
}

// makeAccess makes a key to every gateway's API, in a network for demonstration: one whose regions are all on one machine that nobody
// beyond it reaches. Elsewhere whoever runs a gateway says who may use it.
func (n *Network) makeAccess(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range n.local() {
		if n.secured(r) {
			continue
		}
		files := n.files.Region(r.Code).Gateway()
		group.Go(func() error {
			return n.program().MakeAccess(ctx, files.Data(), files.Access(), gateway.Access{Region: r.Code, Name: r.Name, URL: n.gatewayURL(r, "")})
		})
	}
	return group.Wait()
}
