package peer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/sony/gobreaker/v2"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// ClientOptions say how other regions are asked. Identity and Address are needed.
type ClientOptions struct {
	Identity *Identity
	Address  func(region string) (hostPort string, err error)

	Try     time.Duration // for one try; zero: DefaultTry
	Total   time.Duration // for an operation with its repetitions; zero: DefaultTotal
	Tries   uint          // at most; zero: DefaultTries
	Trip    uint32        // failures in a row after which a region is not asked for a moment; zero: DefaultTrip
	Recover time.Duration // how long that moment is; zero: DefaultRecover
}

// The defaults of a client. An officer waits: what is not answered within Total is told to be so.
const (
	DefaultTry     = 2 * time.Second
	DefaultTotal   = 5 * time.Second
	DefaultTries   = 3
	DefaultTrip    = 8
	DefaultRecover = 5 * time.Second
)

// Client asks other regions' gateways. Safe for concurrent use.
//
// Errors of every method: the codes of answerable, as the other side gave them; REGION_UNREACHABLE, REGION_SLOW,
// REGION_PAUSED, REGION_IDENTITY, REGION_ANSWER where there is no answer to rely on. After those it is not known whether the
// operation was done: repeating it is harmless.
type Client struct {
	o       ClientOptions
	mu      sync.Mutex
	regions map[string]*region
}

type region struct {
	http    *http.Client
	breaker *gobreaker.CircuitBreaker[[]byte]
}

// NewClient makes a client.
func NewClient(o ClientOptions) *Client {
	or := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	or(&o.Try, DefaultTry)
	or(&o.Total, DefaultTotal)
	or(&o.Recover, DefaultRecover)
	if o.Tries == 0 {
		o.Tries = DefaultTries
	}
	if o.Trip == 0 {
		o.Trip = DefaultTrip
	}
	return &Client{o: o, regions: map[string]*region{}}
}

// Close gives idle connections up.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.regions {
		r.http.CloseIdleConnections()
	}
}

func (c *Client) region(code string) *region {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.regions[code]
	if !ok {
		r = &region{
			http: &http.Client{
				Transport: &http.Transport{TLSClientConfig: c.o.Identity.config(code), MaxIdleConnsPerHost: 64, MaxConnsPerHost: 256,
					IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: c.o.Try, DisableCompression: true},
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			},
			breaker: gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{Name: code, Timeout: c.o.Recover, MaxRequests: 4,
				ReadyToTrip:  func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= c.o.Trip },
				IsSuccessful: func(err error) bool { return err == nil || answered(err) },
				IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) }}),
		}
		c.regions[code] = r
	}
	return r
}

// answered tells a refusal by the other side from a failure to get its answer.
func answered(err error) bool {
	code := attest.CodeOf(err)
	_, ok := answerable[code]
	return ok && code != attest.CodeUnavailable
}

// ask sends a message and reads the answer, with repetitions.
func (c *Client) ask(ctx context.Context, code, path string, in, out message) error {
	address, err := c.o.Address(code)
	if err != nil {
		return attest.Errorf(attest.CodeRegionUnreachable, "no address of region %s is known", code)
	}
	r := c.region(code)
	total, cancel := context.WithTimeout(ctx, c.o.Total)
	defer cancel()
	body, waits := encode(in), backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval = 50*time.Millisecond, time.Second
	_, err = backoff.Retry(total, func() (struct{}, error) {
		answer, err := r.breaker.Execute(func() ([]byte, error) { return c.try(total, r, code, "https://"+address+path, body) })
		if err == nil {
			if err = decode(answer, out); err != nil {
				err = attest.Errorf(attest.CodeRegionAnswer, "the region's answer cannot be read: %s", attest.CodeOf(err))
			}
		}
		if err != nil && !worthRepeating(err) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(waits), backoff.WithMaxTries(c.o.Tries))
	return named(err)
}

func worthRepeating(err error) bool {
	switch attest.CodeOf(named(err)) {
	case attest.CodeRegionUnreachable, attest.CodeRegionSlow, attest.CodeUnavailable:
		return true
	}
	return false
}

// named gives a failure the code that a citizen can be told.
func named(err error) error {
	var permanent *backoff.PermanentError
	if errors.As(err, &permanent) {
		err = permanent.Unwrap()
	}
	var coded *attest.Error
	var timeout net.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return attest.Errorf(attest.CodeRegionPaused, "the region has failed repeatedly and is not asked for a moment")
	case errors.As(err, &coded):
		return coded
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return attest.Errorf(attest.CodeRegionSlow, "the region did not answer in time")
	}
	return attest.Errorf(attest.CodeRegionUnreachable, "the region cannot be reached")
}

func (c *Client) try(ctx context.Context, r *region, code, address string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Try)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := r.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if who, err := c.o.Identity.regionOf(response.TLS); err != nil || who != code { // also on a connection that is kept
		r.http.CloseIdleConnections()
		return nil, errors.Join(stranger("the answer is not of region %s", code), err)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, MaxBody+1))
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return answer, nil
	}
	refusal := &text{name: "code"}
	if err := decode(answer, refusal); err != nil {
		return nil, attest.Errorf(attest.CodeRegionAnswer, "the region's refusal cannot be read")
	}
	if status, ok := answerable[attest.Code(refusal.value)]; !ok || status != response.StatusCode {
		return nil, attest.Errorf(attest.CodeRegionAnswer, "the region refuses with a code that is none")
	}
	return nil, attest.Errorf(attest.Code(refusal.value), "the home region refuses")
}

// Redeem reserves a use at the home and has it present.
func (c *Client) Redeem(ctx context.Context, home string, r *Redeem) (*Reserved, error) {
	out := &Reserved{}
	err := c.ask(ctx, home, pathRedeem, r, out)
	if err == nil && out.Operation != r.Operation {
		err = another()
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func another() error {
	return attest.Errorf(attest.CodeRegionAnswer, "the region's answer is about another operation")
}

// Consume makes a use count. Only nil means that it does.
func (c *Client) Consume(ctx context.Context, home string, u *Use) error {
	return c.settle(ctx, home, pathConsume, u)
}

// Release gives a use back.
func (c *Client) Release(ctx context.Context, home string, u *Use) error {
	return c.settle(ctx, home, pathRelease, u)
}

func (c *Client) settle(ctx context.Context, home, path string, u *Use) error {
	out := &done{}
	if err := c.ask(ctx, home, path, u, out); err != nil {
		return err
	}
	if out.operation != u.Operation || out.number != u.Number {
		return another()
	}
	return nil
}

// Report tells a home of receipts of verifications without a code, at most MaxReports.
func (c *Client) Report(ctx context.Context, home string, list []custody.Report) error {
	return c.ask(ctx, home, pathReport, &reports{list}, none{})
}

// Inclusion fetches the inclusion receipt of a commitment.
func (c *Client) Inclusion(ctx context.Context, home string, of [32]byte) ([]byte, error) {
	out := &inclusion{}
	return out.receipt, errors.Join(c.ask(ctx, home, pathInclusion, &commitment{of}, out))
}

// Status fetches a hint at a certificate's status.
func (c *Client) Status(ctx context.Context, home string, of [32]byte) (*Hint, error) {
	out := &Hint{}
	return out, c.ask(ctx, home, pathStatus, &commitment{of}, out)
}
