package gateway

import (
	"context"
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/charter"
)

// Regions lists the members, by code.
func (g *Gateway) Regions() ([]attest.Region, error) {
	return scan(g, registry.KeyRegion(""), registry.DecodeRegion, copied)
}

// RegionProposals lists the admissions that were proposed, by region.
func (g *Gateway) RegionProposals() ([]registry.Proposal, error) {
	return scan(g, registry.PrefixRegionProposal, registry.DecodeProposal, copied)
}

// ProposeRegion asks to admit the region that has made the entry. Where the same was proposed before it is approved instead.
// changed is false where this region has approved it already.
func (g *Gateway) ProposeRegion(ctx context.Context, e *charter.Entry) (p *registry.Proposal, changed bool, err error) {
	if e.Network != g.o.Network {
		return nil, false, attest.Errorf(attest.CodeNetworkMismatch, "the region was made for the consortium %s, this is %s", e.Network, g.o.Network)
	}
	p, err = g.proposalOf(e.Founder.Region.Code, func(p *registry.Proposal) bool { return p.Founder.Equal(&e.Founder) })
	switch {
	case err != nil:
		return nil, false, err
	case p != nil:
		return g.ApproveRegion(ctx, e.Founder.Region.Code, p.Digest)
	}
	if err := g.govern(ctx, &registry.ProposeRegion{Founder: e.Founder}); err != nil {
		return nil, false, err
	}
	p, err = g.proposalOf(e.Founder.Region.Code, func(p *registry.Proposal) bool { return p.Founder.Equal(&e.Founder) })
	return p, true, err
}

// ApproveRegion approves the admission that has the digest. A majority of all regions admits.
func (g *Gateway) ApproveRegion(ctx context.Context, region, digest string) (p *registry.Proposal, changed bool, err error) {
	fits := func(p *registry.Proposal) bool { return p.Digest == digest }
	p, err = g.proposalOf(region, fits)
	switch {
	case err != nil:
		return nil, false, err
	case p == nil:
		return nil, false, attest.Errorf(attest.CodeProposalUnknown, "nobody has made that proposal to admit region %s", region)
	case slices.Contains(p.Approved, g.o.Region):
		return p, false, nil
	}
	if err := g.govern(ctx, &registry.ApproveRegion{Region: region, Digest: digest}); err != nil {
		return nil, false, err
	}
	p, err = g.proposalOf(region, fits)
	return p, true, err
}

// proposalOf finds a proposal to admit a region; nil where there is none that fits.
func (g *Gateway) proposalOf(region string, fits func(*registry.Proposal) bool) (*registry.Proposal, error) {
	list, err := g.RegionProposals()
	for i := range list {
		if list[i].Founder.Region.Code == region && fits(&list[i]) {
			return &list[i], nil
		}
	}
	return nil, err
}
