package lifecycle

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/huzheng-ledger/huzheng/network/internal/exchange"
	"github.com/huzheng-ledger/huzheng/network/internal/genesis"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// membership turns a change into what the channel will say.
func (n *Network) membership(ctx context.Context, c exchange.Change) (sdk.Membership, error) {
	m := sdk.Membership{MSPID: c.MSPID}
	switch c.Kind {
	case exchange.Leave:
		m.Leave = true
	case exchange.Renew:
		m.Renew = &sdk.Orderer{Identity: []byte(c.Bundle.Orderer), TLS: []byte(c.Bundle.OrdererTLS)}
		return m, n.underItsRoot(*c.Bundle)
	case exchange.Join:
		block, err := n.describeAlone(ctx, *c.Bundle)
		m.Join = block
		return m, err
	}
	return m, nil
}

// underItsRoot refuses certificates of a region under another root than the one that is known here.
func (n *Network) underItsRoot(b exchange.Bundle) error {
	root, err := readFile(n.files.Region(b.Code).Root())
	if err != nil {
		return fmt.Errorf("the root of %s is not known here: %w", b.Code, err)
	}
	if exchange.Fingerprint(root) != b.Fingerprint() {
		return fmt.Errorf("%s is known here under another root", b.Code)
	}
	return nil
}

// describeAlone makes the block that describes the channel with one region alone, from its public certificates: what it says of
// that region is what the channel will say.
func (n *Network) describeAlone(ctx context.Context, b exchange.Bundle) ([]byte, error) {
	dir, err := os.MkdirTemp(n.files.Dir, ".described-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	files := layout.Network{Dir: dir}
	if err := b.Keep(files.Region(b.Code)); err != nil {
		return nil, err
	}
	alone := n.topology
	alone.Regions = []topology.Region{b.Region()}
	alone.Fill()
	return genesis.Block(ctx, n.Programs, alone, files, func(code string) layout.Identity { return files.Region(code).Identity("orderer") })
}

// enact changes the channel, signed by the administrators of the regions given, whose keys are all here, and waits until their
// peers have the change. The connections are made anew: what they knew of the channel is old.
func (n *Network) enact(ctx context.Context, c exchange.Change, signers []string) error {
	block, view, err := n.present(ctx)
	if err != nil {
		return err
	}
	m, err := n.membership(ctx, c)
	if err != nil {
		return err
	}
	update, err := sdk.Prepare(view.Channel, block, m)
	if err != nil {
		return err
	}
	if update != nil {
		p := exchange.Proposal{Channel: view.Channel, Sequence: view.Sequence, Change: c, Update: update}
		if err := n.signAll(&p, signers); err != nil {
			return err
		}
		review, err := n.review(ctx, p)
		if err != nil {
			return err
		}
		if err := n.order(ctx, review); err != nil {
			return err
		}
	}
	n.disconnect()
	_, err = n.Client()
	return err
}

func (n *Network) signAll(p *exchange.Proposal, signers []string) error {
	for _, code := range signers {
		admin, err := n.Admin(code)
		if err != nil {
			return err
		}
		signature, err := admin.Sign(p.Update)
		if err != nil {
			return err
		}
		p.Signatures = append(p.Signatures, signature)
	}
	return nil
}

// adopt brings this folder in line with a change that the channel has.
func (n *Network) adopt(ctx context.Context, c exchange.Change) error {
	local := slices.Contains(n.localCodes(), c.Code)
	switch c.Kind {
	case exchange.Join:
		if err := n.adoptMember(ctx, c); err != nil {
			return err
		}
	case exchange.Leave:
		if local && n.state.Local != "" {
			n.Log.Step("本省已退出通道:可以 down", "this region is no member any more: end its nodes with down")
			return nil
		}
		if err := n.forget(ctx, c.Code); err != nil {
			return err
		}
	case exchange.Renew:
		if local {
			r, _ := n.topology.Region(c.Code)
			return n.showRenewed(ctx, r, *c.Bundle)
		}
		return c.Bundle.Keep(n.files.Region(c.Code))
	}
	n.disconnect()
	if err := n.configure(); err != nil {
		return err
	}
	return n.exportConfig(ctx)
}

// adoptMember takes the region that has joined into this folder, provided that it is where the channel says.
func (n *Network) adoptMember(ctx context.Context, c exchange.Change) error {
	_, view, err := n.present(ctx)
	if err != nil {
		return err
	}
	r := c.Bundle.Region()
	if err := placed(view, r); err != nil {
		return err
	}
	grown, err := n.with(r)
	if err != nil {
		return err
	}
	if !slices.Contains(n.localCodes(), c.Code) {
		if err := c.Bundle.Keep(n.files.Region(c.Code)); err != nil {
			return err
		}
	}
	if err := writeTopology(n.files, grown); err != nil {
		return err
	}
	n.topology = grown
	return nil
}

// placed refuses a region that the channel has at other addresses, or not at all.
func placed(v sdk.View, r topology.Region) error {
	m, ok := v.Member(r.MSPID)
	if !ok {
		return fmt.Errorf("%s (%s) is no member of the channel", r.Code, r.MSPID)
	}
	if m.Orderer.Host != r.Host || int(m.Orderer.Port) != r.Ports.Orderer || m.Anchor != fmt.Sprintf("%s:%d", r.Host, r.Ports.Peer) {
		return fmt.Errorf("the channel has %s at %s:%d and %s", r.Code, m.Orderer.Host, m.Orderer.Port, m.Anchor)
	}
	return nil
}

// exportConfig leaves the channel's last configuration block for those who join.
func (n *Network) exportConfig(ctx context.Context) error {
	block, _, err := n.present(ctx)
	if err != nil {
		return err
	}
	return pki.WriteFile(n.files.Exchange("config.block"), block)
}

// describeChange says what a change does to the channel as it is, line by line.
func describeChange(v sdk.View, c exchange.Change) []string {
	now := len(v.Members)
	switch c.Kind {
	case exchange.Join:
		return append([]string{
			fmt.Sprintf("%s %s(%s)加入通道 · %s joins the channel", c.Code, c.Bundle.Name, c.MSPID, c.Code),
			"  根证书指纹 · fingerprint of its root:   " + c.Bundle.Fingerprint(),
			"  排序节点 · its orderer:   " + fmt.Sprintf("%s:%d", c.Bundle.Host, c.Bundle.OrdererAt) + ", " + exchange.Fingerprint([]byte(c.Bundle.Orderer)),
			"  对等节点 · its peer:   " + fmt.Sprintf("%s:%d", c.Bundle.Host, c.Bundle.Peer),
		}, sizes(v, now, now+1)...)
	case exchange.Leave:
		return append([]string{fmt.Sprintf("%s(%s)退出通道 · %s leaves the channel", c.Code, c.MSPID, c.Code)}, sizes(v, now, now-1)...)
	case exchange.Renew:
		former, _ := v.Member(c.MSPID)
		return []string{
			fmt.Sprintf("%s(%s)的排序节点换发证书 · the orderer of %s has new certificates", c.Code, c.MSPID, c.Code),
			"  现用 · at present:   " + exchange.Fingerprint(former.Orderer.TLS),
			"  换为 · from then on:   " + exchange.Fingerprint([]byte(c.Bundle.OrdererTLS)),
		}
	}
	return nil
}

// sizes says what another number of members means.
func sizes(v sdk.View, now, then int) []string {
	lines := []string{fmt.Sprintf("  成员 · members: %d → %d; 过半数 · majority: %d → %d", now, then, now/2+1, then/2+1)}
	tolerated := func(n int) int { return (n - 1) / 2 }
	if v.BFT {
		tolerated = func(n int) int { return (n - 1) / 3 }
	}
	return append(lines, fmt.Sprintf("  可容忍的故障排序节点 · orderers that may fail: %d → %d", tolerated(now), tolerated(then)))
}
