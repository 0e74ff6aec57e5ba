package lifecycle

import (
	"context"
	"errors"
	"slices"

	"github.com/huzheng-ledger/huzheng/network/internal/genesis"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
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
	whole := n.topology
	defer func() { n.topology = whole }()
	for _, code := range missing {
		n.Log.Step("将 "+code+" 加入通道配置", "adding "+code+" to the channel's configuration")
		n.topology.Regions = slices.DeleteFunc(slices.Clone(whole.Regions), func(r topology.Region) bool {
			return r.Code != code && !slices.Contains(present, r.Code)
		})
		if err := n.reconcile(ctx, present, n.orderer); err != nil {
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

// errAlone refuses what takes the keys of several regions.
var errAlone = errors.New("a change of the channel needs the administrators of a majority of regions, and this folder holds one region's keys")

// reconcile changes the channel's configuration to what the topology and the certificates call for, signed by the administrators of
// the regions given, and waits until their peers have it. The connections are made anew: what they knew of the channel is old.
func (n *Network) reconcile(ctx context.Context, signers []string, orderer genesis.Orderer) error {
	if n.state.Local != "" {
		return errAlone
	}
	orderers, peers := n.running(node.Orderer, signers), n.running(node.Peer, signers)
	if len(orderers) == 0 || len(peers) == 0 {
		return errors.New("no orderer or no peer of the present members runs")
	}
	described, err := n.describe(ctx, orderer)
	if err != nil {
		return err
	}
	if err := n.updateChannel(ctx, described, signers, orderers, peers); err != nil {
		return err
	}
	n.disconnect()
	_, err = n.Client()
	return err
}

// updateChannel submits the difference between the channel's configuration and the described one until there is none. A submission
// whose outcome is unknown is looked for before it is made again, at another orderer.
func (n *Network) updateChannel(ctx context.Context, described []byte, signers, orderers, peers []string) error {
	admin, err := n.Admin(peers[0])
	if err != nil {
		return err
	}
	before, err := admin.Config(ctx, peers[0])
	if err != nil {
		return err
	}
	attempt := 0
	return until(ctx, "the channel's configuration is changed", settle, func(ctx context.Context) (bool, error) {
		attempt++
		submitted, err := admin.Reconcile(ctx, described, signers, orderers[attempt%len(orderers)])
		if err != nil || !submitted {
			return err == nil, err
		}
		return n.configAfter(ctx, peers, before.Sequence)
	})
}

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
