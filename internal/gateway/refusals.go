package gateway

import (
	"context"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/session"
	"github.com/huzheng-ledger/huzheng/web/office"
	"github.com/huzheng-ledger/huzheng/web/shell"
)

// gatewayAccount has the refusals that are no tenant's: of nobody, of citizens and of other regions' gateways.
const gatewayAccount = ""

// pageRefused puts a page's refusal on record. A citizen is refused as a citizen, and never as this one.
func (g *Gateway) pageRefused(ctx context.Context, r shell.Refusal) {
	out := custody.Refusal{Caller: custody.CallerNobody, Account: gatewayAccount, Route: r.Route, Reason: r.Reason, Code: r.Code}
	switch p := r.Person; {
	case p == nil:
	case p.Kind == session.Staff:
		out.Caller, out.Account, out.ID = custody.CallerStaff, staffCredential(p.Office), g.vault.StaffID(p.Issuer, p.Subject)
	default:
		out.Caller = custody.CallerCitizen
	}
	g.refusals.Note(ctx, out)
}

// callRefused puts an API call's refusal on record.
func (g *Gateway) callRefused(ctx context.Context, r api.Refusal) {
	out := custody.Refusal{Caller: custody.CallerNobody, Account: gatewayAccount, Route: r.Route, Reason: r.Reason, Code: string(r.Code)}
	if r.Caller != nil {
		out.Caller, out.Account, out.ID = custody.CallerKey, r.Caller.ID, r.Caller.ID
	}
	g.refusals.Note(ctx, out)
}

// peerRefused puts on record what another region's gateway, or a stranger, was refused.
func (g *Gateway) peerRefused(ctx context.Context, region, route string, err error) {
	out := custody.Refusal{Caller: custody.CallerRegion, Account: gatewayAccount, ID: region, Route: route, Code: string(attest.CodeOf(err))}
	switch attest.CodeOf(err) {
	case attest.CodeProofCodeUnusable:
		out.Reason = custody.RefusedCode
	case attest.CodeRateLimited:
		out.Reason = custody.RefusedRate
	case attest.CodeRegionIdentity:
		out.Reason = custody.RefusedCredential
	default:
		return
	}
	if region == "" {
		out.Caller = custody.CallerNobody
	}
	g.refusals.Note(ctx, out)
}

// officeRefusals is office.Refusals over the audit log.
type officeRefusals struct{ g *Gateway }

// Find implements office.Refusals: those of the office's staff, of keys that were granted for it by name, and those that
// are no tenant's.
func (s officeRefusals) Find(_ context.Context, by office.Actor, q office.Search) ([]office.Refused, bool, error) {
	own, err := officeReceipts(s).credentialsOf(by, true)
	if err != nil {
		return nil, false, err
	}
	own[gatewayAccount] = ""
	found, err := s.g.vault.FindRefusals(sortedKeys(own), q.From, q.Until, q.Before, q.Limit)
	if err != nil {
		return nil, false, err
	}
	more := len(found) > q.Limit
	var out []office.Refused
	for _, r := range found[:min(len(found), q.Limit)] {
		out = append(out, office.Refused{Refusal: r, Tenant: own[r.Account]})
	}
	return out, more, nil
}
