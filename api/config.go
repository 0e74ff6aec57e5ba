package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/metrics"
	"github.com/huzheng-ledger/huzheng/internal/throttle"
)

// Rate is a token bucket, see throttle.Rate.
type Rate = throttle.Rate

// Config is how the API behaves. DefaultConfig gives everything that has a safe default; the rest is needed.
type Config struct {
	Credentials *credentials.Store
	Metrics     *metrics.Registry
	Log         *slog.Logger
	Now         func() time.Time
	Suite       attest.Suite // of the network: hashes files
	Version     string       // of the program; empty: not told

	RequestTimeout time.Duration // for a handler and all it calls; afterwards TIMEOUT
	AnchorWait     time.Duration // at most, of wait=anchored; below RequestTimeout
	HeaderTimeout  time.Duration // for a client to send its header
	BodyTimeout    time.Duration // for a client to send all of a request
	WriteTimeout   time.Duration // from the end of the header to the end of the answer
	IdleTimeout    time.Duration // of a kept connection
	ShutdownGrace  time.Duration // for requests under way once Serve's context is done

	MaxInFlight int  // requests at work at once; beyond, OVERLOADED
	Credential  Rate // of each credential
	Address     Rate // of each client address without a credential
	// ClientAddress tells whom a request without a credential comes from. The default is the connection's address; a
	// gateway behind a proxy that it trusts takes ForwardedAddress instead.
	ClientAddress func(*http.Request) string

	// Refused puts a refusal on record before it is answered; nil: nothing does.
	Refused func(ctx context.Context, r Refusal)

	// Pages answers what no route of the API matches, the web pages; nil: NOT_FOUND.
	Pages http.Handler
}

// DefaultConfig returns the safe defaults.
func DefaultConfig() Config {
	return Config{
		Now:            time.Now,
		Suite:          attest.SuiteStd,
		RequestTimeout: 30 * time.Second,
		AnchorWait:     10 * time.Second,
		HeaderTimeout:  5 * time.Second,
		BodyTimeout:    2 * time.Minute,
		WriteTimeout:   3 * time.Minute,
		IdleTimeout:    2 * time.Minute,
		ShutdownGrace:  20 * time.Second,
		MaxInFlight:    1024,
		Credential:     Rate{PerSecond: 10_000, Burst: 20_000},
		Address:        Rate{PerSecond: 50, Burst: 200},
		ClientAddress:  connectionAddress,
	}
}

// Validate reports everything that is missing or makes no sense.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New("api: "+what))
		}
	}
	need(c.Credentials != nil, "no credentials")
	need(c.Metrics != nil, "no metrics")
	need(c.Log != nil, "no log")
	need(c.Now != nil, "no clock")
	need(c.ClientAddress != nil, "no way to tell a client's address")
	need(c.Suite.Valid(), "unknown suite")
	need(c.AnchorWait > 0 && c.AnchorWait < c.RequestTimeout, "AnchorWait is not below RequestTimeout")
	need(min(c.HeaderTimeout, c.BodyTimeout, c.WriteTimeout, c.IdleTimeout, c.ShutdownGrace) > 0, "a time-out is missing")
	need(c.MaxInFlight > 0, "MaxInFlight is missing")
	need(c.Credential.Valid() && c.Address.Valid(), "a rate is missing")
	return errors.Join(errs...)
}

func (s *Services) validate() error {
	missing := func(ok bool, name string) error {
		if ok {
			return nil
		}
		return errors.New("api: service " + name + " is missing")
	}
	return errors.Join(
		missing(s.Issuer != nil, "Issuer"), missing(s.Status != nil, "Status"),
		missing(s.Documents != nil, "Documents"), missing(s.Datasets != nil, "Datasets"),
		missing(s.Agreements != nil, "Agreements"), missing(s.Governance != nil, "Governance"),
		missing(s.Verifier != nil, "Verifier"), missing(s.Receipts != nil, "Receipts"),
		missing(s.Printer != nil, "Printer"), missing(s.Codes != nil, "Codes"), missing(s.Ledger != nil, "Ledger"),
		missing(s.Trust != nil, "Trust"), missing(s.Readiness != nil, "Readiness"))
}

// ForwardedAddress is the client that the proxy in front names: the last entry of X-Forwarded-For, which is the one that
// the proxy itself has seen and put there. Entries before it are whatever the client claims. Without one that is an
// address it is the connection's. Only for a gateway that nobody but its proxy can reach.
func ForwardedAddress(r *http.Request) string {
	lines := r.Header.Values("X-Forwarded-For")
	if len(lines) == 0 {
		return connectionAddress(r)
	}
	last := lines[len(lines)-1]
	address, err := netip.ParseAddr(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:]))
	if err != nil {
		return connectionAddress(r)
	}
	return address.Unmap().WithZone("").String()
}

func connectionAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
