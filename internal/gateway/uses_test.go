package gateway_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
)

// TestAVerificationElsewhereIsInTheCitizensRecord: also one without a code, within five seconds, once, and not in anybody
// else's.
func TestAVerificationElsewhereIsInTheCitizensRecord(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	c, other := newCitizen(t, home, 1), newCitizen(t, home, 2)
	w.Settle()
	request := home.Present(custody.ID(c.id), abroad, "nonce-1")
	start := time.Now()
	v := abroad.Verify(request)
	require.Eventually(t, func() bool { return len(c.uses(t)) == 1 }, 5*time.Second, 10*time.Millisecond)
	t.Logf("in the record after %v", time.Since(start).Round(time.Millisecond))
	use := c.uses(t)[0]
	assert.Equal(t, custody.UsePlain, use.Event)
	assert.Equal(t, abroad.Code, use.By.Region)
	assert.Equal(t, gatewaytest.UseCause, use.UseCause)
	assert.Equal(t, attest.CodeOK, use.Reason)
	assert.Equal(t, v.Receipt, string(use.Receipts[0]))
	assert.Empty(t, other.uses(t))
	report := func(region string, about [32]byte, receipts ...string) {
		var list []custody.Report
		for _, jws := range receipts {
			list = append(list, custody.Report{About: about, JWS: []byte(jws)})
		}
		require.NoError(t, home.Gateway.Codes().Report(t.Context(), region, list))
	}
	report(abroad.Code, c.id, v.Receipt, v.Receipt)
	assert.Len(t, c.uses(t), 1, "a receipt that is reported again counts once")
	report(abroad.Code, [32]byte{1}, v.Receipt)
	assert.Len(t, c.uses(t), 1, "nor is anything about a certificate that is not kept here")

	// What a region cannot prove is shown as such, whoever it is that lies.
	flipped := []byte(v.Receipt)
	flipped[len(flipped)-10] ^= 1
	header, rest, _ := strings.Cut(v.Receipt, ".")
	plain, err := base64.RawURLEncoding.DecodeString(header)
	require.NoError(t, err)
	otherwise := bytes.Replace(plain, []byte(attest.SuiteStd.Alg()), []byte(attest.SuiteGM.Alg()), 1)
	require.NotEqual(t, plain, otherwise)
	for _, lie := range []struct {
		region, receipt string
		code            attest.Code
	}{
		{"430000", v.Receipt, attest.CodeVerificationReceipt}, // in another's name
		{abroad.Code, "no receipt", attest.CodeVerificationReceipt},
		{abroad.Code, string(flipped), attest.CodeSignature},
		{abroad.Code, base64.RawURLEncoding.EncodeToString(otherwise) + "." + rest, attest.CodeAlgMismatch},
	} {
		before := len(c.uses(t))
		report(lie.region, c.id, lie.receipt)
		list := c.uses(t)
		if assert.Len(t, list, before+1) {
			assert.Equal(t, lie.code, list[0].Unproven)
			assert.Equal(t, custody.UseBy{Region: lie.region}, list[0].By)
			assert.Empty(t, list[0].Receipts)
		}
	}
	report(abroad.Code, other.id, v.Receipt)
	if list := other.uses(t); assert.Len(t, list, 1) {
		assert.Equal(t, attest.CodeVerificationReceipt, list[0].Unproven, "another's receipt proves nothing of this one")
	}

	held, err := home.Gateway.CertificatesOf(c.subject)
	require.NoError(t, err)
	require.Len(t, held, 1)
	assert.Equal(t, custody.ID(c.id), held[0].ID)
	require.NoError(t, home.Gateway.Vault().Shred(t.Context(), c.subject, 1))
	assert.Empty(t, c.uses(t), "erased with its citizen")
	sound, err := home.Gateway.Vault().CheckUses()
	require.NoError(t, err)
	assert.EqualValues(t, 6, sound, "and the chain is whole")
}

// TestAReportWaitsForARegionThatIsAway closes the home while it is used.
func TestAReportWaitsForARegionThatIsAway(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	c := newCitizen(t, home, 1)
	w.Settle()
	for i := range 100 {
		abroad.Verify(home.Present(custody.ID(c.id), abroad, "nonce-"+strconv.Itoa(i)))
	}
	w.Reopen()
	c.home = w.Regions[0]
	require.Eventually(t, func() bool { return len(c.uses(t)) == 100 }, 10*time.Second, 20*time.Millisecond)
}

func TestCodesOverTheAPI(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(1)
	w.Settle()
	app := home.Client.As(home.Grant(credentials.Grant{Tenant: "粤省事", Authorities: []string{credentials.AnyAuthority}, Scopes: []credentials.Scope{credentials.ScopeCodes}}))
	ask := api.NewProofCode{Certificates: []api.ShownCertificate{{Certificate: certificate.ID, Fields: gatewaytest.Disclosed()}}, UseCause: gatewaytest.UseCause,
		Scenario: gatewaytest.Scenario, Audience: api.CodeAudience{Kind: api.CodeAudienceKindOffice, Office: string(abroad.Authorities[0].Code)}, LifeSeconds: 600, Uses: 2}
	var made, again api.ProofCode
	app.Do(apitest.Request{Path: "/v1/codes", Key: "operation-1", Body: ask}).Require(http.StatusCreated).JSON(&made)
	app.Do(apitest.Request{Path: "/v1/codes", Key: "operation-1", Body: ask}).Require(http.StatusCreated).JSON(&again)
	assert.Equal(t, made.ID, again.ID)
	assert.Equal(t, made.Code, again.Code)

	redeem := func(client *apitest.Client, key, code string) *apitest.Response {
		return client.Do(apitest.Request{Path: "/v1/codes/redemptions", Key: key, Body: api.RedemptionRequest{Code: code, Scenario: gatewaytest.Scenario}})
	}
	office := func(authority string) *apitest.Client {
		return abroad.Client.As(abroad.Grant(credentials.Grant{Tenant: "窗口" + authority, Authorities: []string{authority}, Scopes: []credentials.Scope{credentials.ScopeVerify}}))
	}
	stranger := redeem(office(string(abroad.Authorities[1].Code)), "operation-2", made.Code).Refused(http.StatusNotFound, "PROOF_CODE_UNUSABLE")
	unknown := redeem(office(string(abroad.Authorities[1].Code)), "operation-3", unknownShort(t, made.Code)).Refused(http.StatusNotFound, "PROOF_CODE_UNUSABLE")
	stranger.Instance, unknown.Instance = "", ""
	assert.Equal(t, unknown, stranger, "to the byte")

	window := office(string(abroad.Authorities[0].Code))
	var r, repeat api.Redemption
	redeem(window, "operation-4", made.Code).Require(http.StatusOK).JSON(&r)
	require.Equal(t, api.ResultValid, r.Result, r.Code)
	assert.True(t, r.Consumed)
	require.Len(t, r.Verifications, 1)
	assert.Contains(t, string(r.Verifications[0].Claims), gatewaytest.Disclosed()[0])
	redeem(window, "operation-4", made.Code).Require(http.StatusOK).JSON(&repeat)
	assert.Equal(t, r, repeat)

	var code api.ProofCode
	app.Get("/v1/codes/" + made.ID).Require(http.StatusOK).JSON(&code)
	assert.EqualValues(t, 1, code.Remaining)
	redeem(window, "operation-5", code.Face).Require(http.StatusOK).JSON(&r)
	assert.True(t, r.Consumed)
	app.Do(apitest.Request{Path: "/v1/codes/" + made.ID + "/cancellation", Key: "operation-6", Body: map[string]any{}}).Require(http.StatusOK).JSON(&code)
	assert.Equal(t, api.ProofCodeStateCancelled, code.State)
	var list api.ProofCodes
	app.Get("/v1/codes?certificate=" + certificate.ID).Require(http.StatusOK).JSON(&list)
	require.Len(t, list.Codes, 1)
	redeem(window, "operation-7", code.Code).Refused(http.StatusNotFound, "PROOF_CODE_UNUSABLE")
}

// BenchmarkRedeem has 64 windows of one province redeem codes of another, each once.
func BenchmarkRedeem(b *testing.B) { benchmarkRedeem(b, 0) }

// BenchmarkRedeemAt50 redeems 50 codes a second, whatever came of those before.
func BenchmarkRedeemAt50(b *testing.B) { benchmarkRedeem(b, 50) }

func benchmarkRedeem(b *testing.B, perSecond int) {
	w := gatewaytest.Found(b, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	id, err := custody.ParseID(home.Constructor(1).ID)
	require.NoError(b, err)
	certificate, err := home.Gateway.Vault().Certificate(id)
	require.NoError(b, err)
	w.Settle()
	codes := make([]string, b.N)
	for i := range codes {
		c, err := home.Gateway.Codes().Create(b.Context(), strconv.Itoa(i), &proofcode.NewCode{Subject: certificate.Subject, UseCause: gatewaytest.UseCause,
			Scenario: gatewaytest.Scenario, Life: 600, Uses: 1, Audience: custody.Audience{Kind: custody.AudienceAny},
			Shown: []custody.Shown{{Commitment: id, Fields: gatewaytest.Disclosed()}}})
		require.NoError(b, err)
		codes[i] = home.Gateway.Codes().Short(c)
	}
	took := make([]time.Duration, b.N)
	next := make(chan int)
	done := make(chan struct{})
	b.ResetTimer()
	for range 64 {
		go func() {
			for i := range next {
				start := time.Now()
				r, err := redeem(b.Context(), abroad.Gateway, codes[i], "bench-"+strconv.Itoa(i))
				if assert.NoError(b, err) {
					assert.Equal(b, attest.Valid, r.Result, r.Code)
				}
				took[i] = time.Since(start)
			}
			done <- struct{}{}
		}()
	}
	pace := time.NewTicker(time.Second / time.Duration(max(perSecond, 1)))
	defer pace.Stop()
	for i := range codes {
		if perSecond > 0 {
			<-pace.C
		}
		next <- i
	}
	close(next)
	for range 64 {
		<-done
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "redeems/s")
	b.ReportMetric(float64(took[b.N/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds())/1000, "p99-ms")
}
