package gateway

import (
	"context"
	"reflect"
	"slices"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// agreements is api.Agreements: it acts with the region's governance key.
//
// A retry signs anew, and a new signature is another command to the rules. So every write first looks whether the ledger
// already says what is asked for, and looks again where the rules refuse: what stands there is the outcome.
type agreements struct{ g *Gateway }

// Agreements implements api.Agreements.
func (s agreements) Agreements(context.Context) ([]api.Agreement, error) {
	out := []api.Agreement{}
	err := s.g.index.Scan(registry.PrefixAgreement, func(_ string, value []byte) error {
		a, proposal, err := registry.DecodeAgreement(value)
		if err == nil {
			out = append(out, agreement(a, proposal))
		}
		return err
	})
	return out, err
}

func (s agreements) find(id string, version int) (*attest.Agreement, string, error) {
	value, err := s.g.index.Get(registry.KeyAgreement(id, version))
	if err != nil {
		return nil, "", err
	}
	if value == nil {
		return nil, "", attest.Errorf(attest.CodeAgreementUnknown, "that version of the agreement was not proposed")
	}
	return registry.DecodeAgreement(value)
}

// settle submits unless the ledger already says what done looks for, and answers with what it says then.
func (s agreements) settle(ctx context.Context, id string, version int, c registry.Command, done func(a *attest.Agreement) bool) (*api.Agreement, error) {
	if a, proposal, err := s.find(id, version); err == nil && done(a) {
		out := agreement(a, proposal)
		return &out, nil
	}
	refused := s.g.govern(ctx, c)
	a, proposal, err := s.find(id, version)
	if err != nil || refused != nil && !done(a) {
		if refused == nil {
			refused = err
		}
		return nil, refused
	}
	out := agreement(a, proposal)
	return &out, nil
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

// ProposeAgreement implements api.Agreements.
func (s agreements) ProposeAgreement(ctx context.Context, _ api.Operation, p api.AgreementProposal) (*api.Agreement, error) {
	terms := attest.Agreement{ID: p.ID, Version: int(p.Version), Issuers: sorted(p.Issuers), Relying: sorted(p.Relying),
		Types: sorted(p.Types), Scenarios: sorted(p.Scenarios), From: p.From, Until: p.Until,
		Conditions: attest.Conditions{Disclose: sorted(p.Conditions.Disclose), MaxAgeDays: int(p.Conditions.MaxAgeDays),
			AcceptSuspended: p.Conditions.AcceptSuspended}}
	return s.settle(ctx, p.ID, terms.Version, &registry.ProposeAgreement{Agreement: terms}, func(a *attest.Agreement) bool {
		return sameTerms(a, &terms)
	})
}

// sameTerms compares what was proposed, whatever became of it since.
func sameTerms(a, b *attest.Agreement) bool {
	x, y := *a, *b
	for _, t := range []*attest.Agreement{&x, &y} {
		t.Approved, t.State, t.Ends = nil, "", 0
		if len(t.Conditions.Disclose) == 0 {
			t.Conditions.Disclose = nil
		}
	}
	return reflect.DeepEqual(x, y)
}

// ApproveAgreement implements api.Agreements.
func (s agreements) ApproveAgreement(ctx context.Context, _ api.Operation, id string, version int32, digest string) (*api.Agreement, error) {
	c := &registry.ApproveAgreement{ID: id, Version: int(version), Digest: digest}
	// The rules say whether the digest fits; an approval that stands already was given to exactly these terms.
	return s.settle(ctx, id, int(version), c, func(*attest.Agreement) bool { return false })
}

// neverInForce is the end of an agreement that was withdrawn before every party had approved it, whatever end was named.
const neverInForce = 1

// WithdrawAgreement implements api.Agreements.
func (s agreements) WithdrawAgreement(ctx context.Context, op api.Operation, id string, version int32, ends int64) (*api.Agreement, error) {
	c := &registry.WithdrawAgreement{Op: s.g.vault.OperationName(op.ID), ID: id, Version: int(version), Ends: ends}
	return s.settle(ctx, id, int(version), c, func(a *attest.Agreement) bool {
		return a.State == attest.AgreementWithdrawn && (a.Ends == ends || a.Ends == neverInForce)
	})
}
