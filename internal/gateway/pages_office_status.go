package gateway

import (
	"context"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/web/office"
)

// officeRegistrar is office.Registrar over what serves POST /v1/status.
type officeRegistrar struct{ g *Gateway }

// SetStatus implements office.Registrar.
func (s officeRegistrar) SetStatus(ctx context.Context, by office.Actor, operation, id string, c office.Change) error {
	if _, err := (officeIssuer(s)).held(by, id); err != nil {
		return err
	}
	_, err := statuses(s).SetStatus(ctx, api.Operation{ID: operationOf(by, "status", operation)}, api.StatusRequest{Authority: by.Office,
		Entries: []api.StatusEntry{{Certificate: id, State: api.StatusEntryState(c.State), Reason: api.StatusEntryReason(c.Reason)}}})
	return first(err)
}

// first is the reason of the first item that was refused, which here is the only one.
func first(err error) error {
	if items, ok := err.(api.ItemErrors); ok && len(items) > 0 { //nolint:errorlint // as the services of the API return it
		return items[0].Err
	}
	return err
}

// officeAgreements is office.Agreements over what serves /v1/agreements: it acts with the region's governance key.
type officeAgreements struct{ g *Gateway }

// List implements office.Agreements.
func (s officeAgreements) List(context.Context) ([]office.Agreement, error) {
	var out []office.Agreement
	err := s.g.index.Scan(registry.PrefixAgreement, func(_ string, value []byte) error {
		a, digest, err := registry.DecodeAgreement(value)
		if err == nil {
			out = append(out, office.Agreement{Agreement: a, Digest: digest})
		}
		return err
	})
	return out, err
}

// Find implements office.Agreements.
func (s officeAgreements) Find(_ context.Context, id string, version int) (*office.Agreement, error) {
	a, digest, err := agreements(s).find(id, version)
	if attest.CodeOf(err) == attest.CodeAgreementUnknown {
		return nil, notFound("agreement")
	}
	return &office.Agreement{Agreement: a, Digest: digest}, err
}

// Propose implements office.Agreements.
func (s officeAgreements) Propose(ctx context.Context, by office.Actor, operation string, t *attest.Agreement) error {
	if _, err := s.g.mine(by); err != nil {
		return err
	}
	_, err := agreements(s).ProposeAgreement(ctx, api.Operation{ID: operationOf(by, "propose", operation)}, api.AgreementProposal{
		ID: t.ID, Version: int32(t.Version), Issuers: t.Issuers, Relying: t.Relying, Types: t.Types, Scenarios: t.Scenarios, //nolint:gosec // at most 9999 by the form
		From: t.From, Until: t.Until, Conditions: api.Conditions{Disclose: t.Conditions.Disclose,
			MaxAgeDays: int32(t.Conditions.MaxAgeDays), AcceptSuspended: t.Conditions.AcceptSuspended}}) //nolint:gosec // at most 36500 by the form
	return err
}

// Approve implements office.Agreements.
func (s officeAgreements) Approve(ctx context.Context, by office.Actor, operation, id string, version int, digest string) error {
	if _, err := s.g.mine(by); err != nil {
		return err
	}
	_, err := agreements(s).ApproveAgreement(ctx, api.Operation{ID: operationOf(by, "approve", operation)}, id, int32(version), digest) //nolint:gosec // one that was found
	return err
}

// Withdraw implements office.Agreements.
func (s officeAgreements) Withdraw(ctx context.Context, by office.Actor, operation, id string, version int, ends int64) error {
	if _, err := s.g.mine(by); err != nil {
		return err
	}
	_, err := agreements(s).WithdrawAgreement(ctx, api.Operation{ID: operationOf(by, "withdraw", operation)}, id, int32(version), ends) //nolint:gosec // one that was found
	return err
}

// Parties implements office.Agreements.
func (s officeAgreements) Parties(context.Context) ([]office.Party, error) {
	return scan(s.g, registry.KeyRegion(""), registry.DecodeRegion, func(r *attest.Region) office.Party { return office.Party{Code: r.Code, Name: r.Name} })
}

// Types implements office.Agreements.
func (s officeAgreements) Types(context.Context) ([]office.Type, error) {
	latest, err := s.g.latestTypes()
	var out []office.Type
	for _, code := range sortedKeys(latest) {
		t := latest[code]
		out = append(out, office.Type{Code: t.Code, Version: t.Version, Name: t.Name, Schema: t.Schema})
	}
	return out, err
}

// Region implements office.Agreements.
func (s officeAgreements) Region() string { return s.g.o.Region }
