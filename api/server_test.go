package api_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
)

func TestACredentialIsHeldToItsRate(t *testing.T) {
	var mu sync.Mutex
	now := time.Unix(1_767_225_600, 0)
	g := newGateway(t, func(c *api.Config) {
		c.Credential = api.Rate{PerSecond: 1, Burst: 3}
		c.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	verify := apitest.Request{Path: "/v1/verifications", Body: verifyOne()}
	for range 3 {
		g.Do(verify).Require(200)
	}
	answer := g.Do(verify)
	answer.Refused(429, "RATE_LIMITED")
	assert.Equal(t, "1", answer.Header.Get("Retry-After"))
	g.As(g.other).Do(verify).Require(200)

	mu.Lock()
	now = now.Add(2 * time.Second)
	mu.Unlock()
	g.Do(verify).Require(200)

	// A batch costs what its items would: one more token is there, and three are wanted.
	batch := map[string]any{"verifications": []any{verifyOne(), verifyOne(), verifyOne()}}
	g.Do(apitest.Request{Path: "/v1/verifications/batch", Body: batch}).Refused(429, "RATE_LIMITED")
}

func TestStrangersAreHeldToTheirRate(t *testing.T) {
	g := newGateway(t, func(c *api.Config) {
		c.Address = api.Rate{PerSecond: 0.001, Burst: 2}
		c.ClientAddress = func(r *http.Request) string { return r.Header.Get("X-Test-Address") }
	})
	from := func(address string) apitest.Request {
		return apitest.Request{Path: "/v1/ledger", Header: map[string]string{"X-Test-Address": address}}
	}
	stranger := g.As("")
	stranger.Do(from("a")).Require(200)
	guess := apitest.Request{Path: "/v1/verifications", Body: verifyOne(), Header: map[string]string{"X-Test-Address": "a"}}
	stranger.Do(guess).Refused(401, "UNAUTHENTICATED")
	stranger.Do(guess).Refused(429, "RATE_LIMITED")
	stranger.Do(from("b")).Require(200)
	g.Do(guess).Require(200) // a credential is not held back by what others do from its address
	for _, path := range []string{"/healthz", "/readyz"} {
		probe := from("a")
		probe.Path = path
		for range 3 {
			stranger.Do(probe).Require(200) // whoever watches is always answered
		}
	}
}

func TestTheAddressThatTheProxySaw(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"no header":            {nil, "192.0.2.1"},
		"one":                  {[]string{"203.0.113.7"}, "203.0.113.7"},
		"behind another proxy": {[]string{"203.0.113.7, 198.51.100.2"}, "198.51.100.2"},
		"a forged beginning":   {[]string{"1.1.1.1", "203.0.113.7,198.51.100.2"}, "198.51.100.2"},
		"IPv6":                 {[]string{"2001:db8::1"}, "2001:db8::1"},
		"IPv4 as IPv6":         {[]string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		"no address":           {[]string{"203.0.113.7, unknown"}, "192.0.2.1"},
		"empty":                {[]string{""}, "192.0.2.1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/v1/ledger", nil)
		r.RemoteAddr = "192.0.2.1:1234"
		r.Header["X-Forwarded-For"] = c.lines
		assert.Equal(t, c.want, api.ForwardedAddress(r), name)
	}
}

func TestOverloadIsSaidAndPasses(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	g := newGateway(t, func(c *api.Config) { c.MaxInFlight = 1 })
	g.region.onVerify = func(context.Context) error {
		entered <- struct{}{}
		<-release
		return nil
	}
	slow := make(chan int, 1)
	client := g.Client // its own goroutine must not fail the test: it hands its status back
	go func() { slow <- client.Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne()}).Status }()
	<-entered
	answer := g.Get("/v1/ledger")
	answer.Refused(503, "OVERLOADED")
	assert.Equal(t, "1", answer.Header.Get("Retry-After"))
	g.Get("/healthz").Require(200)
	close(release)
	require.Equal(t, 200, <-slow)
	g.Get("/v1/ledger").Require(200)

	g.region.onVerify = func(context.Context) error { return attest.Errorf(attest.CodeOverloaded, "the outbox is full") }
	g.Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne()}).Refused(503, "OVERLOADED")
}

func TestATimeoutIsAnErrorAndNoVerdict(t *testing.T) {
	g := newGateway(t, func(c *api.Config) { c.RequestTimeout, c.AnchorWait = 20*time.Millisecond, time.Millisecond })
	g.region.onVerify = func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	g.Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne()}).Refused(504, "TIMEOUT")
}

func TestDefectsTellNothing(t *testing.T) {
	g := newGateway(t)
	for name, fail := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return errDisk },
		"panic": func(context.Context) error { panic(canary) },
		"store": func(context.Context) error { return attest.Errorf(attest.CodeInternal, "at /var/lib/secret") },
	} {
		t.Run(name, func(t *testing.T) {
			g.region.onVerify = fail
			answer := g.For(t).Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne()})
			p := answer.Refused(500, "INTERNAL")
			assert.Empty(t, p.Detail)
			for _, secret := range []string{"张三", "secret", "goroutine", canary} {
				assert.NotContains(t, string(answer.Body), secret)
			}
			assert.Contains(t, g.log.String(), strings.TrimPrefix(p.Instance, "urn:huzheng:request:"), "whoever runs the gateway finds it by its id")
		})
	}
	assert.NotContains(t, g.log.String(), canary, "nor does a panic's value reach the log")
	g.region.onVerify = nil
	g.Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne()}).Require(200)
}

func TestHalfAnAnswerBreaksTheConnection(t *testing.T) {
	g := newGateway(t)
	g.region.onSnapshot = func(w io.Writer) error {
		_, _ = w.Write(make([]byte, 1<<16))
		return errDisk
	}
	server := httptest.NewServer(g.server)
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v1/snapshot", http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
	require.Error(t, err, "a client must not take half a snapshot for a whole one")

	g.region.onSnapshot = func(io.Writer) error { return errDisk }
	g.Get("/v1/snapshot").Refused(500, "INTERNAL")
}

func TestNothingOfARequestIsLoggedOrCounted(t *testing.T) {
	g := newGateway(t)
	request := verifyOne()
	request["useCause"], request["nonce"] = canary, canary
	g.Do(apitest.Request{Path: "/v1/verifications?q=" + "99999919900101001X", Body: request}).Require(200)
	g.Get("/v1/certificates/"+digestOf(canary)).Refused(404, "NOT_FOUND")
	g.Get("/nowhere/99999919900101001X").Refused(404, "NOT_FOUND")
	g.Do(apitest.Request{Method: "X99999919900101001X", Path: "/v1/ledger"})
	page := string(g.Do(apitest.Request{Path: "/metrics", Undocumented: true}).Require(200).Body)
	for _, text := range []string{g.log.String(), page} {
		for _, planted := range []string{canary, "99999919900101001X", digestOf(canary), "张三", g.office, "127.0.0.1"} {
			assert.NotContains(t, text, planted)
		}
	}
	assert.Contains(t, page, `route="/v1/certificates/:id",status="404"`)
	assert.Contains(t, g.log.String(), `"route":"/v1/verifications"`)
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	g := newGateway(t)
	for _, answer := range []*apitest.Response{g.Get("/v1/ledger"), g.Get("/nowhere"), g.As("").Get("/v1/receipts/" + handleOf("x"))} {
		assert.Len(t, answer.Header.Get("X-Request-Id"), 32)
		assert.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"))
		assert.Contains(t, answer.Header.Get("Content-Security-Policy"), "default-src 'none'")
		assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	}
	assert.Equal(t, "public, max-age=60", g.Get("/v1/authorities/"+ours+"/status-lists/0").Header.Get("Cache-Control"))
}

func TestReadiness(t *testing.T) {
	g := newGateway(t)
	g.Get("/readyz").Require(200)
	g.region.unready = []api.HealthReason{{Code: "INDEX_STALE", Detail: "the ledger was last heard of 90 s ago"}}
	var health api.Health
	g.Get("/readyz").Require(503).JSON(&health)
	assert.Equal(t, g.region.unready, health.Reasons)
	g.Get("/healthz").Require(200)
}

func TestPagesServeWhatTheAPIDoesNot(t *testing.T) {
	g := newGateway(t, func(c *api.Config) {
		c.Pages = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
			_, _ = io.WriteString(w, "a page")
		})
	})
	page := g.Do(apitest.Request{Path: "/offices", Undocumented: true})
	assert.Equal(t, "a page", string(page.Body))
	assert.Equal(t, "default-src 'self'", page.Header.Get("Content-Security-Policy"))
	g.Get("/v1/ledger").Require(200)
}

// A request under way when the gateway is told to stop is answered; then nobody listens any more.
func TestGracefulShutdown(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	g := newGateway(t)
	g.region.onVerify = func(context.Context) error {
		close(entered)
		<-release
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.server.Serve(ctx, listener) }()
	status := make(chan int, 1)
	client := apitest.At(t, "http://"+listener.Addr().String()).As(g.office)
	go func() { status <- client.Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne()}).Status }()
	<-entered
	stop()
	close(release)
	assert.Equal(t, 200, <-status)
	require.NoError(t, <-ended)
	_, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	require.Error(t, err)
}

func TestShutdownDoesNotWaitForEver(t *testing.T) {
	entered := make(chan struct{})
	g := newGateway(t, func(c *api.Config) { c.ShutdownGrace = time.Millisecond })
	g.region.onVerify = func(ctx context.Context) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.server.Serve(ctx, listener) }()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	body := `{"presentation":"a~","useCause":"办事","scenario":"事项"}`
	_, err = io.WriteString(conn, "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer "+
		g.office+"\r\nContent-Length: "+itoa(len(body))+"\r\n\r\n"+body)
	require.NoError(t, err)
	<-entered
	stop()
	require.Error(t, <-ended)
}

func TestSlowClientsAreDropped(t *testing.T) {
	g := newGateway(t, func(c *api.Config) { c.HeaderTimeout = 20 * time.Millisecond })
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.server.Serve(ctx, listener) }()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "POST /v1/verifications HTTP/1.1\r\nHost: x\r\n") // and no more
	require.NoError(t, err)
	_, err = bufio.NewReader(conn).ReadByte()
	require.ErrorIs(t, err, io.EOF, "the gateway hangs up")
	stop()
	require.NoError(t, <-ended)
}

func TestConfigurationIsChecked(t *testing.T) {
	g := newGateway(t)
	for name, spoil := range map[string]func(*api.Config){
		"no credentials": func(c *api.Config) { c.Credentials = nil },
		"no metrics":     func(c *api.Config) { c.Metrics = nil },
		"no log":         func(c *api.Config) { c.Log = nil },
		"no clock":       func(c *api.Config) { c.Now = nil },
		"no address":     func(c *api.Config) { c.ClientAddress = nil },
		"unknown suite":  func(c *api.Config) { c.Suite = "md5" },
		"endless wait":   func(c *api.Config) { c.AnchorWait = c.RequestTimeout },
		"no idle limit":  func(c *api.Config) { c.IdleTimeout = 0 },
		"no bound":       func(c *api.Config) { c.MaxInFlight = 0 },
		"no rate":        func(c *api.Config) { c.Address = api.Rate{} },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := g.config
			spoil(&cfg)
			_, err := api.New(cfg, g.region.services())
			require.Error(t, err)
		})
	}
	_, err := api.New(g.config, api.Services{})
	require.ErrorContains(t, err, "Verifier is missing")
	_, err = api.New(g.config, g.region.services())
	require.NoError(t, err)
}

// BenchmarkVerify measures what the HTTP layer costs a verification, beside the verification: credential, rate, strict
// JSON, schema, routing, answer, metrics and log, without a network.
func BenchmarkVerify(b *testing.B) {
	g := newGateway(b, func(c *api.Config) {
		c.Credential = api.Rate{PerSecond: 1e9, Burst: 1e9}
		c.Log = slog.New(slog.NewJSONHandler(io.Discard, nil))
	})
	answer := verification("x")
	services := g.region.services()
	services.Verifier = noVerifier{g.region, answer}
	server, err := api.New(g.config, services)
	require.NoError(b, err)
	body := typicalVerification()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/verifications", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+g.office)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body.String())
		}
	}
}

// typicalVerification is a request with a presentation of 1.8 kB and a receipt.
func typicalVerification() string {
	return `{"presentation":"` + strings.Repeat("a", 1800) + `","receipt":` + string(receiptFor("x", "certificate")) +
		`,"useCause":"办理二级建造师执业资格认定","scenario":"二级建造师执业资格认定","audience":"https://gw.510000.example","nonce":"0FvHn2"}`
}

// BenchmarkValidate is the part of it that reads the body strictly and checks it against openapi.yaml: to stay below
// 60 µs, or the hot route would need a validator of its own.
func BenchmarkValidate(b *testing.B) {
	validate := api.Validator(newGateway(b).server, "verify")
	body := []byte(typicalVerification())
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if err := validate(body); err != nil {
			b.Fatal(err)
		}
	}
}

// noVerifier answers at once.
type noVerifier struct {
	api.Verifier
	answer *api.Verification
}

func (v noVerifier) Verify(context.Context, *api.Caller, *api.VerificationRequest) (*api.Verification, error) {
	return v.answer, nil
}
