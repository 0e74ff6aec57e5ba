package gateway

import (
	"context"
	"maps"
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/web/office"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// officeReceipts is office.Receipts over the audit log.
type officeReceipts struct{ g *Gateway }

// credentialsOf are those by which an office verifies, with the tenant of each: its staff's, and, where tenants are asked
// for, every key that was granted for the office by name, also one that is revoked now.
func (s officeReceipts) credentialsOf(by office.Actor, tenants bool) (map[string]string, error) {
	if _, err := s.g.mine(by); err != nil {
		return nil, err
	}
	out := map[string]string{staffCredential(by.Office): ""}
	if !tenants {
		return out, nil
	}
	all, err := s.g.creds.List()
	for _, c := range all {
		if slices.Contains(c.Authorities, by.Office) {
			out[c.ID] = c.Tenant
		}
	}
	return out, err
}

// Find implements office.Receipts.
func (s officeReceipts) Find(_ context.Context, by office.Actor, q office.Search) (out []office.Receipt, more bool, err error) {
	own, err := s.credentialsOf(by, q.Tenants)
	if err != nil {
		return nil, false, err
	}
	entries, err := s.g.vault.FindAudit(sortedKeys(own), q.CaseNumber, q.From, q.Until, q.Before, q.Limit)
	if err != nil {
		return nil, false, err
	}
	if more = len(entries) > q.Limit; more {
		entries = entries[:q.Limit]
	}
	for _, e := range entries {
		r, err := s.read(e, own[e.Credential])
		if err != nil {
			return nil, false, err
		}
		out = append(out, *r)
	}
	return out, more, nil
}

// read fills in what the receipt says.
func (s officeReceipts) read(e *custody.AuditEntry, tenant string) (*office.Receipt, error) {
	out := &office.Receipt{Number: e.Seq, CaseNumber: e.CaseNumber, Tenant: tenant, JWS: e.JWS}
	var err error
	if out.Said, _, err = attest.ParseVerificationReceipt(e.JWS); err != nil {
		return nil, err
	}
	if d := out.Said.Verdict; d.Type != "" {
		t, err := s.g.index.Type(d.Type, d.Version)
		if err != nil {
			return nil, err
		}
		if t != nil {
			out.Type = t.Name
		}
	}
	inclusion, err := s.g.notary.Receipt(attest.CommitReceipt(e.Queue.Suite, e.JWS))
	switch attest.CodeOf(err) {
	case "":
		out.Inclusion = inclusion.JSON()
	case attest.CodeNotAnchoredYet: // the page says so
	default:
		return nil, err
	}
	return out, nil
}

// Receipt implements office.Receipts.
func (s officeReceipts) Receipt(_ context.Context, by office.Actor, id string, tenants bool) (*office.Receipt, error) {
	own, err := s.credentialsOf(by, tenants)
	if err != nil {
		return nil, err
	}
	e, _, err := receipts(s).find(id)
	if err != nil {
		return nil, err
	}
	tenant, mine := own[e.Credential]
	if !mine {
		return nil, notFound("receipt")
	}
	return s.read(e, tenant)
}

// Print implements office.Receipts.
func (s officeReceipts) Print(ctx context.Context, by office.Actor, id string, tenants bool) ([]byte, error) {
	if _, err := s.Receipt(ctx, by, id, tenants); err != nil {
		return nil, err
	}
	return prints(s).PrintReceipt(ctx, id)
}
