package faults_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/client/fabric/peertest"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// unmasked is what becomes of a lie.
type unmasked int

const (
	refused      unmasked = iota // the client sees it and takes its blocks from another region's peer
	contradicted                 // the regions' statements tell it: verdicts are undetermined until the index is rebuilt
	harmless                     // it changes nothing
)

// lyingPeer: promise 5. The operator of a province's own peer shows its gateway something else than the chain, at the moment
// when a certificate is revoked elsewhere. No gateway calls it valid beyond the bound, and once the peer is honest again all is
// as if nothing had been.
func (w *world) lyingPeer(t *testing.T) {
	lies := []struct {
		end  unmasked
		make func(c certificate, v *fabricnet.Gateway) *peertest.Lie
	}{
		{contradicted, func(c certificate, _ *fabricnet.Gateway) *peertest.Lie { return peertest.FlipToInvalid(c.about) }},
		{refused, func(c certificate, _ *fabricnet.Gateway) *peertest.Lie { return peertest.Drop(c.about) }},
		{refused, func(c certificate, _ *fabricnet.Gateway) *peertest.Lie { return peertest.Reorder(c.about) }},
		{refused, func(c certificate, _ *fabricnet.Gateway) *peertest.Lie { return peertest.Fork(c.about) }},
		{refused, func(c certificate, _ *fabricnet.Gateway) *peertest.Lie { return peertest.Alter(c.about, false) }},
		{refused, func(c certificate, _ *fabricnet.Gateway) *peertest.Lie { return peertest.Alter(c.about, true) }},
		{refused, func(certificate, *fabricnet.Gateway) *peertest.Lie { return peertest.Freeze(false) }},
		{refused, func(certificate, *fabricnet.Gateway) *peertest.Lie { return peertest.Freeze(true) }},
		{harmless, func(certificate, *fabricnet.Gateway) *peertest.Lie { return peertest.Exaggerate(1000) }},
	}
	for _, lie := range lies {
		issuer, verifier := w.picked(t)
		c := w.issue(t, issuer)
		w.becomes(t, c, verifier, "valid")
		told := lie.make(c, verifier)
		t.Run(told.Name, func(t *testing.T) { w.lied(t, c, verifier, told, lie.end, func() time.Time { return c.revoke(t) }) })
	}
	t.Run("rolls back", w.rolledBack)
	t.Run("flips invalid to valid", w.revived)
}

// lied begins a lie to one gateway, lets the certificate be revoked, and holds every gateway to the bound.
func (w *world) lied(t *testing.T, c certificate, verifier *fabricnet.Gateway, lie *peertest.Lie, end unmasked, revoke func() time.Time) {
	before := verifier.Log.Text()
	proxy := w.own(verifier.Code)
	told := proxy.Told()
	proxy.Lie(lie)
	revoked := revoke()
	w.traffic(t)
	last, counts := w.watch(t, c, revoked, 2*time.Second)
	require.Positive(t, proxy.Told()-told, "nothing was lied about")
	logged := verifier.Log.Text()[len(before):]
	switch end {
	case contradicted:
		w.frozen(t, verifier)
		require.Contains(t, logged, "index frozen")
	case refused:
		require.Contains(t, logged, "a peer serves no blocks")
		w.becomes(t, c, verifier, "revoked")
	case harmless:
		w.becomes(t, c, verifier, "revoked")
	}
	proxy.Lie(nil)
	if end == contradicted {
		verifier.Rebuild() // as docs/operations.md has it
	}
	w.Settle()
	for _, g := range w.Gateways {
		w.becomes(t, c, g, "revoked")
	}
	w.sameEverywhere(t)
	t.Logf("%s to %s, %d times: last called valid %v after the revocation was acknowledged; verdicts %v", lie.Name, verifier.Code,
		proxy.Told()-told, max(last, 0).Round(time.Millisecond), counts)
}

// watch asks every gateway about a certificate that is revoked until none has called it valid for a while, and returns when the
// last one did, after the acknowledgement. More than the usual bound fails.
func (w *world) watch(t *testing.T, c certificate, revoked time.Time, quiet time.Duration) (last time.Duration, counts map[api.Result]int) {
	t.Helper()
	requests := make([]api.VerificationRequest, len(w.Gateways))
	for i, g := range w.Gateways {
		requests[i] = c.present(t, g)
	}
	counts = map[api.Result]int{}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for last = 0; time.Since(revoked) < last+quiet; <-tick.C {
		for i, g := range w.Gateways {
			asked := time.Since(revoked)
			v := g.For(t).Verify(requests[i])
			counts[v.Result]++
			if v.Result == "valid" {
				last = asked
				require.Less(t, last, hard, "%s calls a certificate valid that was revoked: %+v", g.Code, v.Checks)
				continue
			}
			require.Contains(t, []api.Result{"revoked", "suspended", "undetermined"}, v.Result, "%s: %s", g.Code, v.Code)
		}
	}
	return last, counts
}

// frozen requires the alarm of a contradiction: verdict, metrics, readiness.
func (w *world) frozen(t *testing.T, g *fabricnet.Gateway) {
	t.Helper()
	require.Error(t, g.Gateway.Index().Frozen())
	metrics := func() string {
		return string(g.For(t).Client.Do(apitest.Request{Path: "/metrics", Undocumented: true}).Body)
	}
	require.Eventually(t, func() bool { return frozenMetric.MatchString(metrics()) }, 5*time.Second, 50*time.Millisecond,
		"huzheng_witness_frozen is not raised")
}

// rolledBack: the peer comes back with an older ledger while its gateway is started again.
func (w *world) rolledBack(t *testing.T) {
	issuer, verifier := w.picked(t)
	c := w.issue(t, issuer)
	w.becomes(t, c, verifier, "valid")
	w.lied(t, c, verifier, peertest.RollBack(verifier.Gateway.Index().Next()-3), refused, func() time.Time {
		verifier.Reopen()
		return c.revoke(t)
	})
}
