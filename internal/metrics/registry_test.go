package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/metrics"
)

func scrape(t *testing.T, r *metrics.Registry) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	require.Equal(t, http.StatusOK, w.Code)
	return w.Body.String()
}

func TestEveryMetricIsServed(t *testing.T) {
	r := metrics.New("440000")
	r.Verified("valid")
	r.Verified("valid")
	r.CheckFailed("status", "REVOKED")
	r.Recorded("certificate", 3)
	r.Anchored("certificate", 4096, 600*time.Millisecond)
	r.OutboxPending(7)
	r.Index(42, 1500*time.Millisecond)
	r.Witness(3, true)
	r.Request("/v1/certificates/:id", http.MethodGet, 200, 2*time.Millisecond)
	done := r.RequestStarted()

	page := scrape(t, r)
	for _, line := range []string{
		`huzheng_verifications_total{region="440000",result="valid"} 2`,
		`huzheng_checks_failed_total{check="status",code="REVOKED",region="440000"} 1`,
		`huzheng_recorded_total{kind="certificate",region="440000"} 3`,
		`huzheng_anchor_seconds_bucket{kind="certificate",region="440000",le="0.5"} 0`,
		`huzheng_anchor_seconds_bucket{kind="certificate",region="440000",le="0.75"} 1`,
		`huzheng_batch_leaves_sum{kind="certificate",region="440000"} 4096`,
		`huzheng_outbox_pending{region="440000"} 7`,
		`huzheng_index_height{region="440000"} 42`,
		`huzheng_index_age_seconds{region="440000"} 1.5`,
		`huzheng_witness_agreeing_regions{region="440000"} 3`,
		`huzheng_witness_frozen{region="440000"} 1`,
		`huzheng_http_request_seconds_count{method="GET",region="440000",route="/v1/certificates/:id",status="200"} 1`,
		`huzheng_http_in_flight{region="440000"} 1`,
	} {
		assert.Contains(t, page, line+"\n")
	}
	done()
	r.Witness(4, false)
	page = scrape(t, r)
	assert.Contains(t, page, `huzheng_http_in_flight{region="440000"} 0`)
	assert.Contains(t, page, `huzheng_witness_frozen{region="440000"} 0`)
}

func TestTwoGatewaysShareNothing(t *testing.T) {
	a, b := metrics.New("440000"), metrics.New("510000")
	a.Verified("valid")
	assert.NotContains(t, scrape(t, b), "verifications_total{")
}

func BenchmarkRequest(b *testing.B) {
	r := metrics.New("440000")
	b.ReportAllocs()
	for b.Loop() {
		r.Request("/v1/verifications", http.MethodPost, 200, time.Millisecond)
	}
}
