package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Registry holds the metrics of one gateway. Its methods are safe for concurrent use and cost some 100 ns.
type Registry struct {
	registry      *prometheus.Registry
	verifications *prometheus.CounterVec
	checksFailed  *prometheus.CounterVec
	issued        *prometheus.CounterVec
	anchorLatency *prometheus.HistogramVec
	batchSize     *prometheus.HistogramVec
	outbox        prometheus.Gauge
	height        prometheus.Gauge
	age           prometheus.Gauge
	agreeing      prometheus.Gauge
	frozen        prometheus.Gauge
	requests      *prometheus.HistogramVec
	inFlight      prometheus.Gauge
	peerFailures  *prometheus.CounterVec
}

// New makes the metrics of the gateway of a region (GB/T 2260 code), which becomes a constant label.
func New(region string) *Registry {
	r := &Registry{registry: prometheus.NewRegistry()}
	labels := prometheus.Labels{"region": region}
	make1 := maker{labels}
	r.verifications = make1.counter("verifications_total", "Verdicts given, by result.", "result")
	r.checksFailed = make1.counter("checks_failed_total", "Checks of verdicts that did not pass, by check and code.", "check", "code")
	r.issued = make1.counter("recorded_total", "Commitments recorded durably, by kind.", "kind")
	r.anchorLatency = make1.histogram("anchor_seconds", "From the first submission of a batch to its place on the ledger.",
		[]float64{.05, .1, .25, .5, .75, 1, 1.5, 2.5, 5, 10, 30, 60, 300}, "kind")
	r.batchSize = make1.histogram("batch_leaves", "Leaves of anchored batches.", prometheus.ExponentialBuckets(1, 4, 9), "kind")
	r.outbox = make1.gauge("outbox_pending", "Commitments recorded and not yet sealed into a batch.")
	r.height = make1.gauge("index_height", "Last block applied to the index.")
	r.age = make1.gauge("index_age_seconds", "Since the ledger was last heard of.")
	r.agreeing = make1.gauge("witness_agreeing_regions", "Regions whose digest agrees with ours.")
	r.frozen = make1.gauge("witness_frozen", "1 while a region's statement contradicts ours and nothing is judged.")
	r.requests = make1.histogram("http_request_seconds", "Requests by route template, method and status.",
		[]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 2.5, 10, 30}, "route", "method", "status")
	r.inFlight = make1.gauge("http_in_flight", "Requests at work.")
	r.peerFailures = make1.counter("ledger_peer_failures_total", "Times that a peer of the network failed as the source of blocks.", "peer")
	r.registry.MustRegister(r.verifications, r.checksFailed, r.issued, r.anchorLatency, r.batchSize, r.outbox, r.height,
		r.age, r.agreeing, r.frozen, r.requests, r.inFlight, r.peerFailures,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// maker gives every metric the prefix and the gateway's label.
type maker struct{ labels prometheus.Labels }

const namespace = "huzheng"

func (m maker) counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help, ConstLabels: m.labels}, labels)
}

func (m maker) gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help, ConstLabels: m.labels})
}

func (m maker) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, ConstLabels: m.labels, Buckets: buckets,
	}, labels)
}

// Verified counts a verdict by its result, an attest.Result.
func (r *Registry) Verified(result string) { r.verifications.WithLabelValues(result).Inc() }

// CheckFailed counts a check that failed or could not be decided, by an attest.CheckName and its attest.Code.
func (r *Registry) CheckFailed(check, code string) {
	r.checksFailed.WithLabelValues(check, code).Inc()
}

// Recorded counts n commitments of a kind (attest.Kind) that are durable.
func (r *Registry) Recorded(kind string, n int) { r.issued.WithLabelValues(kind).Add(float64(n)) }

// Anchored notes one batch: its leaves, and how long it took from its first submission here.
func (r *Registry) Anchored(kind string, leaves uint64, took time.Duration) {
	r.batchSize.WithLabelValues(kind).Observe(float64(leaves))
	r.anchorLatency.WithLabelValues(kind).Observe(took.Seconds())
}

// OutboxPending sets how many commitments are recorded and not yet sealed into a batch.
func (r *Registry) OutboxPending(n int) { r.outbox.Set(float64(n)) }

// Index sets the height of the index and how long ago the ledger was last heard of.
func (r *Registry) Index(height uint64, age time.Duration) {
	r.height.Set(float64(height))
	r.age.Set(age.Seconds())
}

// Witness sets how many regions agree with ours, and whether a disagreement has frozen verdicts.
func (r *Registry) Witness(agreeing int, frozen bool) {
	r.agreeing.Set(float64(agreeing))
	value := 0.0
	if frozen {
		value = 1
	}
	r.frozen.Set(value)
}

// PeerFailed counts a failure of a peer, by its configured address, as the source of blocks.
func (r *Registry) PeerFailed(address string) { r.peerFailures.WithLabelValues(address).Inc() }

// RequestStarted counts a request at work; call the result once when it is done.
func (r *Registry) RequestStarted() (done func()) {
	r.inFlight.Inc()
	return r.inFlight.Dec
}

// Request notes one answered request by its route template (never its path), method and HTTP status.
func (r *Registry) Request(route, method string, status int, took time.Duration) {
	r.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

// Handler serves the metrics in the Prometheus text format.
func (r *Registry) Handler() http.Handler {
	return promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{Registry: r.registry})
}
