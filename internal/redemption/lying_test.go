package redemption_test

import (
	"context"
	"crypto/rand"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/peer"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/redemption"
)

// liar is a home between the verifier and the truth: what it changes is the test's.
type liar struct {
	redemption.Homes
	redeem  func(out *peer.Reserved, err error) (*peer.Reserved, error)
	consume func(err error) error
}

func (l *liar) Redeem(ctx context.Context, home string, r *peer.Redeem) (*peer.Reserved, error) {
	out, err := l.Homes.Redeem(ctx, home, r)
	if l.redeem != nil {
		return l.redeem(out, err)
	}
	return out, err
}

func (l *liar) Consume(ctx context.Context, home string, u *peer.Use) error {
	err := l.Homes.Consume(ctx, home, u)
	if l.consume != nil {
		return l.consume(err)
	}
	return err
}

// notes is a Store in memory, over a vault's receipts.
type notes struct {
	mu      sync.Mutex
	byOp    map[string]*custody.Redemption
	receipt func(id string) (*custody.AuditEntry, error)
}

func (n *notes) Redemption(op string) (*custody.Redemption, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.byOp[op], nil
}

func (n *notes) PutRedemption(_ context.Context, op string, r *custody.Redemption) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.byOp[op] = r
	return nil
}

func (n *notes) Receipt(id string) ([]byte, error) {
	e, err := n.receipt(id)
	if err != nil {
		return nil, err
	}
	return e.JWS, nil
}

// TestALyingHomeMakesNoVerdict has a home present what does not hold, in every way, and acknowledge what it should not.
func TestALyingHomeMakesNoVerdict(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	var ids [2][32]byte
	for i := range ids {
		id, err := custody.ParseID(home.Constructor(i + 1).ID)
		require.NoError(t, err)
		ids[i] = id
	}
	certificate, err := home.Gateway.Vault().Certificate(ids[0])
	require.NoError(t, err)
	w.Settle()
	n := 0
	code := func() string {
		n++
		c, err := home.Gateway.Codes().Create(t.Context(), strconv.Itoa(n), &proofcode.NewCode{Subject: certificate.Subject, UseCause: gatewaytest.UseCause,
			Scenario: gatewaytest.Scenario, Life: 600, Uses: 1, Audience: custody.Audience{Kind: custody.AudienceAny},
			Shown: []custody.Shown{{Commitment: ids[0], Fields: gatewaytest.Disclosed()}}})
		require.NoError(t, err)
		return home.Gateway.Codes().Short(c)
	}
	homes := &liar{Homes: abroad.Gateway.PeerClient()}
	service, err := redemption.New(redemption.Options{Homes: homes, Judge: abroad.Gateway.Verifier(), Random: rand.Reader, Clock: time.Now,
		Store:    &notes{byOp: map[string]*custody.Redemption{}, receipt: abroad.Gateway.Vault().AuditByReceipt},
		Member:   func(region string) bool { return region == home.Code },
		Audience: func() (string, error) { return abroad.Audience(), nil }})
	require.NoError(t, err)
	try := func(text string) (*redemption.Result, error) {
		n++
		return service.Redeem(t.Context(), &redemption.Request{Operation: strconv.Itoa(n), Code: text, Credential: "window", Verifier: "窗口", Tenant: "中心"})
	}
	var earlier peer.Reserved
	homes.redeem = func(out *peer.Reserved, err error) (*peer.Reserved, error) {
		earlier = *out
		return out, err
	}
	r, err := try(code())
	require.NoError(t, err)
	require.Equal(t, attest.Valid, r.Result, r.Code)

	change := func(f func(out *peer.Reserved)) func(*peer.Reserved, error) (*peer.Reserved, error) {
		return func(out *peer.Reserved, err error) (*peer.Reserved, error) {
			f(out)
			return out, err
		}
	}
	for name, lie := range map[string]func(*peer.Reserved, error) (*peer.Reserved, error){
		"nothing presented": change(func(out *peer.Reserved) { out.Items = nil }),
		"garbage":           change(func(out *peer.Reserved) { out.Items[0].Presentation = []byte("e30.e30.AA~") }),
		"a replay":          change(func(out *peer.Reserved) { out.Items = earlier.Items }),
		"a changed field":   change(func(out *peer.Reserved) { out.Items[0].Presentation[len(out.Items[0].Presentation)/2] ^= 1 }),
		"no binding":        change(func(out *peer.Reserved) { out.Items[0].Presentation = unbound(out.Items[0].Presentation) }),
		"another receipt":   change(func(out *peer.Reserved) { out.Items[0].Receipt = []byte(`{"v":1}`) }),
		"no receipt":        change(func(out *peer.Reserved) { out.Items[0].Receipt = nil }),
		"another scenario":  change(func(out *peer.Reserved) { out.Scenario = "" }),
		"no purpose":        change(func(out *peer.Reserved) { out.UseCause = "" }),
		"unreachable": func(*peer.Reserved, error) (*peer.Reserved, error) {
			return nil, attest.Errorf(attest.CodeRegionUnreachable, "down")
		},
		"a fault of its own": func(*peer.Reserved, error) (*peer.Reserved, error) {
			return nil, attest.Errorf(attest.CodeUnavailable, "down")
		},
	} {
		t.Run(name, func(t *testing.T) {
			homes.redeem = lie
			r, err := try(code())
			require.NoError(t, err)
			assert.Equal(t, attest.Undetermined, r.Result, "%s", r.Code)
			assert.False(t, r.Consumed)
			zh, _ := attest.Explain(r.Code)
			assert.NotEmpty(t, zh, "there is something to tell")
			for _, a := range r.Answers {
				assert.Nil(t, a.Claims, "nothing is shown without a verdict")
			}
		})
	}
	homes.redeem = nil
	t.Run("no acknowledgement", func(t *testing.T) {
		text := code()
		homes.consume = func(error) error { return attest.Errorf(attest.CodeRegionSlow, "lost") }
		n++
		request := &redemption.Request{Operation: strconv.Itoa(n), Code: text, Credential: "window", Verifier: "窗口", Tenant: "中心"}
		r, err := service.Redeem(t.Context(), request)
		require.NoError(t, err)
		assert.Equal(t, attest.Undetermined, r.Result)
		assert.Equal(t, attest.CodeRedemptionUnconfirmed, r.Code)
		assert.Empty(t, r.Answers, "no verdict is told before the home has acknowledged it")
		homes.consume = nil
		r, err = service.Redeem(t.Context(), request)
		require.NoError(t, err)
		assert.Equal(t, attest.Valid, r.Result, "a retry picks the same use up")
		assert.NotEmpty(t, r.Answers[0].Claims)
		_, err = try(text)
		assert.Equal(t, attest.CodeProofCodeUnusable, attest.CodeOf(err), "and it counts once")
	})
	t.Run("throttled", func(t *testing.T) {
		limited := 0
		for range int(proofcode.CallerLimit.Burst) + 10 {
			_, err := try("44-0000-0000-0")
			if attest.CodeOf(err) == attest.CodeRateLimited {
				limited++
			} else {
				assert.Equal(t, attest.CodeProofCodeFormat, attest.CodeOf(err))
			}
		}
		assert.Greater(t, limited, 5)
	})
}

func unbound(presentation []byte) []byte {
	for i := len(presentation) - 1; ; i-- {
		if presentation[i] == '~' {
			return presentation[:i+1]
		}
	}
}
