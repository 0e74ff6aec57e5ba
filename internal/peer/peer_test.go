package peer_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/peer"
	"github.com/huzheng-ledger/huzheng/internal/testkeys"
)

const network = "test-network"

// keys are what the ledger says of gateway keys.
type keys map[string]*attest.Key

func (k keys) Key(id string) (*attest.Key, error) { return k[id], nil }

func (k keys) identity(t *testing.T, region string, suite attest.Suite) *peer.Identity {
	t.Helper()
	signer := testkeys.Signer(t, suite, region+"#gw-1")
	if k[signer.KeyID()] == nil {
		k[signer.KeyID()] = &attest.Key{ID: signer.KeyID(), Use: attest.UseGateway, Public: signer.Public()}
	}
	return &peer.Identity{Network: network, Region: region, Signer: func() attest.Signer { return signer }, Keys: k, Clock: time.Now}
}

// home answers as it is told to.
type home struct {
	peer.Home
	redeem func(region string, r *peer.Redeem) (*peer.Reserved, error)
	asked  atomic.Int64
}

func (h *home) Redeem(_ context.Context, region string, r *peer.Redeem) (*peer.Reserved, error) {
	h.asked.Add(1)
	return h.redeem(region, r)
}

func (h *home) Consume(context.Context, string, *peer.Use) error { return nil }

func serve(t *testing.T, identity *peer.Identity, h peer.Home) (address string) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	server := &peer.Server{Identity: identity, Home: h, Log: slog.New(slog.DiscardHandler)}
	go func() { ended <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return l.Addr().String()
}

func client(t *testing.T, identity *peer.Identity, address string) *peer.Client {
	t.Helper()
	c := peer.NewClient(peer.ClientOptions{Identity: identity, Try: 300 * time.Millisecond, Total: time.Second, Tries: 2, Trip: 3, Recover: 50 * time.Millisecond,
		Address: func(string) (string, error) { return address, nil }})
	t.Cleanup(c.Close)
	return c
}

func ask(t *testing.T, c *peer.Client) error {
	t.Helper()
	_, err := c.Redeem(t.Context(), "440000", &peer.Redeem{Operation: "op", Code: "c", Caller: "x", Verifier: "窗口", Audience: "a", Nonce: "n"})
	return err
}

func good(string, *peer.Redeem) (*peer.Reserved, error) {
	return &peer.Reserved{Code: "id", Number: 1, UseCause: "u", Scenario: "s", Items: []peer.Item{{Presentation: []byte("p"), Receipt: []byte(`{"a":1}`)}}}, nil
}

func TestRegionsKnowEachOtherByTheLedgersKeys(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		ledger := keys{}
		var asker string
		h := &home{redeem: func(region string, r *peer.Redeem) (*peer.Reserved, error) {
			asker = region
			return good(region, r)
		}}
		address := serve(t, ledger.identity(t, "440000", suite), h)
		c := client(t, ledger.identity(t, "510000", suite), address)
		out, err := c.Redeem(t.Context(), "440000", &peer.Redeem{Operation: "op", Code: "c", Caller: "x", Verifier: "窗口", Audience: "a", Nonce: "n"})
		require.NoError(t, err)
		assert.Equal(t, "510000", asker)
		assert.JSONEq(t, `{"a":1}`, string(out.Items[0].Receipt))
		require.NoError(t, c.Consume(t.Context(), "440000", &peer.Use{Operation: "op", Code: "id", Number: 1, Receipts: [][]byte{[]byte("r")}}))

		ledger["510000#gw-1"].Retired = true // also on the connection that is open
		require.Error(t, ask(t, c))
		assert.EqualValues(t, 1, h.asked.Load(), "a retired key is not let in")
	}
}

func TestStrangersAreRefused(t *testing.T) {
	for name, change := range map[string]func(ledger keys, server, asker *peer.Identity){
		"the home's key is not registered": func(l keys, _, _ *peer.Identity) { delete(l, "440000#gw-1") },
		"the home's key is retired":        func(l keys, _, _ *peer.Identity) { l["440000#gw-1"].Retired = true },
		"the home's key is compromised":    func(l keys, _, _ *peer.Identity) { l["440000#gw-1"].CompromisedFrom = 7 },
		"the home's key is for governing":  func(l keys, _, _ *peer.Identity) { l["440000#gw-1"].Use = attest.UseGovern },
		"another network":                  func(_ keys, s, _ *peer.Identity) { s.Network = "other" },
		"another region answers":           func(_ keys, s, a *peer.Identity) { s.Region, s.Signer = a.Region, a.Signer },
		"a region claims to be another":    func(_ keys, s, a *peer.Identity) { s.Signer = a.Signer },
		"the certificate's day is over": func(_ keys, s, _ *peer.Identity) {
			s.Clock = func() time.Time { return time.Now().Add(-48 * time.Hour) }
		},
		"the asker's key is not registered": func(l keys, _, _ *peer.Identity) { delete(l, "510000#gw-1") },
	} {
		t.Run(name, func(t *testing.T) {
			ledger := keys{}
			server, asker := ledger.identity(t, "440000", attest.SuiteStd), ledger.identity(t, "510000", attest.SuiteStd)
			change(ledger, server, asker)
			h := &home{redeem: good}
			err := ask(t, client(t, asker, serve(t, server, h)))
			require.Error(t, err)
			assert.Contains(t, []attest.Code{attest.CodeRegionIdentity, attest.CodeRegionUnreachable, attest.CodeRegionSlow}, attest.CodeOf(err), "%v", err)
			assert.Zero(t, h.asked.Load(), "nothing was asked of a stranger, nor by one")
		})
	}
}

func TestClocksMayBeTenMinutesApart(t *testing.T) {
	for _, minutes := range []time.Duration{-10, 10} {
		ledger := keys{}
		server, asker := ledger.identity(t, "440000", attest.SuiteStd), ledger.identity(t, "510000", attest.SuiteStd)
		asker.Clock = func() time.Time { return time.Now().Add(minutes * time.Minute) }
		require.NoError(t, ask(t, client(t, asker, serve(t, server, &home{redeem: good}))))
	}
}

func TestAHomeThatFailsIsNamedAndThenLeftAlone(t *testing.T) {
	ledger := keys{}
	asker := ledger.identity(t, "510000", attest.SuiteStd)
	var answer atomic.Pointer[func(string, *peer.Redeem) (*peer.Reserved, error)]
	h := &home{redeem: func(region string, r *peer.Redeem) (*peer.Reserved, error) { return (*answer.Load())(region, r) }}
	set := func(f func(string, *peer.Redeem) (*peer.Reserved, error)) { answer.Store(&f) }
	address := serve(t, ledger.identity(t, "440000", attest.SuiteStd), h)
	for name, c := range map[string]struct {
		answer func(string, *peer.Redeem) (*peer.Reserved, error)
		code   attest.Code
	}{
		"refused": {func(string, *peer.Redeem) (*peer.Reserved, error) {
			return nil, attest.Errorf(attest.CodeProofCodeUnusable, "no")
		}, attest.CodeProofCodeUnusable},
		"too many": {func(string, *peer.Redeem) (*peer.Reserved, error) {
			return nil, attest.Errorf(attest.CodeRateLimited, "no")
		}, attest.CodeRateLimited},
		"a fault inside": {func(string, *peer.Redeem) (*peer.Reserved, error) { return nil, errors.New("disk of a person") }, attest.CodeUnavailable},
		"slow": {func(string, *peer.Redeem) (*peer.Reserved, error) {
			<-t.Context().Done()
			return nil, t.Context().Err()
		}, attest.CodeRegionSlow},
		"no JSON inside it": {func(string, *peer.Redeem) (*peer.Reserved, error) {
			return &peer.Reserved{Items: []peer.Item{{Receipt: []byte("{")}}}, nil
		}, attest.CodeRegionAnswer},
	} {
		if name == "slow" {
			c.answer = func(string, *peer.Redeem) (*peer.Reserved, error) {
				timer := time.NewTimer(time.Second)
				defer timer.Stop()
				<-timer.C
				return good("", nil)
			}
		}
		set(c.answer)
		assert.Equal(t, c.code, attest.CodeOf(ask(t, client(t, asker, address))), name)
	}
	assert.Equal(t, attest.CodeRegionUnreachable, attest.CodeOf(ask(t, client(t, asker, "127.0.0.1:1"))), "nobody there")

	set(func(string, *peer.Redeem) (*peer.Reserved, error) { return nil, errors.New("down") })
	c := client(t, asker, address)
	for range 3 {
		_ = ask(t, c)
	}
	before := h.asked.Load()
	assert.Equal(t, attest.CodeRegionPaused, attest.CodeOf(ask(t, c)))
	assert.Equal(t, before, h.asked.Load(), "it is not asked for a moment")
	set(good)
	require.Eventually(t, func() bool { return ask(t, c) == nil }, 5*time.Second, 10*time.Millisecond, "and then is again")
}
