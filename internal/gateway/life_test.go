package gateway_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

func TestAGatewayThatIsOpenedAgainGoesOn(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{Regions: []string{gatewaytest.Guangdong, gatewaytest.Sichuan, gatewaytest.Hunan, gatewaytest.Chongqing}})
	home := w.Regions[0]
	anchored := home.Constructor(1)
	var recorded api.IssueResponse // and not waited for: what is durable is anchored by whoever opens next
	home.Client.Do(apitest.Request{Path: "/v1/certificates", Key: "left-open",
		Body: api.IssueRequest{Certificates: []api.NewCertificate{home.NewCertificate(sample.TypeConstructor, 2)}}}).
		Require(http.StatusCreated).JSON(&recorded)
	w.Reopen()
	home = w.Regions[0]
	require.NoError(t, home.Gateway.Notary().Flush(t.Context()))
	w.Settle()
	for i, id := range []string{anchored.ID, recorded.Certificates[0].ID} {
		for _, abroad := range w.Regions[1:] {
			v := abroad.Verify(home.Present(id, abroad, "nonce-"+strconv.Itoa(i)))
			assert.Equal(t, api.Result("valid"), v.Result, "%s %+v", v.Code, v.Checks)
			assert.GreaterOrEqual(t, len(v.Witness.Agreeing), 2, "of four, one may lie")
		}
	}
	again := home.Constructor(3)
	assert.NotEqual(t, anchored.StatusIndex, again.StatusIndex, "a slot is given out once")
}

func TestAFolderIsUsedOnce(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	place := w.Plan.Members[0].Place
	_, err := gateway.Create(place, attest.SuiteStd, w.Plan.Members[0].Region)
	assert.Equal(t, attest.CodeStoreExists, attest.CodeOf(err))
	_, err = gateway.Open(gateway.Options{Place: place, Region: gatewaytest.Guangdong, Network: gatewaytest.Network})
	assert.Equal(t, attest.CodeStoreLocked, attest.CodeOf(err), "%v", err)
	place.Master = w.Plan.Members[1].Master
	require.NoError(t, w.Close())
	_, err = gateway.Open(gateway.Options{Place: place, Region: gatewaytest.Guangdong, Network: gatewaytest.Network})
	assert.Equal(t, attest.CodeMasterWrong, attest.CodeOf(err), "%v", err)
	place.Dir += "-none"
	_, err = gateway.Open(gateway.Options{Place: place, Region: gatewaytest.Guangdong, Network: gatewaytest.Network})
	assert.Equal(t, attest.CodeStoreMissing, attest.CodeOf(err), "%v", err)
}

// A gateway that has not heard of the ledger since it was opened can only answer undetermined, and says so.
func TestReadinessGivesItsReasons(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(1)
	w.Settle()
	var health api.Health
	abroad.Client.As("").Get("/readyz").Require(http.StatusOK).JSON(&health)
	assert.True(t, health.OK)
	assert.Empty(t, health.Reasons)
	request := home.Present(certificate.ID, abroad, "nonce-1")
	token := abroad.Token

	require.NoError(t, w.Close())
	member := w.Plan.Members[1]
	g, err := gateway.Open(gateway.Options{Place: member.Place, Region: member.Region.Code, Network: gatewaytest.Network,
		Ledger: none{}, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Close()) })
	lonely := gatewaytest.Serve(t, g).As(token)
	health = api.Health{}
	lonely.As("").Get("/readyz").Require(http.StatusServiceUnavailable).JSON(&health)
	assert.False(t, health.OK)
	require.Len(t, health.Reasons, 1)
	assert.Equal(t, "INDEX_STALE", health.Reasons[0].Code)
	var v api.Verification
	lonely.Do(apitest.Request{Path: "/v1/verifications", Body: request}).Require(http.StatusOK).JSON(&v)
	assert.Equal(t, api.Result("undetermined"), v.Result)
	assert.Equal(t, "INDEX_STALE", v.Code)
}

// none is a ledger that is out of reach.
type none struct{}

func (none) Submit(context.Context, []byte) (registry.Outcome, error) {
	return registry.Outcome{}, attest.Errorf(attest.CodeUnavailable, "the ledger is out of reach")
}

func (none) Blocks(context.Context, uint64, func(registry.Block) error) error {
	return attest.Errorf(attest.CodeUnavailable, "the ledger is out of reach")
}

func TestMetricsCountWhatHappened(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home := w.Regions[0]
	certificate := home.Constructor(1)
	w.Settle()
	request := home.Present(certificate.ID, home, "nonce-1")
	require.Equal(t, api.Result("valid"), home.Verify(request).Result)
	request.Nonce = "another"
	require.Equal(t, api.Result("invalid"), home.Verify(request).Result)
	scrape := func() []byte {
		return home.Client.As("").Do(apitest.Request{Path: "/metrics", Undocumented: true}).Require(http.StatusOK).Body
	}
	// Gauges follow once a second.
	require.Eventually(t, func() bool { return sampleOf(t, scrape(), `huzheng_index_height{region="440000"}`) > 0 },
		10*time.Second, 10*time.Millisecond)
	metrics := scrape()
	for name, want := range map[string]float64{
		`huzheng_recorded_total{kind="certificate",region="440000"}`:                                               1,
		`huzheng_verifications_total{region="440000",result="valid"}`:                                              1,
		`huzheng_verifications_total{region="440000",result="invalid"}`:                                            1,
		`huzheng_checks_failed_total{check="holder_binding",code="BINDING_NONCE",region="440000"}`:                 1,
		`huzheng_http_request_seconds_count{method="POST",region="440000",route="/v1/verifications",status="200"}`: 2,
		`huzheng_witness_frozen{region="440000"}`:                                                                  0,
	} {
		assert.InDelta(t, want, sampleOf(t, metrics, name), 0, name)
	}
}

func sampleOf(t *testing.T, metrics []byte, name string) float64 {
	t.Helper()
	for line := range bytes.Lines(metrics) {
		if value, ok := strings.CutPrefix(string(line), name+" "); ok {
			number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			require.NoError(t, err)
			return number
		}
	}
	require.Failf(t, "no such metric", "%s", name)
	return 0
}
