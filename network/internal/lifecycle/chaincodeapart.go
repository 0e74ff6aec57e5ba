package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
)

// errLostApart says the way out of ErrApprovalLost where no one folder can define the chaincode anew.
var errLostApart = errors.New("本省对等节点仍校验区块,但在下一个链码定义之前不再背书;请各省执行 upgrade-chaincode --again · " +
	"its peer goes on validating, and endorses again from the next definition on, under which every region approves afresh: " +
	"have the regions run huzheng-net upgrade-chaincode --again")

// deployApart brings the one local region's chaincode to where the channel is. Others decide with it what the channel's is.
func (n *Network) deployApart(ctx context.Context) error {
	if err := n.follow(ctx); err != nil {
		return err
	}
	if n.state.Next != nil {
		if err := n.start(ctx, n.servers(n.state.Chaincode.Slot)); err != nil {
			return err
		}
		_, err := n.upgradeApart(ctx, false)
		return err
	}
	err := n.deploy(ctx, *n.state.Chaincode)
	if errors.Is(err, sdk.ErrApprovalLost) {
		return errors.Join(err, errLostApart)
	}
	if err != nil {
		return err
	}
	return n.waitDiscovery(ctx)
}

// follow takes up the number of the channel's definition where it is ahead of this folder's: the region has joined later, or was
// away while the others went on.
func (n *Network) follow(ctx context.Context) error {
	committed, found, err := n.committedHere(ctx)
	if err != nil || !found || committed.Sequence <= n.state.Chaincode.Sequence {
		return err
	}
	if next := n.state.Next; next != nil && committed.Sequence <= next.Sequence {
		return nil // on its way already
	}
	d := *n.state.Chaincode
	if committed.Version != d.Version {
		return fmt.Errorf("通道的链码为版本 %s(序号 %d),本目录为 %s · the channel has version %s, sequence %d; here is %s: "+
			"huzheng-net upgrade-chaincode --chaincode PROGRAM --chaincode-version %s",
			committed.Version, committed.Sequence, d.Version, committed.Version, committed.Sequence, d.Version, committed.Version)
	}
	served, err := n.hasInstalled(ctx, d)
	if err != nil {
		return err
	}
	d.Sequence = committed.Sequence
	if !served {
		return n.change(func(s *state) { s.Chaincode, s.Next = &d, nil })
	}
	d.Slot = otherSlot(d.Slot)
	return n.change(func(s *state) { s.Next = &d })
}

// hasInstalled reports whether the own peer has the package of a deployment.
func (n *Network) hasInstalled(ctx context.Context, d deployment) (bool, error) {
	own, _ := n.topology.Region(n.state.Local)
	_, id, err := n.pack(own, d)
	if err != nil {
		return false, err
	}
	admin, err := n.Admin(own.Code)
	if err != nil {
		return false, err
	}
	return n.isInstalled(ctx, admin, id)
}

// committedHere is the channel's definition as the own peer knows it, once that has caught up with the own orderer.
func (n *Network) committedHere(ctx context.Context) (d sdk.Definition, found bool, err error) {
	own := n.state.Local
	if len(n.running(node.Peer, []string{own})) == 0 {
		return d, false, nil
	}
	admin, err := n.Admin(own)
	if err != nil {
		return d, false, err
	}
	if err := n.peerCaughtUp(ctx, own); err != nil {
		return d, false, err
	}
	list, err := admin.Committed(ctx, own)
	if err != nil {
		return d, false, err
	}
	i := slices.IndexFunc(list, func(d sdk.Definition) bool { return d.Name == n.topology.Chaincode.Name })
	if i < 0 {
		return d, false, nil
	}
	return list[i], true, nil
}

// peerCaughtUp waits until a region's peer is as high as its orderer is now.
func (n *Network) peerCaughtUp(ctx context.Context, code string) error {
	if len(n.running(node.Orderer, []string{code})) == 0 {
		return nil
	}
	r, _ := n.topology.Region(code)
	goal, err := n.ordererHeight(ctx, r)
	if err != nil {
		return err
	}
	return until(ctx, "the peer of "+code+" has caught up", n.patience(), func(ctx context.Context) (bool, error) {
		height, err := n.peerHeight(ctx, code)
		return height >= goal, err
	})
}

// Upgrade is where an upgrade stands that every region approves on its own host.
type Upgrade struct {
	Definition sdk.Definition
	Committed  bool
	Approved   []string // codes
	Missing    []string // codes
}

// String says it to people.
func (u Upgrade) String() string {
	if u.Committed {
		return fmt.Sprintf("版本 %s(序号 %d)已生效 · version %s, sequence %d, is the channel's", u.Definition.Version, u.Definition.Sequence,
			u.Definition.Version, u.Definition.Sequence)
	}
	return fmt.Sprintf("版本 %s(序号 %d):已批准 %s;尚缺 %s。最后一省批准时自动提交;过半数后可用 --commit 提交 · approved by %s; missing: %s. "+
		"The last to approve commits; once a majority has, --commit does", u.Definition.Version, u.Definition.Sequence,
		strings.Join(u.Approved, ", "), strings.Join(u.Missing, ", "), strings.Join(u.Approved, ", "), strings.Join(u.Missing, ", "))
}

// UpgradeApart installs and approves another chaincode for the one local region, and commits it where every region has approved or,
// with commit, where a majority has. The present server goes on until the new definition is committed: run it again, or up, to go
// on. With again, the definition is the present one under the next sequence.
func (n *Network) UpgradeApart(ctx context.Context, cc *Chaincode, again, commit bool) (Upgrade, error) {
	if n.state.Chaincode == nil {
		return Upgrade{}, errNoneYet
	}
	if n.state.Next == nil {
		if err := n.chooseNext(ctx, cc, again); err != nil {
			return Upgrade{}, err
		}
	}
	if n.state.Next == nil {
		return Upgrade{Definition: n.definition(*n.state.Chaincode), Committed: true}, nil
	}
	if cc != nil {
		named, err := n.deploymentOf(*cc)
		if err != nil {
			return Upgrade{}, err
		}
		if named.Digest != n.state.Next.Digest {
			return Upgrade{}, fmt.Errorf("an upgrade to another program, version %s, is under way: finish it first", n.state.Next.Version)
		}
	}
	return n.upgradeApart(ctx, commit)
}

// chooseNext notes what comes next: the definition that the channel has already and this region does not serve, or the one after.
func (n *Network) chooseNext(ctx context.Context, cc *Chaincode, again bool) error {
	committed, found, err := n.committedHere(ctx)
	if err != nil {
		return err
	}
	if !found {
		return errNoneYet
	}
	next := *n.state.Chaincode
	if cc != nil {
		if next, err = n.deploymentOf(*cc); err != nil {
			return err
		}
	}
	if next.Sequence, err = n.sequenceOf(next, committed, again); err != nil {
		return err
	}
	next.Slot = otherSlot(n.state.Chaincode.Slot)
	return n.change(func(s *state) { s.Next = &next })
}

// sequenceOf numbers what comes next: the channel's own definition where this region has yet to serve it, or one more.
func (n *Network) sequenceOf(next deployment, committed sdk.Definition, again bool) (int64, error) {
	present := *n.state.Chaincode
	switch behind := committed.Sequence > present.Sequence; {
	case behind && committed.Version == next.Version:
		return committed.Sequence, nil
	case behind:
		return 0, fmt.Errorf("the channel has version %s, sequence %d, which comes first", committed.Version, committed.Sequence)
	case next.Digest == present.Digest && next.Version == present.Version && !again:
		return 0, fmt.Errorf("this is the channel's chaincode, version %s, already (--again defines it anew, under the next sequence)", next.Version)
	}
	return committed.Sequence + 1, nil
}

// upgradeApart goes on with the upgrade that is noted, as far as it can be gone alone.
func (n *Network) upgradeApart(ctx context.Context, commit bool) (Upgrade, error) {
	next, own := *n.state.Next, n.state.Local
	n.Log.Step("启动新的链码服务,本省安装并批准", "starting the next chaincode server, installing and approving for this region")
	if err := n.start(ctx, n.servers(next.Slot)); err != nil {
		return Upgrade{}, err
	}
	if err := n.approve(ctx, own, next); err != nil {
		return Upgrade{}, err
	}
	u, err := n.readiness(ctx, next)
	if err != nil {
		return u, err
	}
	majority := len(u.Approved) > len(n.topology.Regions)/2
	if !u.Committed && (len(u.Missing) > 0 && (!commit || !majority)) {
		n.Log.Step("链码升级等待其他省", u.String())
		return u, nil
	}
	if err := n.commit(ctx, []string{own}, next); err != nil {
		return u, err
	}
	u.Committed = true
	former := n.state.Chaincode.Slot
	if err := n.change(func(s *state) { s.Chaincode, s.Next = s.Next, nil }); err != nil {
		return u, err
	}
	n.Log.Step("停止旧版链码服务", "ending the former chaincode's server")
	return u, n.supervisor.Stop(ctx, stopGrace, n.servers(former)...)
}

// readiness says who has approved a definition, or that it is committed.
func (n *Network) readiness(ctx context.Context, d deployment) (Upgrade, error) {
	u := Upgrade{Definition: n.definition(d)}
	admin, err := n.Admin(n.state.Local)
	if err != nil {
		return u, err
	}
	if u.Committed, err = isCommitted(ctx, admin, n.state.Local, u.Definition); err != nil || u.Committed {
		return u, err
	}
	approvals, err := admin.Approvals(ctx, u.Definition)
	if err != nil {
		return u, err
	}
	for _, r := range n.topology.Regions {
		if approvals[r.MSPID] {
			u.Approved = append(u.Approved, r.Code)
		} else {
			u.Missing = append(u.Missing, r.Code)
		}
	}
	return u, nil
}
