package gateway

import (
	"context"
	"encoding/json"
	"runtime"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/verify"
)

// verifications is api.Verifier over internal/verify.
type verifications struct {
	verifier *verify.Verifier
	regions  func() int
	observe  func(v *attest.Verdict)
}

func submission(caller *api.Caller, r *api.VerificationRequest) *verify.Submission {
	name := caller.Verifier
	if name == "" {
		name = caller.Tenant
	}
	return &verify.Submission{Presentation: []byte(r.Presentation), Receipt: r.Receipt, Credential: caller.ID, CaseNumber: r.CaseNumber,
		Request: attest.Request{Verifier: name, UseCause: r.UseCause, Scenario: r.Scenario, Audience: r.Audience,
			Nonce: r.Nonce, MaxAge: r.MaxAgeSeconds}}
}

// Verify implements api.Verifier.
func (s *verifications) Verify(ctx context.Context, caller *api.Caller, r *api.VerificationRequest) (*api.Verification, error) {
	answer, err := s.verifier.Verify(ctx, submission(caller, r))
	if err != nil {
		return nil, err
	}
	return s.verification(answer), nil
}

// VerifyMany implements api.Verifier.
func (s *verifications) VerifyMany(ctx context.Context, caller *api.Caller, requests []api.VerificationRequest) ([]api.Judged, error) {
	submissions := make([]verify.Submission, len(requests))
	for i := range requests {
		submissions[i] = *submission(caller, &requests[i])
	}
	// Twice the cores: while some sign, others wait for their record to be synced.
	outcomes := s.verifier.VerifyMany(ctx, submissions, 2*runtime.GOMAXPROCS(0))
	out := make([]api.Judged, len(outcomes))
	for i, o := range outcomes {
		out[i].Err = o.Err
		if o.Err == nil {
			out[i].Verification = s.verification(o.Answer)
		}
	}
	return out, nil
}

func (s *verifications) verification(a *verify.Answer) *api.Verification {
	v := a.Verdict
	s.observe(v)
	out := &api.Verification{Result: api.Result(v.Result), Code: string(v.Code), Disputed: v.Disputed, Reason: reason(v),
		Checks: checks(v.Checks), Claims: json.RawMessage("{}"), Height: count(v.Height), Receipt: string(a.Receipt),
		ReceiptID: a.ReceiptID, Witness: witness(v.Agreeing, v.AgreedAt, s.regions(), v.Code == attest.CodeWitnessFrozen)}
	// Claims of a document that does not hold are not shown as if they were facts.
	if a.Claims != nil && v.Result != attest.Invalid {
		out.Claims = json.RawMessage(a.Claims.JSON())
	}
	if v.Authority != "" {
		out.Certificate = api.CertificateFacts{Authority: v.Authority, Commitment: text(v.Commitment), Region: v.Issuer,
			Type: v.Type, TypeVersion: int32(v.Version)} //nolint:gosec // at most 9999 by the rules
	}
	if v.Agreement != "" {
		out.Agreement = api.AgreementRef{ID: v.Agreement, Version: int32(v.Revision)} //nolint:gosec // at most 9999 by the rules
	}
	return out
}

// leafResult is the API's answer about a document or a row.
func leafResult(v *attest.Verdict, b *attest.Batch) *api.CheckResult {
	out := &api.CheckResult{Result: api.Result(v.Result), Code: string(v.Code), Reason: reason(v), Checks: checks(v.Checks),
		Height: count(v.Height), Authority: v.Authority}
	if v.Result == attest.Valid {
		out.Reason.Zh, out.Reason.En = attest.RecordText()
	}
	if b != nil {
		out.Batch = batch(b)
	}
	return out
}
