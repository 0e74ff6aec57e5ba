package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/network/internal/exchange"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

var (
	// ErrStale means that the channel has been changed since a proposal was made: nobody's signature under it is worth anything.
	ErrStale = errors.New("提案已过时 · the proposal is stale")
	// ErrUnsigned means that too few administrators have signed.
	ErrUnsigned = errors.New("签名不足 · too few have signed")
	// ErrLies means that a proposal's update is not the change that it is said to be.
	ErrLies = errors.New("提案与其说明不符,请勿签名 · the proposal does something else than it says; do not sign it")
)

// Review is a proposal as this folder's own peer sees it. Its words follow from what the update does, not from what the file says.
type Review struct {
	Proposal exchange.Proposal
	Present  sdk.View // the channel now
	Done     bool     // the channel says so already
	Words    []string
	Signed   []string // codes
	Missing  []string // codes
	Needed   int      // signatures
}

// Enough reports whether the proposal can be submitted.
func (r Review) Enough() bool { return len(r.Signed) >= r.Needed }

// ProposeJoin proposes that the region of a bundle joins, and returns where the proposal lies.
func (n *Network) ProposeJoin(ctx context.Context, bundleFile string) (Review, string, error) {
	data, err := os.ReadFile(bundleFile) //nolint:gosec // the operator names the file
	if err != nil {
		return Review{}, "", err
	}
	b, err := exchange.ParseApplicant(data, n.Now())
	if err != nil {
		return Review{}, "", fmt.Errorf("%s: %w", filepath.Base(bundleFile), err)
	}
	if _, err := n.with(b.Region()); err != nil {
		return Review{}, "", err
	}
	return n.propose(ctx, exchange.Change{Kind: exchange.Join, Code: b.Code, MSPID: b.MSPID, Bundle: &b})
}

// ProposeLeave proposes that a region leaves.
func (n *Network) ProposeLeave(ctx context.Context, code string) (Review, string, error) {
	c, err := n.leaving(code)
	if err != nil {
		return Review{}, "", err
	}
	return n.propose(ctx, c)
}

// ProposeRenewal makes new certificates for the local region's orderer, beside the present ones, and proposes that the channel know
// it by these.
func (n *Network) ProposeRenewal(ctx context.Context, code string) (Review, string, error) {
	r, ok := n.topology.Region(code)
	if !ok || !slices.Contains(n.localCodes(), code) {
		return Review{}, "", fmt.Errorf("the keys of orderer.%s are not here: its own region renews it", code)
	}
	c, err := n.nextOrderer(ctx, r)
	if err != nil {
		return Review{}, "", err
	}
	return n.propose(ctx, c)
}

// ProposeAgain proposes the change of a proposal that has become stale anew.
func (n *Network) ProposeAgain(ctx context.Context, file string) (Review, string, error) {
	p, err := n.readProposals(file)
	if err != nil {
		return Review{}, "", err
	}
	return n.propose(ctx, p.Change)
}

// with is the topology with one region more, completed and checked.
func (n *Network) with(r topology.Region) (topology.Topology, error) {
	grown := n.topology
	if _, ok := grown.Region(r.Code); ok {
		return grown, nil
	}
	grown.Regions = append(slices.Clone(grown.Regions), r)
	grown.Fill()
	if err := grown.Validate(); err != nil {
		return grown, fmt.Errorf("the network with this region: %w", err)
	}
	return grown, nil
}

// leaving is the change by which a region leaves.
func (n *Network) leaving(code string) (exchange.Change, error) {
	r, ok := n.topology.Region(code)
	if !ok {
		return exchange.Change{}, fmt.Errorf("no region %s in the topology, which has %v", code, n.topology.Codes())
	}
	shrunk := n.without(code)
	if err := shrunk.Validate(); err != nil {
		return exchange.Change{}, fmt.Errorf("the network without this region: %w", err)
	}
	return exchange.Change{Kind: exchange.Leave, Code: code, MSPID: r.MSPID}, nil
}

func (n *Network) without(code string) topology.Topology {
	shrunk := n.topology
	shrunk.Regions = slices.DeleteFunc(slices.Clone(shrunk.Regions), func(r topology.Region) bool { return r.Code == code })
	return shrunk
}

func (n *Network) propose(ctx context.Context, c exchange.Change) (Review, string, error) {
	block, view, err := n.present(ctx)
	if err != nil {
		return Review{}, "", err
	}
	m, err := n.membership(ctx, c)
	if err != nil {
		return Review{}, "", err
	}
	update, err := sdk.Prepare(view.Channel, block, m)
	if err != nil {
		return Review{}, "", err
	}
	if update == nil {
		return Review{}, "", fmt.Errorf("通道已是如此 · the channel says so already: %s %s (bring this folder in line: huzheng-net import its proposal)", c.Kind, c.Code)
	}
	p := exchange.Proposal{Channel: view.Channel, Sequence: view.Sequence, Change: c, Update: update}
	path := n.files.Exchange(p.Name())
	if there, err := n.readProposals(path); err == nil && sdk.SameUpdate(there.Update, p.Update) {
		p = there // with the signatures that it has
	} else if err := writeProposal(path, p); err != nil {
		return Review{}, "", err
	}
	review, err := n.review(ctx, p)
	return review, path, err
}

func writeProposal(path string, p exchange.Proposal) error {
	data, err := p.Marshal()
	if err != nil {
		return err
	}
	return pki.WriteFile(path, data)
}

// present is the channel's configuration as this folder's first own peer that runs knows it.
func (n *Network) present(ctx context.Context) ([]byte, sdk.View, error) {
	peers := n.running(node.Peer, n.localCodes())
	if len(peers) == 0 {
		return nil, sdk.View{}, errors.New("no own peer runs, and what the channel says is asked of nobody else")
	}
	admin, err := n.Admin(peers[0])
	if err != nil {
		return nil, sdk.View{}, err
	}
	block, err := admin.ConfigBlock(ctx, peers[0])
	if err != nil {
		return nil, sdk.View{}, err
	}
	view, err := sdk.ReadBlock(block)
	return block, view, err
}

// readProposals reads copies of one proposal, with the signatures of all.
func (n *Network) readProposals(paths ...string) (exchange.Proposal, error) {
	var copies []exchange.Proposal
	for _, path := range paths {
		data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			return exchange.Proposal{}, err
		}
		p, err := exchange.ParseProposal(data, n.Now())
		if err != nil {
			return exchange.Proposal{}, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		if p.Channel != n.topology.Channel {
			return exchange.Proposal{}, fmt.Errorf("%s: a proposal for the channel %q; this one is %q", filepath.Base(path), p.Channel, n.topology.Channel)
		}
		copies = append(copies, p)
	}
	return exchange.Merge(copies...)
}

// Review reads copies of one proposal and says what it would change, and who has signed.
func (n *Network) Review(ctx context.Context, paths ...string) (Review, error) {
	p, err := n.readProposals(paths...)
	if err != nil {
		return Review{}, err
	}
	return n.review(ctx, p)
}

// review makes the change that a proposal is said to be, of the channel as the own peer knows it, and compares.
func (n *Network) review(ctx context.Context, p exchange.Proposal) (Review, error) {
	block, view, err := n.present(ctx)
	if err != nil {
		return Review{}, err
	}
	r := Review{Proposal: p, Present: view, Needed: len(view.Members)/2 + 1, Words: describeChange(view, p.Change)}
	m, err := n.membership(ctx, p.Change)
	if err != nil {
		return Review{}, err
	}
	update, err := sdk.Prepare(view.Channel, block, m)
	if err != nil {
		return Review{}, err
	}
	if update == nil {
		r.Done = true
		return r, nil
	}
	switch {
	case p.Sequence < view.Sequence:
		return r, fmt.Errorf("%w: it changes configuration %d, and the channel has %d (huzheng-net propose again FILE)", ErrStale, p.Sequence, view.Sequence)
	case p.Sequence > view.Sequence:
		return r, fmt.Errorf("the proposal changes configuration %d, and our own peer has %d: it has to catch up first", p.Sequence, view.Sequence)
	case !sdk.SameUpdate(update, p.Update):
		return r, ErrLies
	}
	return r, n.count(&r)
}

// count checks every signature and says who is missing.
func (n *Network) count(r *Review) error {
	signed := map[string]bool{}
	for _, s := range r.Proposal.Signatures {
		mspID, err := r.Present.Signer(r.Proposal.Update, s, n.Now())
		if err != nil {
			return err
		}
		signed[mspID] = true
	}
	for _, m := range r.Present.Members {
		if signed[m.MSPID] {
			r.Signed = append(r.Signed, n.codeOf(m.MSPID))
		} else {
			r.Missing = append(r.Missing, n.codeOf(m.MSPID))
		}
	}
	return nil
}

// codeOf is the code of the region with an MSP ID, or that ID where the topology does not know it.
func (n *Network) codeOf(mspID string) string {
	for _, r := range n.topology.Regions {
		if r.MSPID == mspID {
			return r.Code
		}
	}
	return mspID
}

// Sign adds the signatures of the local administrators to the proposal in a file.
func (n *Network) Sign(ctx context.Context, path string) (Review, error) {
	r, err := n.Review(ctx, path)
	if err != nil || r.Done {
		return r, err
	}
	for _, code := range n.localCodes() {
		if !slices.Contains(r.Missing, code) {
			continue // signed already, or no member
		}
		admin, err := n.Admin(code)
		if err != nil {
			return r, err
		}
		signature, err := admin.Sign(r.Proposal.Update)
		if err != nil {
			return r, err
		}
		r.Proposal.Signatures = append(r.Proposal.Signatures, signature)
	}
	if err := writeProposal(path, r.Proposal); err != nil {
		return r, err
	}
	return n.review(ctx, r.Proposal)
}

// Submit has a proposal ordered once enough administrators have signed, and brings this folder in line with it. Where the channel
// says so already it does the latter alone.
func (n *Network) Submit(ctx context.Context, paths ...string) (Review, error) {
	r, err := n.Review(ctx, paths...)
	if err != nil {
		return r, err
	}
	if c := r.Proposal.Change; !r.Done && c.Kind == exchange.Renew && r.Enough() {
		if err := n.together(ctx, c.Code); err != nil {
			return r, err
		}
	}
	if !r.Done {
		if err := n.order(ctx, r); err != nil {
			return r, err
		}
	}
	return r, n.adopt(ctx, r.Proposal.Change)
}

// order submits a proposal, at one orderer after the other, until the own peer has the change.
func (n *Network) order(ctx context.Context, r Review) error {
	if !r.Enough() {
		return fmt.Errorf("%w: %d/%d(%s);尚缺其中 %d 省 · %d more of these: %s", ErrUnsigned, len(r.Signed), r.Needed, strings.Join(r.Signed, ", "),
			r.Needed-len(r.Signed), r.Needed-len(r.Signed), strings.Join(r.Missing, ", "))
	}
	orderers := n.running(node.Orderer, n.topology.Codes())
	peers := n.running(node.Peer, n.localCodes())
	if len(orderers) == 0 {
		return errors.New("no orderer runs")
	}
	n.Log.Step("提交通道配置更新", "submitting the change of the channel's configuration")
	attempt := 0
	return until(ctx, "the channel's configuration is changed", settle, func(ctx context.Context) (bool, error) {
		now, err := n.review(ctx, r.Proposal)
		if err != nil || now.Done {
			return err == nil, err
		}
		admin, err := n.Admin(peers[0])
		if err != nil {
			return false, err
		}
		attempt++
		if err := admin.SubmitUpdate(ctx, r.Proposal.Update, r.Proposal.Signatures, orderers[attempt%len(orderers)]); err != nil {
			return false, err
		}
		return n.configAfter(ctx, peers, r.Present.Sequence)
	})
}
