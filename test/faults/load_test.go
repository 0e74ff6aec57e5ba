package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// What the load is made of. It leaves the machine room to recover in.
const (
	writers     = 2  // a region
	everyRevoke = 5  // of the certificates one is revoked
	quiet       = 10 // answers without valid, one after the other, after which a revocation has arrived at a gateway
	tryAgain    = 100 * time.Millisecond
	calm        = 2 * time.Second // between two requests of a writer or a judge while a node has much to make up for
	patience    = 5 * time.Minute // with a machine that does much else
)

// load issues, revokes and verifies at every gateway until it is stopped, and remembers what was acknowledged.
type load struct {
	t       *testing.T
	w       *world
	ctx     context.Context // the load's life
	stop    context.CancelFunc
	running sync.WaitGroup

	writing, chasing sync.WaitGroup // parts that end by themselves once enough is written
	enough           chan struct{}
	once             sync.Once

	eased atomic.Bool

	mu       sync.Mutex
	issued   []certificate
	revoked  map[string]time.Time // by certificate: when that was acknowledged
	late     []time.Duration      // valid verdicts after a revocation, for each revocation and gateway the last
	asked    int                  // how often a write was tried again
	verdicts map[string]map[api.Result]int
	acks     map[string]int // by region
	took     []time.Duration
	changed  chan struct{} // closed and replaced with every acknowledgement
}

func (w *world) load(t *testing.T) *load {
	l := &load{t: t, w: w, revoked: map[string]time.Time{}, verdicts: map[string]map[api.Result]int{}, acks: map[string]int{},
		changed: make(chan struct{}), enough: make(chan struct{})}
	l.ctx, l.stop = context.WithCancel(context.Background())
	t.Cleanup(l.end)
	for _, g := range w.Gateways {
		l.verdicts[g.Code] = map[api.Result]int{}
		for range writers {
			l.writing.Go(func() { l.write(g) })
		}
		l.running.Go(func() { l.judge(g) })
	}
	return l
}

// ease makes the load a light one while something is done for which the machine is to have the time: a peer that fetches the
// chain validates every transaction of it anew, on the processors that the load is on.
func (l *load) ease(do func()) {
	l.eased.Store(true)
	do()
	l.eased.Store(false)
}

// pace lies between two requests of a writer or a judge.
func (l *load) pace(usual time.Duration) time.Duration {
	if l.eased.Load() {
		return calm
	}
	return usual
}

// end stops the load and waits for it: what is under way is answered, what became of revocations is followed to its end.
func (l *load) end() {
	l.once.Do(func() { close(l.enough) })
	l.writing.Wait()
	l.chasing.Wait()
	l.stop()
	l.running.Wait()
}

func (l *load) over() bool {
	select {
	case <-l.enough:
		return true
	default:
		return l.ctx.Err() != nil
	}
}

func at(g *fabricnet.Gateway) address { return address{g.URL, g.Token} }

// write issues one certificate after the other, each until it is acknowledged, and revokes some.
func (l *load) write(g *fabricnet.Gateway) {
	for !l.over() {
		n := int(serial.Add(1))
		wanted, err := newCertificate(g, n)
		if err != nil {
			assert.Fail(l.t, err.Error())
			return
		}
		var c api.IssuedCertificate
		began := time.Now()
		if !l.until(func() (err error) {
			c, err = at(g).issue(l.ctx, fmt.Sprintf("load-issue-%08d", n), wanted)
			return err
		}) {
			return
		}
		l.acknowledged(g, certificate{c, g, n}, time.Since(began))
		if n%everyRevoke == 0 {
			l.revoke(certificate{c, g, n})
		}
		rest(l.ctx, l.pace(0))
	}
}

// until tries until it succeeds; false: the load has ended, or the answer was a refusal, which fails the test.
func (l *load) until(try func() error) bool {
	for !l.over() {
		err := try()
		if err == nil {
			return true
		}
		var no *statusError
		if errors.As(err, &no) && no.status < http.StatusInternalServerError && no.status != http.StatusTooManyRequests &&
			no.status != http.StatusConflict {
			assert.NoError(l.t, err, "a write was refused")
			return false
		}
		l.mu.Lock()
		l.asked++
		l.mu.Unlock()
		rest(l.ctx, tryAgain)
	}
	return false
}

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (l *load) acknowledged(g *fabricnet.Gateway, c certificate, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.issued = append(l.issued, c)
	l.acks[g.Code]++
	l.took = append(l.took, took)
	close(l.changed)
	l.changed = make(chan struct{})
}

// revoke revokes a certificate and follows what every gateway says of it.
func (l *load) revoke(c certificate) {
	requests := make([]api.VerificationRequest, len(l.w.Gateways))
	for i, g := range l.w.Gateways {
		if !l.until(func() (err error) {
			requests[i], err = l.present(c, g)
			return err
		}) {
			return
		}
	}
	key := fmt.Sprintf("load-revoke-%08d", serial.Add(1))
	if !l.until(func() error { return at(c.issuer).revoke(l.ctx, key, c.authority(), c.ID) }) {
		return
	}
	now := time.Now()
	l.mu.Lock()
	l.revoked[c.ID] = now
	l.mu.Unlock()
	for i, g := range l.w.Gateways {
		l.chasing.Go(func() { l.chase(g, requests[i], now) })
	}
}

// chase asks a gateway about a revoked certificate until it does not call it valid for a while.
func (l *load) chase(g *fabricnet.Gateway, request api.VerificationRequest, revoked time.Time) {
	var last time.Duration
	for silent := 0; silent < quiet && l.ctx.Err() == nil; silent++ {
		asked := time.Since(revoked)
		v, err := at(g).verify(l.ctx, request)
		if err == nil && v.Result == "valid" {
			last, silent = asked, 0
		}
		rest(l.ctx, tryAgain)
	}
	if last > usual {
		l.t.Logf("%s called a certificate valid until %v after its revocation", g.Code, last.Round(time.Millisecond))
	}
	l.mu.Lock()
	l.late = append(l.late, last)
	l.mu.Unlock()
}

// present discloses a certificate to a gateway.
func (l *load) present(c certificate, to *fabricnet.Gateway) (api.VerificationRequest, error) {
	nonce := fmt.Sprintf("nonce-%016d", serial.Add(1))
	var p api.Presentation
	err := at(c.issuer).call(l.ctx, "/v1/certificates/"+c.ID+"/presentations", "",
		api.PresentationRequest{Fields: gatewaytest.Disclosed(), Audience: to.Audience(), Nonce: nonce}, &p)
	return api.VerificationRequest{Presentation: p.Presentation, Receipt: p.Receipt, UseCause: gatewaytest.UseCause,
		Scenario: gatewaytest.Scenario, Audience: to.Audience(), Nonce: nonce}, err
}

// judge verifies what was issued anywhere, one after the other. A certificate that nobody has revoked is never called anything
// but valid or undetermined.
func (l *load) judge(g *fabricnet.Gateway) {
	for i := 0; l.ctx.Err() == nil; i++ {
		rest(l.ctx, l.pace(tryAgain))
		l.mu.Lock()
		n := len(l.issued)
		var c certificate
		if n > 0 {
			c = l.issued[(i*7919+n/2)%n]
		}
		l.mu.Unlock()
		if n == 0 {
			continue
		}
		l.verdict(g, c)
	}
}

func (l *load) verdict(g *fabricnet.Gateway, c certificate) {
	request, err := l.present(c, g)
	if err != nil {
		return // the issuer's gateway is the one that is down
	}
	v, err := at(g).verify(l.ctx, request)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.verdicts[g.Code][v.Result]++
	switch v.Result {
	case "valid", "undetermined":
	case "revoked":
		assert.Zero(l.t, c.n%everyRevoke, "%s calls a certificate revoked that nobody revoked", g.Code)
	default:
		assert.Fail(l.t, "a wrong verdict", "%s: %s %s", g.Code, v.Result, v.Code)
	}
}

// progress waits until every one of the regions has so many acknowledgements more, and returns how long the first took that was
// asked for after the call, by any of them.
func (l *load) progress(t *testing.T, about string, count int, regions ...string) time.Duration {
	t.Helper()
	began := time.Now()
	l.mu.Lock()
	want := maps.Clone(l.acks)
	l.mu.Unlock()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	var first time.Duration
	for {
		l.mu.Lock()
		changed, missing := l.changed, 0
		for _, r := range regions {
			missing += max(0, want[r]+count-l.acks[r])
			if first == 0 && l.acks[r] >= want[r]+writers+1 {
				first = time.Since(began) // more than were on their way: this one was asked for since
			}
		}
		l.mu.Unlock()
		if missing == 0 {
			return first
		}
		select {
		case <-changed:
		case <-timeout.C:
			for _, r := range regions {
				t.Logf("%s has %d, is to have %d\n%s", r, l.count(r), want[r]+count, l.w.At(r).Log.Last(12))
			}
			require.Failf(t, "no progress", "%s: %d acknowledgements of %v are missing", about, missing, regions)
		}
	}
}

// count is how many acknowledgements a region has.
func (l *load) count(region string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acks[region]
}

// regions are those of all gateways but some.
func (w *world) regions(but ...string) (codes []string) {
	for _, g := range w.Gateways {
		if !slices.Contains(but, g.Code) {
			codes = append(codes, g.Code)
		}
	}
	return codes
}

// newCertificate is the request for the sample constructor's certificate number n.
func newCertificate(g *fabricnet.Gateway, n int) (api.NewCertificate, error) {
	i := slices.IndexFunc(g.Authorities, func(a sample.Authority) bool { return slices.Contains(a.Types, sample.TypeConstructor) })
	a := g.Authorities[i]
	generator, err := sample.New(1, a.Code, a.Name, a.Division)
	if err != nil {
		return api.NewCertificate{}, err
	}
	record, err := generator.On(time.Now()).Record(sample.TypeConstructor, n)
	if err != nil {
		return api.NewCertificate{}, err
	}
	fields, err := json.Marshal(record.Values())
	return api.NewCertificate{Authority: string(a.Code), Type: string(sample.TypeConstructor), TypeVersion: 1, Fields: fields}, err
}

func quantile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)].Round(time.Millisecond)
}
