package gateway_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	spelling "github.com/huzheng-ledger/huzheng/attest/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/redemption"
)

// operations makes ids that no other operation of the test has.
var operations atomic.Int64

func operation() string { return "operation-" + strconv.FormatInt(operations.Add(1), 10) }

// citizen is somebody with one certificate at home.
type citizen struct {
	home    *gatewaytest.Region
	subject custody.Subject
	id      [32]byte
}

func newCitizen(t *testing.T, home *gatewaytest.Region, n int) *citizen {
	t.Helper()
	issued := home.Constructor(n)
	id, err := custody.ParseID(issued.ID)
	require.NoError(t, err)
	c, err := home.Gateway.Vault().Certificate(id)
	require.NoError(t, err)
	return &citizen{home, c.Subject, id}
}

func (c *citizen) code(t *testing.T, change func(n *proofcode.NewCode)) *custody.ProofCode {
	t.Helper()
	n := &proofcode.NewCode{Subject: c.subject, UseCause: gatewaytest.UseCause, Scenario: gatewaytest.Scenario, Life: 600, Uses: 1,
		Shown: []custody.Shown{{Commitment: c.id, Fields: gatewaytest.Disclosed()}}, Audience: custody.Audience{Kind: custody.AudienceAny}}
	if change != nil {
		change(n)
	}
	made, err := c.home.Gateway.Codes().Create(t.Context(), operation(), n)
	require.NoError(t, err)
	return made
}

func (c *citizen) short(code *custody.ProofCode) string { return c.home.Gateway.Codes().Short(code) }

func (c *citizen) face(t *testing.T, code *custody.ProofCode) string {
	t.Helper()
	face, _, err := c.home.Gateway.Codes().Face(code)
	require.NoError(t, err)
	return face
}

func (c *citizen) uses(t *testing.T) []*custody.Use {
	t.Helper()
	uses, err := c.home.Gateway.Uses(t.Context(), c.subject, 0, 100)
	require.NoError(t, err)
	return uses
}

func redeem(ctx context.Context, g *gateway.Gateway, code, op string) (*redemption.Result, error) {
	return g.Redeem(ctx, &redemption.Request{Operation: op, Code: code, Scenario: gatewaytest.Scenario, Credential: "window-1",
		Verifier: "窗口一", Tenant: "政务服务中心"})
}

func TestACodeIsRedeemedInAnotherProvince(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	c := newCitizen(t, home, 1)
	w.Settle()
	for name, spell := range map[string]func(code *custody.ProofCode) string{
		"typed":   c.short,
		"scanned": func(code *custody.ProofCode) string { return c.face(t, code) },
	} {
		code := c.code(t, nil)
		text, op := spell(code), operation()
		before := len(c.uses(t))
		r, err := redeem(t.Context(), abroad.Gateway, text, op)
		require.NoError(t, err, name)
		require.Equal(t, attest.Valid, r.Result, "%s: %s %+v", name, r.Code, r)
		require.True(t, r.Consumed)
		require.Len(t, r.Answers, 1)
		assert.Contains(t, string(r.Answers[0].Claims.JSON()), gatewaytest.Disclosed()[0])

		again, err := redeem(t.Context(), abroad.Gateway, text, op)
		require.NoError(t, err)
		assert.Equal(t, r, again, "a retry gets the same answer")
		_, err = redeem(t.Context(), abroad.Gateway, text, operation())
		assert.Equal(t, attest.CodeProofCodeUnusable, attest.CodeOf(err), "one use was agreed")

		uses := c.uses(t)
		require.Len(t, uses, before+2, "the use and the attempt behind it")
		assert.Equal(t, custody.UseRefused, uses[0].Event)
		assert.Equal(t, attest.CodeProofCodeUsedUp, uses[0].Reason)
		assert.Equal(t, custody.UseVerified, uses[1].Event)
		assert.Equal(t, custody.UseBy{Region: abroad.Code, Verifier: "窗口一", Tenant: "政务服务中心"}, uses[1].By)
		assert.Equal(t, r.Answers[0].Receipt, uses[1].Receipts[0])
		state, left := home.Gateway.Codes().State(mustGet(t, home, c, code.ID))
		assert.Equal(t, proofcode.UsedUp, state)
		assert.Zero(t, left)
	}
	within := c.code(t, nil)
	r, err := redeem(t.Context(), home.Gateway, c.short(within), operation())
	require.NoError(t, err)
	assert.Equal(t, attest.Valid, r.Result, "within the region as well")
}

func mustGet(t *testing.T, home *gatewaytest.Region, c *citizen, id custody.CodeID) *custody.ProofCode {
	t.Helper()
	code, err := home.Gateway.Codes().Get(c.subject, id)
	require.NoError(t, err)
	return code
}

// TestWhatCannotBeUsedLooksAlike tries every way in which a code is worth nothing: outside one answer after one time, for the
// citizen the reason.
func TestWhatCannotBeUsedLooksAlike(t *testing.T) {
	var ahead atomic.Int64 // of the home's clock
	w := gatewaytest.Found(t, gatewaytest.Options{Clock: func(region string) func() time.Time {
		if region != gatewaytest.Guangdong {
			return nil
		}
		return func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	}})
	home, abroad := w.Regions[0], w.Regions[1]
	c := newCitizen(t, home, 1)
	w.Settle()
	codes := home.Gateway.Codes()
	other := codes.Short(c.code(t, nil))
	cancelled := c.code(t, nil)
	_, err := codes.Cancel(t.Context(), c.subject, cancelled.ID)
	require.NoError(t, err)
	used := c.code(t, nil)
	r, err := redeem(t.Context(), abroad.Gateway, c.short(used), operation())
	require.NoError(t, err)
	require.Equal(t, attest.Valid, r.Result)
	stale := c.code(t, nil)
	staleFace := c.face(t, stale)
	ahead.Store(int64(61 * time.Second))
	forged := c.face(t, c.code(t, nil))
	forged = forged[:len(forged)-1] + map[bool]string{true: "0", false: "1"}[forged[len(forged)-1] != '0']

	for name, try := range map[string]struct {
		code   string
		reason attest.Code // for the citizen; empty: nobody is concerned
	}{
		"unknown":   {unknownShort(t, other), ""},
		"cancelled": {c.short(cancelled), attest.CodeProofCodeCancelled},
		"used up":   {c.short(used), attest.CodeProofCodeUsedUp},
		"another audience": {c.short(c.code(t, func(n *proofcode.NewCode) {
			n.Audience = custody.Audience{Kind: custody.AudienceRegion, Region: "430000"}
		})), attest.CodeProofCodeAudience},
		"another office": {c.short(c.code(t, func(n *proofcode.NewCode) {
			n.Audience = custody.Audience{Kind: custody.AudienceOffice, Office: string(home.Authorities[0].Code)}
		})), attest.CodeProofCodeAudience},
		"another scenario": {c.short(c.code(t, func(n *proofcode.NewCode) { n.Scenario = "新生儿入户" })), attest.CodeProofCodeScenario},
		"a stale face":     {staleFace, attest.CodeProofCodeFaceStale},
		"a forged face":    {forged, attest.CodeProofCodeFaceForged},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(c.uses(t))
			start := time.Now()
			_, err := redeem(t.Context(), abroad.Gateway, try.code, operation())
			took := time.Since(start)
			require.EqualError(t, err, "PROOF_CODE_UNUSABLE: the home region refuses")
			assert.GreaterOrEqual(t, took, proofcode.DefaultFloor, "all leave after the same time")
			uses := c.uses(t)
			if try.reason == "" {
				require.Len(t, uses, before)
				return
			}
			require.Len(t, uses, before+1)
			assert.Equal(t, custody.UseRefused, uses[0].Event)
			assert.Equal(t, try.reason, uses[0].Reason)
			assert.Equal(t, abroad.Code, uses[0].By.Region)
		})
	}
	t.Run("expired", func(t *testing.T) {
		live := c.code(t, func(n *proofcode.NewCode) { n.Life = proofcode.MinLife })
		text := c.short(live)
		ahead.Add(int64(31 * time.Second))
		_, err := redeem(t.Context(), abroad.Gateway, text, operation())
		require.EqualError(t, err, "PROOF_CODE_UNUSABLE: the home region refuses")
		assert.Equal(t, attest.CodeProofCodeExpired, c.uses(t)[0].Reason)
	})
}

// unknownShort is a good code that nobody has: like another one, with the next check character that fits.
func unknownShort(t *testing.T, like string) string {
	t.Helper()
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	for _, a := range letters {
		for _, z := range letters {
			text := like[:5] + string(a) + like[6:len(like)-1] + string(z)
			if _, err := spelling.ParseShort(text); err == nil && text != like {
				return text
			}
		}
	}
	require.Fail(t, "no code")
	return ""
}
