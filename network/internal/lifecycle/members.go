package lifecycle

import (
	"context"
	"errors"
	"slices"

	"github.com/huzheng-ledger/huzheng/network/internal/exchange"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
)

// members lists the regions that the channel has, as the first local peer that is a member tells; nil if none is yet.
func (n *Network) members(ctx context.Context) ([]string, error) {
	for _, code := range n.running(node.Peer, n.localCodes()) {
		admin, err := n.Admin(code)
		if err != nil {
			return nil, err
		}
		joined, err := admin.Joined(ctx)
		if err != nil {
			return nil, err
		}
		if !joined {
			continue
		}
		config, err := admin.Config(ctx, code)
		if err != nil {
			return nil, err
		}
		var members []string
		for _, r := range n.topology.Regions {
			if slices.Contains(config.Regions, r.MSPID) {
				members = append(members, r.Code)
			}
		}
		return members, nil
	}
	return nil, nil
}

// admit adds regions to the channel, one at a time as consensus wants it, and makes their nodes take part.
func (n *Network) admit(ctx context.Context, present, missing []string) error {
	for _, code := range missing {
		n.Log.Step("将 "+code+" 加入通道配置", "adding "+code+" to the channel's configuration")
		r, _ := n.topology.Region(code)
		b, err := exchange.Gather(r, n.files.Region(code), n.orderer(code))
		if err != nil {
			return err
		}
		change := exchange.Change{Kind: exchange.Join, Code: code, MSPID: r.MSPID, Bundle: &b}
		if err := n.enact(ctx, change, present); err != nil {
			return err
		}
		admin, err := n.Admin(present[0])
		if err != nil {
			return err
		}
		block, err := admin.ConfigBlock(ctx, present[0])
		if err != nil {
			return err
		}
		if err := n.joinOrderers(ctx, []string{code}, block); err != nil {
			return err
		}
		if err := n.joinPeers(ctx, []string{code}); err != nil {
			return err
		}
		present = append(present, code)
	}
	return nil
}

// RemoveRegion takes a region out of a network whose keys are all here: out of the channel first, then its nodes end. Its folder
// stays. Run it again to go on after an interruption.
func (n *Network) RemoveRegion(ctx context.Context, code string) error {
	if n.state.Local != "" {
		return errAlone
	}
	c, err := n.leaving(code)
	if err != nil {
		return err
	}
	var stay []string
	for _, other := range n.topology.Codes() {
		if other != code {
			stay = append(stay, other)
		}
	}
	if err := n.enact(ctx, c, stay); err != nil {
		return err
	}
	return n.adopt(ctx, c)
}

// forget ends what runs here of a region that has left, and takes it out of the topology.
func (n *Network) forget(ctx context.Context, code string) error {
	var names []node.Name
	for _, name := range n.Nodes() {
		if name.Region == code {
			names = append(names, name)
		}
	}
	if err := n.supervisor.Stop(ctx, stopGrace, names...); err != nil {
		return err
	}
	shrunk := n.without(code)
	if err := writeTopology(n.files, shrunk); err != nil {
		return err
	}
	n.topology = shrunk
	return nil
}

// errAlone refuses what takes the keys of several regions.
var errAlone = errors.New("this takes the administrators of a majority of regions, and this folder holds one region's keys: " +
	"huzheng-net propose, sign, submit")

// configAfter waits a little for the peers of the regions given to have a configuration later than the one numbered.
func (n *Network) configAfter(ctx context.Context, codes []string, sequence uint64) (bool, error) {
	for _, code := range codes {
		admin, err := n.Admin(code)
		if err != nil {
			return false, err
		}
		err = until(ctx, "the peer of "+code+" has the new configuration", readyWithin/4, func(ctx context.Context) (bool, error) {
			config, err := admin.Config(ctx, code)
			return config.Sequence > sequence, err
		})
		if err != nil {
			return false, err
		}
	}
	return true, nil
}
