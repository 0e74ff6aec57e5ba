package gateway

import (
	"context"
	"encoding/json"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/charter"
	"github.com/huzheng-ledger/huzheng/internal/typefile"
)

// governance is api.Governance over what an office changes (administration.go). Like agreements, each first looks whether the
// ledger already says what is asked for; where the rules refuse it looks again, as an earlier attempt may have got there.
type governance struct{ g *Gateway }

// twice runs a change that looks first, and once more where it was refused because something stands there by now.
func twice(change func() (bool, error)) error {
	_, err := change()
	switch attest.CodeOf(err) {
	case attest.CodeAuthorityExists, attest.CodeTypeExists:
		_, err = change()
	}
	return err
}

// RegisterType implements api.Governance.
func (s governance) RegisterType(ctx context.Context, _ api.Operation, schema api.TypeSchema) (*api.CertificateType, error) {
	t, err := typefile.Parse(schema)
	if err != nil {
		return nil, err
	}
	if err := twice(func() (bool, error) { return s.g.RegisterType(ctx, *t) }); err != nil {
		return nil, err
	}
	out := certificateType(t)
	return &out, nil
}

// RegisterAuthority implements api.Governance.
func (s governance) RegisterAuthority(ctx context.Context, _ api.Operation, r api.AuthorityRegistration) (*api.Authority, error) {
	a := attest.Authority{Code: r.Code, Name: r.Name, Division: r.Division, Parent: r.Parent, Types: r.Types}
	if a.Division == "" {
		a.Division = s.g.o.Region
	}
	if err := twice(func() (bool, error) { return s.g.RegisterAuthority(ctx, a) }); err != nil {
		return nil, err
	}
	return s.authority(r.Code)
}

func (s governance) authority(code string) (*api.Authority, error) {
	a, err := s.g.index.Authority(code)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, attest.Errorf(attest.CodeAuthorityUnknown, "the authority is not registered")
	}
	out := authority(a)
	return &out, nil
}

// SetAuthorityScope implements api.Governance.
func (s governance) SetAuthorityScope(ctx context.Context, op api.Operation, uscc string, types []string) (*api.Authority, error) {
	if _, err := s.g.SetAuthorityScope(ctx, s.g.vault.OperationName(op.ID), uscc, types); err != nil {
		return nil, err
	}
	return s.authority(uscc)
}

// SetAuthorityState implements api.Governance.
func (s governance) SetAuthorityState(ctx context.Context, op api.Operation, uscc, state string) (*api.Authority, error) {
	if _, err := s.g.SetAuthorityState(ctx, s.g.vault.OperationName(op.ID), uscc, attest.AuthorityState(state)); err != nil {
		return nil, err
	}
	return s.authority(uscc)
}

// RotateKey implements api.Governance.
func (s governance) RotateKey(ctx context.Context, op api.Operation, owner string) (*api.RotatedKey, error) {
	if owner != "gov" && owner != "gw" {
		if _, err := s.g.ownAuthority(owner); err != nil {
			return nil, err
		}
	}
	id, err := s.g.RotateKey(ctx, s.g.vault.OperationName(op.ID), owner)
	if err != nil {
		return nil, err
	}
	k, err := s.g.index.Key(id)
	if err != nil {
		return nil, err
	}
	if k == nil {
		return nil, attest.Errorf(attest.CodeKeyUnknown, "the key is not registered")
	}
	return &api.RotatedKey{Key: id, Public: k.Public.JWK()}, nil
}

// MarkCompromised implements api.Governance.
func (s governance) MarkCompromised(ctx context.Context, op api.Operation, key string, from int64) error {
	_, err := s.g.MarkCompromised(ctx, s.g.vault.OperationName(op.ID), key, uint64(max(0, from)))
	return err
}

// RegionProposals implements api.Governance.
func (s governance) RegionProposals(context.Context) ([]api.RegionProposal, error) {
	list, err := s.g.RegionProposals()
	out := make([]api.RegionProposal, len(list))
	for i := range list {
		out[i] = regionProposal(&list[i])
	}
	return out, err
}

// ProposeRegion implements api.Governance.
func (s governance) ProposeRegion(ctx context.Context, _ api.Operation, entry json.RawMessage) (*api.RegionProposal, error) {
	e, err := charter.DecodeEntry(entry)
	if err != nil {
		return nil, err
	}
	p, _, err := s.g.ProposeRegion(ctx, e)
	if err != nil {
		return nil, err
	}
	out := regionProposal(p)
	return &out, nil
}

// ApproveRegion implements api.Governance.
func (s governance) ApproveRegion(ctx context.Context, _ api.Operation, region, digest string) (*api.RegionProposal, error) {
	p, _, err := s.g.ApproveRegion(ctx, region, digest)
	if err != nil {
		return nil, err
	}
	out := regionProposal(p)
	return &out, nil
}

func regionProposal(p *registry.Proposal) api.RegionProposal {
	r := &p.Founder.Region
	out := api.RegionProposal{Region: r.Code, Name: r.Name, URL: r.URL, Msp: r.MSP, Digest: p.Digest, Approved: p.Approved,
		Admitted: p.Admitted, Keys: []api.NamedKey{}}
	for _, k := range p.Founder.Keys {
		out.Keys = append(out.Keys, api.NamedKey{Name: k.Name, Use: string(k.Use), Fingerprint: charter.Fingerprint(k.Public)})
	}
	return out
}
