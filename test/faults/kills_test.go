package faults_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

var (
	rounds       = flag.Int("faults.rounds", 3, "nodes that are killed, beside every orderer once")
	gatewayKills = flag.Int("faults.gateway-kills", 4, "how often a gateway is killed")
)

const (
	more    = 5                // acknowledgements a region, after each fault
	resumed = 15 * time.Second // writes go on so soon after a leader or the own peer is lost
)

// killed: promises 1, 3, 7 and 15. Nodes die as by a crash, under load, one at a time; then every orderer, so that the leader is
// among them whoever it is. The leadership goes from each to the next: from the last backwards it is lost once, in the other
// direction with every orderer.
func (w *world) killed(t *testing.T) {
	l := w.load(t)
	l.progress(t, "before", more, w.regions()...)
	kinds := []string{"peer", "chaincode", "ca", "orderer"}
	for i := range *rounds {
		victim := fabricnet.Regions[w.rng.IntN(len(fabricnet.Regions))].Code
		l.without(t, kinds[i%len(kinds)], victim)
	}
	var waits []time.Duration
	for _, r := range slices.Backward(fabricnet.Regions) {
		waits = append(waits, l.without(t, "orderer", r.Code))
	}
	w.goesOn(t, waits)
	t.Logf("writes went on after an orderer was killed, the leader among them: p50 %v p99 %v", quantile(waits, 50), quantile(waits, 99))
	l.check(t)
}

// ownPeer: promises 1, 3 and 15. A province loses what its gateway records through, the peer or its chaincode, under load: it
// goes on through another region's peer, and comes back to its own.
func (w *world) ownPeer(t *testing.T) {
	g, _ := w.picked(t)
	l := w.load(t)
	l.progress(t, "before", more, w.regions()...)
	waits := []time.Duration{l.without(t, "peer", g.Code), l.without(t, "chaincode", g.Code)}
	t.Logf("%s went on without its peer after %v, without its chaincode after %v", g.Code, waits[0].Round(time.Millisecond),
		waits[1].Round(time.Millisecond))
	w.goesOn(t, waits)
	l.check(t)
}

// goesOn holds the first writes after each loss to the bound. It sorts them.
func (w *world) goesOn(t *testing.T, waits []time.Duration) {
	t.Helper()
	slices.Sort(waits)
	if onTime(t) {
		require.LessOrEqual(t, quantile(waits, 99), resumed)
	}
}

// onTime reports whether the machine has the time that bounds are about.
func onTime(t *testing.T) bool {
	t.Helper()
	load := machineLoad(t)
	if load > overloaded {
		t.Logf("no figure: the machine has %.0f processes waiting for each processor", load)
	}
	return load <= overloaded
}

// overloaded is more than the network and its load bring with them: the orderers' time-outs say nothing then.
const overloaded = 5

// machineLoad is how many processes have been waiting for each processor for the last minutes.
func machineLoad(t *testing.T) float64 {
	t.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	require.NoError(t, err)
	var one, five float64
	_, err = fmt.Sscan(string(text), &one, &five)
	require.NoError(t, err)
	return five / float64(runtime.NumCPU())
}

// without kills a node, waits until every region has gone on, the node's own as well, starts it again, and waits until all have.
// It returns how long the first write of the node's own region took that was asked for after the kill.
func (l *load) without(t *testing.T, kind, region string) time.Duration {
	t.Helper()
	name := kind + "." + region
	l.w.Do("kill", name)
	began := time.Now()
	took := l.progress(t, "without "+name, more, region)
	l.progress(t, "without "+name, more, l.w.regions()...)
	all := time.Since(began)
	judged := l.judged(region)
	l.w.Do("start", name)
	l.w.caughtUp(t, name)
	up := time.Since(began)
	l.progress(t, name+" is back", more, l.w.regions()...)
	t.Logf("killed %s: writes went on after %v, %d in every region after %v; it was back after %v and %d more written after %v", name,
		took.Round(time.Millisecond), more, all.Round(time.Millisecond), up.Round(time.Millisecond), more, time.Since(began).Round(time.Millisecond))
	require.Positive(t, l.judged(region)-judged, "the gateway of %s has judged nothing", region)
	return took
}

// caughtUp waits until a node has the blocks that there were when it was called: an orderer that is behind is one more that fails.
func (w *world) caughtUp(t *testing.T, name string) {
	t.Helper()
	height := func() (own, highest uint64) {
		for _, n := range w.Nodes() {
			highest = max(highest, n.Height)
			if n.Name == name {
				own = n.Height
			}
		}
		return own, highest
	}
	own, due := height()
	if own == 0 {
		return // it has no ledger
	}
	require.Eventually(t, func() bool {
		own, _ := height()
		return own >= due
	}, patience, time.Second, "%s does not catch up with %d", name, due)
}

// judged is how many verdicts of a gateway said valid.
func (l *load) judged(region string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.verdicts[region]["valid"]
}

// noOrderers: promise 15. Verification goes on while nothing can be recorded.
func (w *world) noOrderers(t *testing.T) {
	l := w.load(t)
	l.progress(t, "before", more, w.regions()...)
	var all []string
	for _, r := range fabricnet.Regions {
		all = append(all, "orderer."+r.Code)
	}
	w.Do(append([]string{"kill"}, all...)...)
	before := map[string]int{}
	for _, g := range w.Gateways {
		before[g.Code] = l.judged(g.Code)
	}
	counts := map[string]int{}
	require.Eventually(t, func() bool {
		for _, g := range w.Gateways {
			counts[g.Code] = l.judged(g.Code) - before[g.Code]
			if counts[g.Code] < 50 {
				return false
			}
		}
		return true
	}, 30*time.Second, 50*time.Millisecond, "verification does not go on: %v", counts)
	began := time.Now()
	w.Do(append([]string{"start"}, all...)...)
	l.progress(t, "orderers are back", more, w.regions()...)
	t.Logf("valid verdicts without any orderer %v; writes went on %v after all were started", counts, time.Since(began).Round(time.Millisecond))
	l.check(t)
}

// gatewayKilled: promises 1 and 3. A gateway dies as by a crash in the middle of its batches, again and again.
func (w *world) gatewayKilled(t *testing.T) {
	g, _ := w.picked(t)
	process := g.Process()
	l := w.load(t)
	for range *gatewayKills {
		l.progress(t, "before the kill", more/2, g.Code)
		process.Kill()
		process.Start()
	}
	l.progress(t, "after the kills", more, w.regions()...)
	l.end()
	process.Back()
	t.Logf("the gateway of %s killed %d times, %d certificates of its acknowledged", g.Code, *gatewayKills, l.acks[g.Code])
	l.check(t)
}
