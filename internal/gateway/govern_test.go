package gateway_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/offline"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

func TestAnAgreementIsProposedApprovedAndWithdrawnOnce(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	proposal := gatewaytest.Agreement([]string{home.Code, abroad.Code})
	proposal.ID, proposal.Scenarios = "second", []string{"不动产抵押登记"}
	propose := func(p api.AgreementProposal) *apitest.Response {
		return home.Client.Do(apitest.Request{Path: "/v1/agreements", Body: p, Key: "propose-second"})
	}
	var proposed, repeated api.Agreement
	propose(proposal).Require(http.StatusCreated).JSON(&proposed)
	assert.Equal(t, api.AgreementState("proposed"), proposed.State)
	propose(proposal).Require(http.StatusCreated).JSON(&repeated)
	assert.Equal(t, proposed, repeated)
	other := proposal
	other.From++
	propose(other).Refused(http.StatusConflict, "AGREEMENT_EXISTS")
	reversed := proposal
	reversed.ID, reversed.Until = "reversed", proposal.From-1
	propose(reversed).Refused(http.StatusBadRequest, "DATES_REVERSED")

	require.NoError(t, w.Consortium().CaughtUp(t.Context()))
	act := func(what string, body any) *apitest.Response {
		return abroad.Client.Do(apitest.Request{Path: "/v1/agreements/second/versions/1/" + what, Key: what + "-second", Body: body})
	}
	act("approvals", api.AgreementApproval{Digest: gatewaytest.Network + proposed.Digest[len(gatewaytest.Network):]}).
		Refused(http.StatusConflict, "PROPOSAL_MISMATCH")
	for range 2 {
		var approved api.Agreement
		act("approvals", api.AgreementApproval{Digest: proposed.Digest}).Require(http.StatusOK).JSON(&approved)
		assert.Equal(t, api.AgreementState("in_force"), approved.State)
		assert.ElementsMatch(t, []string{home.Code, abroad.Code}, approved.Approved)
	}
	ends := time.Now().Add(time.Hour).Unix()
	for range 2 {
		var withdrawn api.Agreement
		act("withdrawals", api.AgreementWithdrawal{Ends: ends}).Require(http.StatusOK).JSON(&withdrawn)
		assert.Equal(t, api.AgreementState("withdrawn"), withdrawn.State)
		assert.Equal(t, ends, withdrawn.Ends)
	}
	abroad.Client.Do(apitest.Request{Path: "/v1/agreements/second/versions/9/approvals", Key: "approve-none",
		Body: api.AgreementApproval{Digest: proposed.Digest}}).Refused(http.StatusUnprocessableEntity, "AGREEMENT_UNKNOWN")
}

// A proposal that is withdrawn never was in force; its withdrawal can be repeated all the same.
func TestAProposalIsWithdrawnOnce(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home := w.Regions[0]
	proposal := gatewaytest.Agreement([]string{home.Code, w.Regions[1].Code})
	proposal.ID = "never"
	home.Client.Do(apitest.Request{Path: "/v1/agreements", Body: proposal, Key: "propose-never"}).Require(http.StatusCreated)
	ends := time.Now().Add(time.Hour).Unix()
	for range 2 {
		var withdrawn api.Agreement
		home.Client.Do(apitest.Request{Path: "/v1/agreements/never/versions/1/withdrawals", Key: "withdraw-never",
			Body: api.AgreementWithdrawal{Ends: ends}}).Require(http.StatusOK).JSON(&withdrawn)
		assert.Equal(t, api.AgreementState("withdrawn"), withdrawn.State)
	}
}

func TestARotatedKeyLeavesOldCertificatesValid(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	authority := string(home.Authority(sample.TypeConstructor).Code)
	old := home.Constructor(1)
	added, err := home.Gateway.RotateKey(t.Context(), "rotate-operation-1", authority)
	require.NoError(t, err)
	assert.Equal(t, registry.KeyID(authority, "2"), added)
	fresh := home.Constructor(2)
	w.Settle()
	assert.Equal(t, registry.KeyID(authority, "1"), keyOf(t, old))
	assert.Equal(t, registry.KeyID(authority, "2"), keyOf(t, fresh))
	for _, c := range []api.IssuedCertificate{old, fresh} {
		v := abroad.Verify(home.Present(c.ID, abroad, "nonce-1"))
		assert.Equal(t, api.Result("valid"), v.Result, "%s %+v", v.Code, v.Checks)
	}
	keys := issuerKeys(t, home)
	assert.Contains(t, keys, registry.KeyID(authority, "1"), "a retired key still vouches for what it signed")
	assert.Contains(t, keys, registry.KeyID(authority, "2"))
	home.SetStatus("revoke-old", api.StatusEntry{Certificate: old.ID, State: "revoked", Reason: "04"})
	assert.Equal(t, api.Result("revoked"), judge(home, home, old.ID), "the new key sets the status of what the old one signed")
}

// TestAKeyIsRotatedUnderLoad rotates an authority's key eleven times, past the number with two digits, while certificates
// are issued: each one that was acknowledged is anchored.
func TestAKeyIsRotatedUnderLoad(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home := w.Regions[0]
	authority := string(home.Authority(sample.TypeConstructor).Code)
	rotated := make(chan error, 1)
	go func() {
		var errs []error
		for i := range 11 {
			_, err := home.Gateway.RotateKey(t.Context(), fmt.Sprintf("rotate-under-load-%d", i), authority)
			errs = append(errs, err)
		}
		rotated <- errors.Join(errs...)
	}()
	var ids []string
	for n := 1; len(rotated) == 0; n++ {
		var out api.IssueResponse
		home.Client.Do(apitest.Request{Path: "/v1/certificates", Key: fmt.Sprintf("under-load-%d", n),
			Body: api.IssueRequest{Certificates: []api.NewCertificate{home.NewCertificate(sample.TypeConstructor, n)}}}).
			Require(http.StatusCreated).JSON(&out)
		ids = append(ids, out.Certificates[0].ID)
	}
	require.NoError(t, <-rotated)
	require.NoError(t, home.Gateway.Notary().Flush(t.Context()))
	for _, id := range ids {
		var c api.Certificate
		home.Client.Get("/v1/certificates/" + id).Require(http.StatusOK).JSON(&c)
		require.Equal(t, api.StateAnchored, c.State)
	}
	assert.Equal(t, registry.KeyID(authority, "12"), keyOf(t, home.Constructor(1_000_000)))
	t.Logf("%d certificates through 11 rotations, all anchored", len(ids))
}

func keyOf(t *testing.T, c api.IssuedCertificate) string {
	t.Helper()
	sd, err := attest.ParseSDJWT([]byte(c.SdJWT), attest.DefaultLimits())
	require.NoError(t, err)
	return sd.Issuer.KeyID
}

// The gateway signs receipts and statements with its new key at once, and goes on with it when it is opened again.
func TestARegionRotatesItsOwnKeys(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	for i, owner := range []string{"gw", "gov"} {
		_, err := w.Regions[0].Gateway.RotateKey(t.Context(), fmt.Sprintf("rotate-own-key-%d", i), owner)
		require.NoError(t, err)
	}
	certificate := w.Regions[1].Constructor(1)
	proposal := gatewaytest.Agreement([]string{w.Regions[0].Code, w.Regions[1].Code})
	for _, proposal.ID = range []string{"by-the-new-key", "by-the-new-key-again"} {
		w.Settle()
		usesNewKeys(t, w, certificate.ID, proposal)
		w.Reopen()
	}
}

func usesNewKeys(t *testing.T, w *gatewaytest.World, id string, proposal api.AgreementProposal) {
	t.Helper()
	home, abroad := w.Regions[0], w.Regions[1]
	v := home.Verify(abroad.Present(id, home, "nonce-1"))
	assert.Equal(t, api.Result("valid"), v.Result, "%s %+v", v.Code, v.Checks)
	jws, err := attest.ParseJWS([]byte(v.Receipt))
	require.NoError(t, err)
	assert.Equal(t, registry.KeyID(home.Code, "gw-2"), jws.KeyID)
	_, err = registry.VerifyReceipt(abroad.Gateway.Index(), []byte(v.Receipt), nil)
	require.NoError(t, err)
	home.Client.Do(apitest.Request{Path: "/v1/agreements", Body: proposal, Key: "propose-" + proposal.ID}).Require(http.StatusCreated)
}

func TestASnapshotVerifiesOffline(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(1)
	w.Settle()
	file := abroad.Client.As("").Get("/v1/snapshot").Require(http.StatusOK).Body
	key, err := home.Gateway.Index().Key(registry.KeyID(abroad.Code, "gw-1"))
	require.NoError(t, err)
	trust, err := offline.Open(bytes.NewReader(file), key.Public)
	require.NoError(t, err)
	assert.Equal(t, gatewaytest.Network, trust.Network)
	assert.Equal(t, abroad.Code, trust.Region)
	request := home.Present(certificate.ID, abroad, "nonce-1")
	evidence := registry.Gather(trust.View(), []byte(request.Presentation), request.Receipt, attest.Request{Relying: abroad.Code,
		Verifier: "窗口", UseCause: request.UseCause, Scenario: request.Scenario, Now: time.Now().Unix(),
		Audience: request.Audience, Nonce: request.Nonce}, attest.DefaultPolicy())
	assert.Equal(t, attest.Valid, attest.Judge(evidence).Result)

	foreign, err := home.Gateway.Index().Key(registry.KeyID(home.Code, "gw-1"))
	require.NoError(t, err)
	_, err = offline.Open(bytes.NewReader(file), foreign.Public)
	require.Error(t, err, "another key is pinned")
	damaged := slices.Clone(file)
	damaged[len(damaged)/2] ^= 1
	_, err = offline.Open(bytes.NewReader(damaged), key.Public)
	require.Error(t, err)
}
