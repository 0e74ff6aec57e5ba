package promises_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/peer"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/redemption"
)

var (
	codeAttempts = flag.Int("code-attempts", 800, "redemptions that the test of promise 8 tries")
	codeSeed     = flag.Uint64("code-seed", 1, "seed of its schedule")
)

// codeRound is how many redemptions are tried with one set of codes: they are over long before the codes' short form is.
const codeRound = 4_000

// unreliable carries connections to a gateway and breaks each after a number of bytes that the seed draws, so that requests
// and acknowledgements are lost at every point.
type unreliable struct {
	listener net.Listener
	target   atomic.Pointer[string]
	cuts     atomic.Int64
	mu       sync.Mutex
	rng      *rand.Rand
	wait     sync.WaitGroup
}

func newUnreliable(t *testing.T, seed uint64) *unreliable {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	u := &unreliable{listener: l, rng: rand.New(rand.NewPCG(seed, 8))}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			u.wait.Go(func() { u.carry(c) })
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		u.wait.Wait()
	})
	return u
}

func (u *unreliable) carry(in net.Conn) {
	defer func() { _ = in.Close() }()
	out, err := net.Dial("tcp", *u.target.Load())
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	u.mu.Lock()
	up, down := 1_500+u.rng.Int64N(9_000), 1_500+u.rng.Int64N(14_000)
	u.mu.Unlock()
	ended := make(chan bool, 2)
	copyUpTo := func(to, from net.Conn, n int64) {
		_, err := io.CopyN(to, from, n)
		ended <- err == nil
	}
	go copyUpTo(out, in, up)
	go copyUpTo(in, out, down)
	if <-ended {
		u.cuts.Add(1)
	}
}

// agreed is a code and who has been told a verdict for it.
type agreed struct {
	code *custody.ProofCode
	text string
	mu   sync.Mutex
	told map[string]string // operation → receipts
}

// try is one redemption, which its verifier repeats until it hears something definite.
type try struct {
	at        int
	operation string
	code      *agreed
}

// tally is what became of all redemptions.
type tally struct {
	undetermined, refused atomic.Int64
	codes, told, most     int
	restarts              int
}

// TestACodeIsNeverUsedMoreOftenThanAgreed is promise 8: 64 redeemers at 4 gateways, two of them with clocks ten minutes off,
// connections to the home cut at random, all gateways restarted three times in every round.
func TestACodeIsNeverUsedMoreOftenThanAgreed(t *testing.T) {
	proxy := newUnreliable(t, *codeSeed)
	w, id := worldOfCodes(t, proxy)
	rng := rand.New(rand.NewPCG(*codeSeed, 64))
	sum, start := &tally{}, time.Now()
	for done := 0; done < *codeAttempts; done += codeRound {
		redeemRound(t, w, proxy, id, rng, min(codeRound, *codeAttempts-done), done, sum)
		if done+codeRound < *codeAttempts {
			t.Logf("after %d of %d, %v: %d verdicts told for %d uses", done+codeRound, *codeAttempts,
				time.Since(start).Round(time.Second), sum.told, sum.most)
		}
	}
	t.Logf("%d redemptions of %d codes for %d uses: %d verdicts told, %d attempts refused, %d undetermined, %d connections cut, %d restarts, "+
		"0 uses too many", *codeAttempts, sum.codes, sum.most, sum.told, sum.refused.Load(), sum.undetermined.Load(), proxy.cuts.Load(), sum.restarts)
	assert.Greater(t, sum.told, sum.most/2, "codes were used")
	assert.Positive(t, sum.refused.Load())
	assert.Positive(t, proxy.cuts.Load(), "connections were cut")
	assert.Positive(t, sum.undetermined.Load(), "and answers were lost")
	entries, err := w.Regions[0].Gateway.Vault().CheckUses()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, entries, uint64(sum.told))
}

// worldOfCodes is four gateways that reach the first one's codes through the proxy, and a certificate there.
func worldOfCodes(t *testing.T, proxy *unreliable) (*gatewaytest.World, [32]byte) {
	t.Helper()
	var offset [4]atomic.Int64
	offset[0].Store(int64(-20 * time.Minute)) // so that a gateway whose clock is behind finds the certificate in force
	regions := []string{gatewaytest.Guangdong, gatewaytest.Sichuan, gatewaytest.Hunan, gatewaytest.Chongqing}
	generous := proofcode.Limit{Burst: 1e9, Every: time.Second}
	w := gatewaytest.Found(t, gatewaytest.Options{Regions: regions, BatchWait: 100 * time.Millisecond, Witness: 100 * time.Millisecond,
		Throttle: gateway.Throttle{Caller: generous, Region: generous},
		Peers: gateway.Peers{Address: func(region string) (string, bool) {
			return proxy.listener.Addr().String(), region == gatewaytest.Guangdong && proxy.target.Load() != nil
		}, Client: peer.ClientOptions{Trip: 1000}},
		Clock: func(region string) func() time.Time {
			for i, r := range regions {
				if r == region {
					return func() time.Time { return time.Now().Add(time.Duration(offset[i].Load())) }
				}
			}
			return nil
		}})
	issued := w.Regions[0].Constructor(1)
	id, err := custody.ParseID(issued.ID)
	require.NoError(t, err)
	w.Settle()
	for i, minutes := range []int64{0, 10, -10, 0} {
		offset[i].Store(minutes * int64(time.Minute))
	}
	return w, id
}

// redeemRound makes codes, has them redeemed in three phases with a restart after each, and counts.
func redeemRound(t *testing.T, w *gatewaytest.World, proxy *unreliable, id [32]byte, rng *rand.Rand, attempts, first int, sum *tally) {
	t.Helper()
	codes := makeCodes(t, w.Regions[0].Gateway, id, rng, max(10, attempts/5), first)
	tries := make([]try, attempts)
	for i := range tries {
		tries[i] = try{at: rng.IntN(len(w.Regions)), operation: fmt.Sprint("try ", first+i), code: codes[rng.IntN(len(codes))]}
	}
	for phase := range 3 {
		address := w.Consortium().PeerAddress(gatewaytest.Guangdong)
		proxy.target.Store(&address)
		w.Settle()
		// The later phases repeat some of what the earlier ones tried: what was told before is told again, and counts once.
		redeemAll(t, w, tries[phase*len(tries)/4:(phase+2)*len(tries)/4], &sum.undetermined, &sum.refused)
		w.Reopen()
		sum.restarts++
	}
	told, most := countUses(t, w.Regions[0].Gateway, codes)
	sum.codes, sum.told, sum.most = sum.codes+len(codes), sum.told+told, sum.most+most
}

func makeCodes(t *testing.T, home *gateway.Gateway, id [32]byte, rng *rand.Rand, n, first int) []*agreed {
	t.Helper()
	certificate, err := home.Vault().Certificate(id)
	require.NoError(t, err)
	codes := make([]*agreed, n)
	var group errgroup.Group
	group.SetLimit(64)
	for i := range codes {
		uses := 1 + rng.IntN(3)
		group.Go(func() error {
			c, err := home.Codes().Create(t.Context(), fmt.Sprint("code ", first, i), &proofcode.NewCode{Subject: certificate.Subject,
				UseCause: gatewaytest.UseCause, Scenario: gatewaytest.Scenario, Life: proofcode.MaxLife, Uses: uses,
				Audience: custody.Audience{Kind: custody.AudienceAny}, Shown: []custody.Shown{{Commitment: id, Fields: gatewaytest.Disclosed()}}})
			if err == nil {
				codes[i] = &agreed{code: c, text: home.Codes().Short(c), told: map[string]string{}}
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	return codes
}

// redeemAll has 64 redeemers work the tries off.
func redeemAll(t *testing.T, w *gatewaytest.World, tries []try, undetermined, refused *atomic.Int64) {
	t.Helper()
	next := make(chan try)
	var wait sync.WaitGroup
	for range 64 {
		wait.Go(func() {
			for one := range next {
				redeemOnce(t, w.Regions[one.at].Gateway, one, undetermined, refused)
			}
		})
	}
	for _, one := range tries {
		next <- one
	}
	close(next)
	wait.Wait()
}

// countUses holds what verifiers were told, and what their home has counted, against what was agreed.
func countUses(t *testing.T, home *gateway.Gateway, codes []*agreed) (told, most int) {
	t.Helper()
	for _, c := range codes {
		require.LessOrEqual(t, len(c.told), c.code.Uses, "verdicts told for one code")
		now, err := home.Vault().Code(c.code.ID)
		require.NoError(t, err)
		consumed := 0
		for _, h := range now.Holds {
			if h.State == custody.HoldConsumed {
				consumed++
			}
		}
		require.LessOrEqual(t, consumed, c.code.Uses)
		require.LessOrEqual(t, len(c.told), consumed, "every verdict that was told is counted")
		told, most = told+len(c.told), most+c.code.Uses
	}
	return told, most
}

func redeemOnce(t *testing.T, g *gateway.Gateway, one try, undetermined, refused *atomic.Int64) {
	for range 3 {
		r, err := g.Redeem(context.WithoutCancel(t.Context()), &redemption.Request{Operation: one.operation, Code: one.code.text, Credential: "window",
			Scenario: gatewaytest.Scenario, Verifier: "窗口", Tenant: "政务服务中心"})
		switch {
		case attest.CodeOf(err) == attest.CodeProofCodeUnusable:
			refused.Add(1)
			return
		case err != nil:
			assert.Fail(t, "no answer", err)
			return
		case r.Result == attest.Undetermined:
			undetermined.Add(1)
			continue
		}
		assert.Equal(t, attest.Valid, r.Result, r.Code)
		assert.True(t, r.Consumed)
		one.code.mu.Lock()
		if before, ok := one.code.told[one.operation]; ok {
			assert.Equal(t, before, string(r.Answers[0].Receipt), "a repeat is told the same")
		}
		one.code.told[one.operation] = string(r.Answers[0].Receipt)
		one.code.mu.Unlock()
		return
	}
}
