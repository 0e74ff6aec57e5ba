package api_test

import (
	"context"
	"encoding/json"

	"github.com/huzheng-ledger/huzheng/api"
)

func (r *region) RegisterType(_ context.Context, op api.Operation, schema api.TypeSchema) (*api.CertificateType, error) {
	return once(r, op, func() (*api.CertificateType, error) {
		return &api.CertificateType{Code: aType, Version: 1, Name: "二级建造师", Schema: schema, Grades: map[string]string{}}, nil
	})
}

func (r *region) changed(op api.Operation, uscc string, change func(*api.Authority)) (*api.Authority, error) {
	return once(r, op, func() (*api.Authority, error) {
		a := authority(uscc)
		change(&a)
		return &a, nil
	})
}

func (r *region) RegisterAuthority(_ context.Context, op api.Operation, n api.AuthorityRegistration) (*api.Authority, error) {
	return r.changed(op, n.Code, func(a *api.Authority) { a.Name, a.Types = n.Name, n.Types })
}

func (r *region) SetAuthorityScope(_ context.Context, op api.Operation, uscc string, types []string) (*api.Authority, error) {
	return r.changed(op, uscc, func(a *api.Authority) { a.Types = types })
}

func (r *region) SetAuthorityState(_ context.Context, op api.Operation, uscc, state string) (*api.Authority, error) {
	return r.changed(op, uscc, func(a *api.Authority) { a.State = api.AuthorityState(state) })
}

func (r *region) RotateKey(_ context.Context, op api.Operation, owner string) (*api.RotatedKey, error) {
	return once(r, op, func() (*api.RotatedKey, error) {
		return &api.RotatedKey{Key: owner + "#2", Public: json.RawMessage(`{"kty":"EC"}`)}, nil
	})
}

func (r *region) MarkCompromised(_ context.Context, op api.Operation, _ string, _ int64) error {
	_, err := once(r, op, func() (bool, error) { return true, nil })
	return err
}

func proposal(region string) *api.RegionProposal {
	return &api.RegionProposal{Region: region, Name: "重庆市", URL: "https://gw." + region + ".example", Msp: "ChongqingMSP",
		Keys: []api.NamedKey{{Name: "gov-1", Use: "govern", Fingerprint: "0000"}}, Digest: digestOf(region), Approved: []string{"440000"}}
}

func (r *region) RegionProposals(context.Context) ([]api.RegionProposal, error) {
	return []api.RegionProposal{*proposal("500000")}, nil
}

func (r *region) ProposeRegion(_ context.Context, op api.Operation, _ json.RawMessage) (*api.RegionProposal, error) {
	return once(r, op, func() (*api.RegionProposal, error) { return proposal("500000"), nil })
}

func (r *region) ApproveRegion(_ context.Context, op api.Operation, code, _ string) (*api.RegionProposal, error) {
	return once(r, op, func() (*api.RegionProposal, error) { return proposal(code), nil })
}
