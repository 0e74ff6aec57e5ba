package gateway

import (
	"context"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/verify"
)

// recorder is verify.Recorder over the vault's audit log.
type recorder struct{ g *Gateway }

// Record implements verify.Recorder.
func (r recorder) Record(ctx context.Context, record verify.Record) error {
	_, err := r.g.vault.AppendAudit(ctx, &custody.AuditEntry{
		Queue: custody.Queue{Key: record.Key, Kind: attest.KindReceipt, Suite: record.Suite},
		ID:    record.ReceiptID, JWS: record.Receipt, Credential: record.Credential, UseCause: record.UseCause,
		Time: record.Time, CaseNumber: record.CaseNumber, ReportTo: record.Issuer, About: record.Commitment})
	if err == nil && record.Issuer != "" {
		r.g.reporter.Wake()
	}
	return err
}

// receipts is api.Receipts over the audit log.
type receipts struct{ g *Gateway }

func (s receipts) find(id string) (*custody.AuditEntry, [32]byte, error) {
	entry, err := s.g.vault.AuditByReceipt(id)
	if err != nil {
		return nil, [32]byte{}, missing(err, "receipt")
	}
	return entry, attest.CommitReceipt(entry.Queue.Suite, entry.JWS), nil
}

// Receipt implements api.Receipts. A receipt belongs to the tenant of the credential that asked for it, which is on
// record also once it is revoked.
func (s receipts) Receipt(_ context.Context, id string) (string, *api.Receipt, error) {
	entry, commitment, err := s.find(id)
	if err != nil {
		return "", nil, err
	}
	tenant := entry.Credential
	all, err := s.g.creds.List()
	if err != nil {
		return "", nil, err
	}
	for _, c := range all {
		if c.ID == entry.Credential {
			tenant = c.Tenant
		}
	}
	state, err := s.g.state(commitment)
	if err != nil {
		return "", nil, err
	}
	return tenant, &api.Receipt{ID: entry.ID, Receipt: string(entry.JWS), State: state}, nil
}

// ReceiptInclusion implements api.Receipts.
func (s receipts) ReceiptInclusion(_ context.Context, id string) (api.InclusionReceipt, error) {
	_, commitment, err := s.find(id)
	if err != nil {
		return nil, err
	}
	receipt, err := s.g.notary.Receipt(commitment)
	if err != nil {
		return nil, err
	}
	return receipt.JSON(), nil
}
