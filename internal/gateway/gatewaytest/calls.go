package gatewaytest

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// The agreement that every world starts with, and what its verifications are for.
const (
	AgreementID = "kstb-licence"
	Scenario    = "工业产品生产许可证"
	UseCause    = "审查人员资格"
)

// Agreement is the proposal of AgreementID: all accept each other's constructors' certificates that show name and code.
func Agreement(parties []string) api.AgreementProposal {
	return api.AgreementProposal{ID: AgreementID, Version: 1, Issuers: parties, Relying: parties,
		Types: []string{string(sample.TypeConstructor)}, Scenarios: []string{Scenario},
		Conditions: api.Conditions{Disclose: Disclosed()}, From: time.Now().Add(-time.Hour).Unix()}
}

// Disclosed are the fields that Agreement asks for.
func Disclosed() []string { return []string{gbt.FieldHolderCode, gbt.FieldHolderName} }

// Agree brings an agreement into force: the first region proposes, every other one approves what it reads.
func (w *World) Agree(p api.AgreementProposal) {
	w.t.Helper()
	agree(w.t, w.Regions, w.caughtUp, p)
}

func agree(t testing.TB, regions []*Region, caughtUp func(), p api.AgreementProposal) {
	t.Helper()
	var a api.Agreement
	regions[0].Client.Do(apitest.Request{Path: "/v1/agreements", Body: p, Key: "propose-" + p.ID}).
		Require(http.StatusCreated).JSON(&a)
	caughtUp()
	for _, r := range regions[1:] {
		r.Client.Do(apitest.Request{Path: "/v1/agreements/" + p.ID + "/versions/1/approvals", Key: "approve-" + p.ID,
			Body: api.AgreementApproval{Digest: a.Digest}}).Require(http.StatusOK)
	}
	caughtUp()
}

// Authority is the region's first authority that issues the type.
func (r *Region) Authority(kind gbt.TypeCode) sample.Authority {
	r.t.Helper()
	for _, a := range r.Authorities {
		for _, t := range a.Types {
			if t == kind {
				return a
			}
		}
	}
	require.Fail(r.t, "no authority issues that type")
	return sample.Authority{}
}

// NewCertificate is the request for the sample certificate number n of a type, valid now.
func (r *Region) NewCertificate(kind gbt.TypeCode, n int) api.NewCertificate {
	r.t.Helper()
	a := r.Authority(kind)
	g, err := sample.New(1, a.Code, a.Name, a.Division)
	require.NoError(r.t, err)
	record, err := g.On(time.Now()).Record(kind, n)
	require.NoError(r.t, err)
	fields, err := json.Marshal(record.Values())
	require.NoError(r.t, err)
	return api.NewCertificate{Authority: string(a.Code), Type: string(kind), TypeVersion: 1, Fields: fields}
}

// AlsoHeld is NewCertificate for the holder of the sample constructor's certificate number holder.
func (r *Region) AlsoHeld(kind gbt.TypeCode, n, holder int) api.NewCertificate {
	r.t.Helper()
	out := r.NewCertificate(kind, n)
	fields, theirs := map[string]string{}, map[string]string{}
	require.NoError(r.t, json.Unmarshal(out.Fields, &fields))
	require.NoError(r.t, json.Unmarshal(r.NewCertificate(sample.TypeConstructor, holder).Fields, &theirs))
	for _, name := range []string{gbt.FieldHolderName, gbt.FieldHolderCode, gbt.FieldHolderTypeCode} {
		fields[name] = theirs[name]
	}
	var err error
	out.Fields, err = json.Marshal(fields)
	require.NoError(r.t, err)
	return out
}

// Issue records certificates and returns once they are anchored.
func (r *Region) Issue(key string, certificates ...api.NewCertificate) []api.IssuedCertificate {
	r.t.Helper()
	var out api.IssueResponse
	r.Client.Do(apitest.Request{Path: "/v1/certificates?wait=anchored", Key: key,
		Body: api.IssueRequest{Certificates: certificates}}).Require(http.StatusCreated).JSON(&out)
	require.Len(r.t, out.Certificates, len(certificates))
	for _, c := range out.Certificates {
		require.Equal(r.t, api.StateAnchored, c.State)
	}
	return out.Certificates
}

// Constructor issues the sample constructor's certificate number n.
func (r *Region) Constructor(n int) api.IssuedCertificate {
	r.t.Helper()
	return r.Issue("constructor-"+time.Unix(int64(n), 0).UTC().Format(time.RFC3339), r.NewCertificate(sample.TypeConstructor, n))[0]
}

// Audience is what a presentation to the region is addressed to.
func (r *Region) Audience() string { return "https://gw." + r.Code + ".example" }

// Present has the region disclose the agreement's fields to another region under a nonce, with the receipt.
func (r *Region) Present(id string, to *Region, nonce string) api.VerificationRequest {
	r.t.Helper()
	var p api.Presentation
	r.Client.Do(apitest.Request{Path: "/v1/certificates/" + id + "/presentations",
		Body: api.PresentationRequest{Fields: Disclosed(), Audience: to.Audience(), Nonce: nonce}}).Require(http.StatusOK).JSON(&p)
	return api.VerificationRequest{Presentation: p.Presentation, Receipt: p.Receipt, UseCause: UseCause, Scenario: Scenario,
		Audience: to.Audience(), Nonce: nonce}
}

// Verify has the region judge.
func (r *Region) Verify(request api.VerificationRequest) api.Verification {
	r.t.Helper()
	var v api.Verification
	r.Client.Do(apitest.Request{Path: "/v1/verifications", Body: request}).Require(http.StatusOK).JSON(&v)
	return v
}

// SetStatus changes the status of one certificate of the constructors' authority and returns the block.
func (r *Region) SetStatus(key string, entry api.StatusEntry) uint64 {
	r.t.Helper()
	var recorded api.Recorded
	r.Client.Do(apitest.Request{Path: "/v1/status", Key: key, Body: api.StatusRequest{
		Authority: string(r.Authority(sample.TypeConstructor).Code), Entries: []api.StatusEntry{entry}}}).
		Require(http.StatusOK).JSON(&recorded)
	return uint64(recorded.Block) //nolint:gosec // a block number
}
