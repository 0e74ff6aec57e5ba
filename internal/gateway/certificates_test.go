package gateway_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// TestTheWayOfACertificate goes the whole way in both suites: recorded, anchored, proved, presented, judged abroad.
func TestTheWayOfACertificate(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		t.Run(string(suite), func(t *testing.T) {
			w := gatewaytest.Found(t, gatewaytest.Options{Suite: suite})
			home, abroad := w.Regions[0], w.Regions[1]

			var recorded api.IssueResponse
			request := api.IssueRequest{Certificates: []api.NewCertificate{home.NewCertificate(sample.TypeConstructor, 1)}}
			home.Client.Do(apitest.Request{Path: "/v1/certificates", Body: request, Key: "certificate-1"}).
				Require(http.StatusCreated).JSON(&recorded)
			id := recorded.Certificates[0].ID
			var anchored api.IssueResponse
			home.Client.Do(apitest.Request{Path: "/v1/certificates?wait=anchored", Body: request, Key: "certificate-1"}).
				Require(http.StatusCreated).JSON(&anchored)
			assert.Equal(t, id, anchored.Certificates[0].ID, "a retry is the same operation")
			assert.Equal(t, api.StateAnchored, anchored.Certificates[0].State)

			var kept api.Certificate
			home.Client.Get("/v1/certificates/" + id).Require(http.StatusOK).JSON(&kept)
			proof := home.Client.Get("/v1/certificates/" + id + "/receipt").Require(http.StatusOK).Body
			assert.JSONEq(t, string(kept.Receipt), string(proof))
			w.Settle()
			proves(t, abroad, &kept)

			verification := abroad.Verify(home.Present(id, abroad, "nonce-1"))
			assert.Equal(t, api.Result("valid"), verification.Result, "%s %+v", verification.Code, verification.Checks)
			assert.Equal(t, api.AgreementRef{ID: gatewaytest.AgreementID, Version: 1}, verification.Agreement)
			assert.Equal(t, home.Code, verification.Certificate.Region)
			assert.Equal(t, kept.Commitment, verification.Certificate.Commitment)
			disclosesOnly(t, verification.Claims, gatewaytest.Disclosed()...)
			receiptHolds(t, home, abroad, &verification)
		})
	}
}

// proves checks the inclusion receipt against the batch on another region's replica, with nothing but that.
func proves(t *testing.T, abroad *gatewaytest.Region, c *api.Certificate) {
	t.Helper()
	receipt, err := merkle.ParseReceipt(c.Receipt)
	require.NoError(t, err)
	batch, err := abroad.Gateway.Index().Batch(receipt.Batch)
	require.NoError(t, err)
	require.NotNil(t, batch)
	sd, err := attest.ParseSDJWT([]byte(c.SdJWT), attest.DefaultLimits())
	require.NoError(t, err)
	commitment := attest.CommitCertificate(batch.Suite, sd.IssuerJWT())
	require.NoError(t, receipt.Verify(commitment, batch.Root, batch.Size))
	commitment[0] ^= 1
	require.Error(t, receipt.Verify(commitment, batch.Root, batch.Size))
}

// disclosesOnly: of the business fields exactly these are among the claims.
func disclosesOnly(t *testing.T, claims json.RawMessage, fields ...string) {
	t.Helper()
	var values map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(claims, &values))
	var shown []string
	for name := range values {
		if _, ok := gbt.FieldOf(name); ok {
			shown = append(shown, name)
		}
	}
	assert.ElementsMatch(t, fields, shown)
}

// receiptHolds: anybody on the ledger can check the verification receipt; an edited one is refused.
func receiptHolds(t *testing.T, anybody, verifier *gatewaytest.Region, v *api.Verification) {
	t.Helper()
	r, err := registry.VerifyReceipt(anybody.Gateway.Index(), []byte(v.Receipt), nil)
	require.NoError(t, err)
	assert.Equal(t, v.ReceiptID, r.ID)
	assert.Equal(t, verifier.Code, r.Region)
	assert.Equal(t, gatewaytest.UseCause, r.UseCause)
	assert.Equal(t, attest.Result(v.Result), r.Verdict.Result)
	forged := []byte(v.Receipt)
	forged[len(forged)-8] ^= 1
	_, err = registry.VerifyReceipt(anybody.Gateway.Index(), forged, nil)
	require.Error(t, err)
}
