package faults_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/client/fabric/peertest"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// apart: promises 1, 5, 7 and 15. A province is cut off, its peer goes on answering what it knows. The others go on; the province
// calls nothing valid beyond the bound, becomes undetermined, and recovers once it is back. (That Fabric's nodes get over a cut
// between them is held by the network module's tests, in network namespaces.)
func (w *world) apart(t *testing.T) {
	lost := w.Gateways[w.rng.IntN(len(w.Gateways))]
	others := w.regions(lost.Code)
	l := w.load(t)
	l.progress(t, "before", more, w.regions()...)
	issuer := w.At(others[0])
	c := w.issue(t, issuer)
	w.becomes(t, c, lost, "valid")
	request := c.present(t, lost)

	heal := w.isolate(t, lost.Code)
	cut := time.Now()
	revoked := c.revoke(t)
	l.progress(t, "without "+lost.Code, more, others...)
	var last time.Duration
	require.Eventually(t, func() bool {
		asked := time.Since(revoked)
		v := lost.For(t).Verify(request)
		if v.Result == "valid" {
			last = asked
		}
		return v.Result == "undetermined" && v.Code == string(attest.CodeIndexStale)
	}, hard+10*time.Second, 100*time.Millisecond, "a province that is cut off does not say so")
	require.LessOrEqual(t, last, hard)
	require.Positive(t, last, "the province was not cut off")
	for _, code := range others {
		w.becomes(t, c, w.At(code), "revoked")
	}
	stale := time.Since(cut)
	heal()
	healed := time.Now()
	w.becomes(t, c, lost, "revoked")
	judges := time.Since(healed)
	l.progress(t, lost.Code+" is back", more, w.regions()...)
	records := time.Since(healed)
	t.Logf("%s cut off: last called valid %v after the revocation, undetermined after %v; judges again %v after the cut is healed, records again after %v",
		lost.Code, last.Round(time.Millisecond), stale.Round(time.Millisecond), judges.Round(time.Millisecond), records.Round(time.Millisecond))
	if onTime(t) {
		require.LessOrEqual(t, records, settled)
	}
	w.together(t)
	l.end()
	slices.Sort(l.late)
	require.LessOrEqual(t, quantile(l.late, 100), hard)
	w.onceEach(t)
	w.sameEverywhere(t)
}

// isolate cuts a region off and returns what heals it. Its gateway finds no other region's peer; its own one answers, gets no
// blocks any more and reaches no orderer. Its orderer stands still, which is what the others see of it.
func (w *world) isolate(t *testing.T, region string) (heal func()) {
	t.Helper()
	orderer := w.pid(t, "orderer."+region)
	require.NoError(t, syscall.Kill(orderer, syscall.SIGSTOP))
	for _, r := range fabricnet.Regions {
		if r.Code != region {
			w.links[link{region, r.Code}].Close()
		}
	}
	own := w.own(region)
	own.Refuse(true)
	own.Lie(peertest.Freeze(true))
	return func() {
		require.NoError(t, syscall.Kill(orderer, syscall.SIGCONT))
		for _, r := range fabricnet.Regions {
			w.links[link{region, r.Code}].Open()
		}
		own.Refuse(false)
		own.Lie(nil)
	}
}

// together has orderers that ask alone for another leader, as one that was cut off does, order with the others again.
func (w *world) together(t *testing.T) {
	t.Helper()
	asking := w.asking()
	w.Do("unstick")
	require.Eventually(t, func() bool { return len(w.asking()) == 0 }, hard, time.Second, "orderers go on asking for another leader")
	t.Logf("orderers that asked for another leader: %v, and none any more", asking)
}

// asking lists the orderers that ask for another leader at the moment.
func (w *world) asking() (names []string) {
	for _, n := range w.Nodes() {
		if n.AsksForLeader {
			names = append(names, n.Name)
		}
	}
	return names
}

func (w *world) pid(t *testing.T, name string) int {
	t.Helper()
	nodes := w.Nodes()
	i := slices.IndexFunc(nodes, func(n fabricnet.Node) bool { return n.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	require.Positive(t, nodes[i].PID, name)
	return nodes[i].PID
}
