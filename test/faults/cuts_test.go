package faults_test

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/client/fabric/peertest"
)

var cuts = flag.Int("faults.cuts", 60, "connections that are cut during submissions")

const (
	cutChance = 0.04             // of each call, before and after
	settled   = 30 * time.Second // an unknown outcome is known so soon
)

var everyCall = []string{peertest.Endorse, peertest.Submit, peertest.Status}

// cut: promise 3. The connections between a gateway and the peers, its own and those that take its place, end at endorsement,
// submission and commit status, before the peer has seen the call and after it has answered, with everything else that is on
// its way.
func (w *world) cut(t *testing.T) {
	l := w.load(t)
	l.progress(t, "before", more, w.regions()...)
	all := map[string]*peertest.Cuts{}
	for i, g := range w.Gateways {
		all[g.Code] = peertest.NewCuts(*seed<<8+uint64(i), cutChance)
	}
	for at, proxy := range w.links {
		proxy.Cut(all[at.gateway])
	}
	struck := map[string]int{}
	require.Eventually(t, func() bool {
		clear(struck)
		total := 0
		for _, c := range all {
			for where, n := range c.Struck() {
				struck[where] += n
				total += n
			}
		}
		return total >= *cuts && len(struck) == 2*len(everyCall) // before and after each
	}, time.Duration(*cuts)*5*time.Second, 50*time.Millisecond, "connections are not cut: %v", &struck)
	for _, proxy := range w.links {
		proxy.Cut(nil)
	}
	began := time.Now()
	l.progress(t, "after the cuts", more, w.regions()...)
	took := time.Since(began)
	t.Logf("cut %v; all regions wrote again %v after the last one", struck, took.Round(time.Millisecond))
	require.Less(t, took, settled)
	l.check(t)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, call := range everyCall {
		require.Positive(t, struck["before "+call], call)
		require.Positive(t, struck["after "+call], call)
	}
	require.LessOrEqual(t, quantile(l.took, 100), settled+callTime)
}
