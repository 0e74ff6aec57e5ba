package lifecycle

import (
	"context"
	"errors"

	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// AddRegion takes a province into a network that runs: its CA and certificates, its place in the channel (signed by all the present
// regions), its orderer and peer, the chaincode, its gateway and
// its place in the consortium. Run it again, or Up, to go on after an interruption.
func (n *Network) AddRegion(ctx context.Context, r topology.Region) error {
	if n.state.Local != "" {
		return errAlone
	}
	running, err := n.supervisor.Running()
	if err != nil {
		return err
	}
	if len(running) == 0 {
		return errors.New("the network is down: a region is added to one that runs (huzheng-net up)")
	}
	if _, ok := n.topology.Region(r.Code); !ok {
		grown, err := n.with(r)
		if err != nil {
			return err
		}
		if err := writeTopology(n.files, grown); err != nil {
			return err
		}
		n.topology = grown
		n.disconnect()
	}
	return n.Up(ctx, Wanted{})
}
