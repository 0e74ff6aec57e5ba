package lifecycle

import (
	"context"
	"fmt"
	"slices"

	"github.com/huzheng-ledger/huzheng/network/internal/node"
)

// Find checks that the network has a node of that name. "chaincode" and a region name the server that serves the committed
// definition, in whichever slot it runs.
func (n *Network) Find(name string) (node.Name, error) {
	for _, code := range n.localCodes() {
		if name == "chaincode."+code && n.state.Chaincode != nil {
			return node.Name{Kind: n.state.Chaincode.Slot, Region: code}, nil
		}
	}
	parsed, err := node.ParseName(name)
	if err != nil {
		return node.Name{}, err
	}
	if nodes := n.Nodes(); !slices.Contains(nodes, parsed) {
		return node.Name{}, fmt.Errorf("no node %s in this network, which has %v", name, nodes)
	}
	return parsed, nil
}

// StartNodes starts nodes and waits until they are ready. A node that runs is no error.
func (n *Network) StartNodes(ctx context.Context, names ...node.Name) error {
	if err := n.note(names, false); err != nil {
		return err
	}
	return n.start(ctx, names)
}

// StopNodes ends nodes in an orderly way. `up` will leave them stopped.
func (n *Network) StopNodes(ctx context.Context, names ...node.Name) error {
	if err := n.note(names, true); err != nil {
		return err
	}
	return n.supervisor.Stop(ctx, stopGrace, names...)
}

// KillNodes ends nodes as a crash does. `up` will start them again.
func (n *Network) KillNodes(ctx context.Context, names ...node.Name) error {
	return n.supervisor.Kill(ctx, names...)
}

// Running lists the nodes that run.
func (n *Network) Running() (map[node.Name]node.Process, error) { return n.supervisor.Running() }

// note remembers that nodes are stopped on purpose, or no longer are.
func (n *Network) note(names []node.Name, stopped bool) error {
	return n.change(func(s *state) {
		for _, name := range names {
			s.setStopped(name, stopped)
		}
	})
}

// Exec becomes the node: the process goes on as the node's program, under whoever supervises it. It returns only if it cannot.
func (n *Network) Exec(name node.Name) error {
	spec, err := n.spec(name)
	if err != nil {
		return err
	}
	return n.supervisor.Exec(spec)
}
