package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

func TestVerdictsFollowThePresentationAndTheRequest(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(1)
	w.Settle()
	good := home.Present(certificate.ID, abroad, "nonce-1")
	for name, c := range map[string]struct {
		at     *gatewaytest.Region
		change func(r *api.VerificationRequest)
		want   api.Result
		code   attest.Code
	}{
		"as presented":      {abroad, func(*api.VerificationRequest) {}, "valid", attest.CodeOK},
		"another nonce":     {abroad, func(r *api.VerificationRequest) { r.Nonce = "nonce-2" }, "invalid", attest.CodeBindingNonce},
		"another audience":  {abroad, func(r *api.VerificationRequest) { r.Audience = home.Audience() }, "invalid", attest.CodeBindingAudience},
		"another scenario":  {abroad, func(r *api.VerificationRequest) { r.Scenario = "新生儿入户" }, "not_recognised", attest.CodeScenarioUnknown},
		"within the region": {home, func(r *api.VerificationRequest) { r.Scenario = "新生儿入户" }, "valid", attest.CodeOK},
		"without its receipt": {abroad, func(r *api.VerificationRequest) { r.Receipt = nil }, "undetermined",
			attest.CodeReceiptMissing},
		"fields withheld": {abroad, func(r *api.VerificationRequest) {
			r.Presentation, r.Audience, r.Nonce = strings.SplitAfter(r.Presentation, "~")[0], "", ""
		}, "not_recognised", attest.CodeConditionDisclose},
		"no presentation": {abroad, func(r *api.VerificationRequest) { r.Presentation = "nothing" }, "invalid", attest.CodeSDJWTFormat},
	} {
		t.Run(name, func(t *testing.T) {
			request := good
			c.change(&request)
			v := c.at.For(t).Verify(request)
			assert.Equal(t, c.want, v.Result)
			assert.Equal(t, string(c.code), v.Code, "%+v", v.Checks)
			if v.Result == "invalid" {
				assert.JSONEq(t, "{}", string(v.Claims), "claims of what does not hold are not shown")
			}
		})
	}
}

func TestABatchJudgesEachItemAlone(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(1)
	w.Settle()
	good := home.Present(certificate.ID, abroad, "nonce-1")
	purposeless, torn := good, good
	purposeless.UseCause = ""
	torn.Presentation = good.Presentation[:len(good.Presentation)/2]
	var answer api.BatchResponse
	abroad.Client.Do(apitest.Request{Path: "/v1/verifications/batch",
		Body: api.BatchRequest{Verifications: []api.VerificationRequest{good, purposeless, torn, good}}}).
		Require(http.StatusOK).JSON(&answer)
	require.Len(t, answer.Results, 4)
	require.NotNil(t, answer.Results[0].Verification)
	assert.Equal(t, api.Result("valid"), answer.Results[0].Verification.Result)
	require.NotNil(t, answer.Results[1].Problem)
	assert.Equal(t, "PURPOSE_MISSING", answer.Results[1].Problem.Code)
	require.NotNil(t, answer.Results[2].Verification)
	assert.Equal(t, api.Result("invalid"), answer.Results[2].Verification.Result)
	require.NotNil(t, answer.Results[3].Verification)
	assert.Equal(t, api.Result("valid"), answer.Results[3].Verification.Result)
	assert.NotEqual(t, answer.Results[0].Verification.ReceiptID, answer.Results[3].Verification.ReceiptID)
}

func TestReceiptsBelongToTheirTenantAndAreAnchored(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(1)
	w.Settle()
	grant := func(tenant string, scopes ...credentials.Scope) *apitest.Client {
		return abroad.Client.As(abroad.Grant(credentials.Grant{Tenant: tenant, Scopes: scopes}))
	}
	office := abroad.For(t)
	office.Client = grant("银行甲", credentials.ScopeVerify)
	v := office.Verify(home.Present(certificate.ID, abroad, "nonce-1"))
	path := "/v1/receipts/" + v.ReceiptID

	var receipt api.Receipt
	grant("银行甲", credentials.ScopeVerify).Get(path).Require(http.StatusOK).JSON(&receipt)
	assert.Equal(t, v.Receipt, receipt.Receipt)
	grant("审计", credentials.ScopeAudit).Get(path).Require(http.StatusOK)
	other := grant("银行乙", credentials.ScopeVerify)
	other.Get(path).Refused(http.StatusNotFound, "NOT_FOUND")
	other.Get(path+"/inclusion").Refused(http.StatusNotFound, "NOT_FOUND")

	require.NoError(t, abroad.Gateway.Notary().Flush(t.Context()))
	w.Settle()
	var inclusion api.InclusionReceipt
	office.Client.Get(path + "/inclusion").Require(http.StatusOK).JSON(&inclusion)
	proof, err := merkle.ParseReceipt(inclusion)
	require.NoError(t, err)
	batch, err := home.Gateway.Index().Batch(proof.Batch)
	require.NoError(t, err)
	require.NotNil(t, batch)
	assert.Equal(t, attest.KindReceipt, batch.Kind)
	require.NoError(t, proof.Verify(attest.CommitReceipt(batch.Suite, []byte(v.Receipt)), batch.Root, batch.Size))
	office.Client.Get(path).Require(http.StatusOK).JSON(&receipt)
	assert.Equal(t, api.StateAnchored, receipt.State)
}

func TestIssuingIsIdempotent(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home := w.Regions[0]
	ask := func(n int) *apitest.Response {
		return home.Client.Do(apitest.Request{Path: "/v1/certificates", Key: "operation-1",
			Body: api.IssueRequest{Certificates: []api.NewCertificate{home.NewCertificate(sample.TypeConstructor, n)}}})
	}
	var first, second api.IssueResponse
	ask(1).Require(http.StatusCreated).JSON(&first)
	ask(1).Require(http.StatusCreated).JSON(&second)
	assert.Equal(t, first.Certificates[0].SdJWT, second.Certificates[0].SdJWT)
	ask(2).Refused(http.StatusConflict, "OPERATION_CONFLICT")
	require.NoError(t, home.Gateway.Notary().Flush(t.Context()))
	w.Reopen()
	home = w.Regions[0]
	ask(1).Require(http.StatusCreated).JSON(&second)
	assert.Equal(t, first.Certificates[0].ID, second.Certificates[0].ID, "also by another run of the gateway")
	assert.Equal(t, api.StateAnchored, second.Certificates[0].State)
}
