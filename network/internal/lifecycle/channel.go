package lifecycle

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/huzheng-ledger/huzheng/network/internal/builder"
	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/genesis"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/nodeconf"
	"github.com/huzheng-ledger/huzheng/network/internal/osn"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
)

// configure writes the configuration of the local orderers and peers, and what the local gateways need to know, anew.
func (n *Network) configure() error {
	if err := builder.Install(n.files.Builder()); err != nil {
		return fmt.Errorf("chaincode builder: %w", err)
	}
	for _, r := range n.local() {
		orderer, err := nodeconf.Orderer(n.Programs, r, n.files)
		if err != nil {
			return err
		}
		peer, err := nodeconf.Peer(n.Programs, n.topology, r, n.files)
		if err != nil {
			return err
		}
		gateway, err := nodeconf.Gateway(n.topology, r, n.files)
		if err != nil {
			return err
		}
		region := n.files.Region(r.Code)
		for path, text := range map[string][]byte{
			filepath.Join(region.Identity("gateway").Dir, "connection.json"):       gateway,
			filepath.Join(region.Identity("orderer").Dir, fabricbin.OrdererConfig): orderer,
			filepath.Join(region.Identity("peer").Dir, fabricbin.PeerConfig):       peer,
		} {
			if err := pki.WriteFile(path, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// orderer is where the certificates of a region's orderer are in use.
func (n *Network) orderer(code string) layout.Identity {
	return n.files.Region(code).Identity("orderer")
}

// describe makes the configuration block that the topology and the certificates call for.
func (n *Network) describe(ctx context.Context, orderer genesis.Orderer) ([]byte, error) {
	return genesis.Block(ctx, n.Programs, n.topology, n.files, orderer)
}

// ensureGenesis makes the channel's first block, where there is none yet. It is never made anew.
func (n *Network) ensureGenesis(ctx context.Context) error {
	if exists(n.files.Genesis()) || exists(n.files.ConfigBlock()) {
		return nil
	}
	if err := n.firstMakesGenesis(); err != nil {
		return err
	}
	n.Log.Step("生成通道创世区块", "making the channel's genesis block")
	block, err := n.describe(ctx, n.orderer)
	if err != nil {
		return err
	}
	if n.state.Local != "" {
		if err := pki.WriteFile(n.files.Exchange("genesis.block"), block); err != nil {
			return err
		}
	}
	return pki.WriteFile(n.files.Genesis(), block)
}

// startLedger starts the local orderers and peers.
func (n *Network) startLedger(ctx context.Context) error {
	n.Log.Step("启动排序节点与对等节点", "starting orderers and peers")
	var names []node.Name
	for _, code := range n.localCodes() {
		names = append(names, node.Name{Kind: node.Orderer, Region: code}, node.Name{Kind: node.Peer, Region: code})
	}
	return n.start(ctx, names)
}

// joinOrderers gives a configuration block to those local orderers that have no channel yet, and waits until each takes part.
func (n *Network) joinOrderers(ctx context.Context, codes []string, block []byte) error {
	return n.everyRegion(n.running(node.Orderer, codes), func(code string) error {
		r, _ := n.topology.Region(code)
		o, err := osn.Open(r, n.files.Region(code))
		if err != nil {
			return err
		}
		defer o.Close()
		_, joined, err := o.Channel(ctx, n.topology.Channel)
		if err != nil {
			return err
		}
		if !joined {
			if err := o.Join(ctx, block); err != nil {
				return err
			}
		}
		return until(ctx, "the orderer of "+code+" takes part in the channel", settle, func(ctx context.Context) (bool, error) {
			c, _, err := o.Channel(ctx, n.topology.Channel)
			return c.Status == "active" && c.Relation == "consenter", err
		})
	})
}

// joinPeers makes local peers members of the channel, where they are not.
func (n *Network) joinPeers(ctx context.Context, codes []string) error {
	orderers := n.running(node.Orderer, n.topology.Codes())
	if len(orderers) == 0 {
		return nil
	}
	return n.everyRegion(n.running(node.Peer, codes), func(code string) error {
		admin, err := n.Admin(code)
		if err != nil {
			return err
		}
		// The region's own orderer first: it has followed the hashes back from the block that it was given.
		attempt := max(slices.Index(orderers, code), 0) - 1
		err = until(ctx, "the peer of "+code+" is a member of the channel", n.patience(), func(ctx context.Context) (bool, error) {
			joined, err := admin.Joined(ctx)
			if joined || err != nil {
				return joined, err
			}
			attempt++ // at another orderer each time
			return false, admin.Join(ctx, orderers[attempt%len(orderers)])
		})
		if err != nil {
			return err
		}
		return n.catchUp(ctx, admin, code)
	})
}

// joinAll makes the local orderers and peers take part in the channel. Regions that the channel does not have yet are added to it
// first.
func (n *Network) joinAll(ctx context.Context) error {
	n.Log.Step("加入通道 "+n.topology.Channel, "joining the channel "+n.topology.Channel)
	if _, err := n.Client(); err != nil { // opened before it is shared
		return err
	}
	if n.state.Local != "" {
		return n.joinApart(ctx)
	}
	present, missing, err := n.presentAndMissing(ctx)
	if err != nil {
		return err
	}
	first, err := readFile(n.files.Genesis())
	if err != nil {
		return err
	}
	if err := n.joinOrderers(ctx, present, first); err != nil {
		return err
	}
	if err := n.joinPeers(ctx, present); err != nil || len(missing) == 0 {
		return err
	}
	return n.admit(ctx, present, missing)
}

// presentAndMissing tells the regions that the channel has, or will begin with, from those that have to be added.
func (n *Network) presentAndMissing(ctx context.Context) (present, missing []string, err error) {
	members, err := n.members(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, code := range n.topology.Codes() {
		if members == nil || slices.Contains(members, code) {
			present = append(present, code)
		} else {
			missing = append(missing, code)
		}
	}
	return present, missing, nil
}

// joinApart makes the nodes of the one local region take part, with the first block or, where the region joined later, with the
// configuration block that has it as a member.
func (n *Network) joinApart(ctx context.Context) error {
	codes, path := n.localCodes(), n.files.Genesis()
	if exists(n.files.ConfigBlock()) {
		path = n.files.ConfigBlock()
	}
	block, err := readFile(path)
	if err != nil {
		return err
	}
	if err := n.joinOrderers(ctx, codes, block); err != nil {
		return err
	}
	if err := n.joinPeers(ctx, codes); err != nil {
		return err
	}
	if exists(n.files.Genesis()) || len(n.running(node.Peer, codes)) == 0 {
		return nil
	}
	return n.keepFirstBlock(ctx, codes[0])
}

// keepFirstBlock keeps the channel's first block, which gateways pin. A peer that has just joined does not know its own region's
// administrator before it has come to the configuration that took the region in.
func (n *Network) keepFirstBlock(ctx context.Context, code string) error {
	var first []byte
	err := until(ctx, "the peer of "+code+" has come to the configuration with its region", n.patience(), func(ctx context.Context) (bool, error) {
		admin, err := n.Admin(code)
		if err != nil {
			return false, err
		}
		if first, err = admin.Block(ctx, code, 0); err != nil {
			n.disconnect() // it remembers the answer
		}
		return err == nil, err
	})
	if err != nil {
		return err
	}
	return pki.WriteFile(n.files.Genesis(), first)
}

// running keeps those regions whose node of a kind was not stopped on purpose.
func (n *Network) running(kind node.Kind, codes []string) []string {
	var list []string
	for _, code := range codes {
		if !n.state.isStopped(node.Name{Kind: kind, Region: code}) {
			list = append(list, code)
		}
	}
	return list
}
