package lifecycle_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/osn"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// silence is how long a leader may be silent in these tests, and absence how long an orderer is away: far longer, so that others who
// wait longer and longer between two attempts to reach it would go on waiting for longer than silence when it is back.
const (
	silence = 6 * time.Second
	absence = 32 * time.Second
)

// TestAnOrdererThatWasAwayTakesPart: one that comes back is spoken to before it asks for another leader. One that was cut off asks
// alone, which SmartBFT never takes back: it is brought back before another one's certificates are renewed, and ordering goes on.
func TestAnOrdererThatWasAwayTakesPart(t *testing.T) {
	wanted := provinces(t, topology.BFT, 4)
	wanted.BFT = topology.Timeouts{
		RequestForward: topology.Duration(time.Second), RequestComplain: topology.Duration(3 * time.Second),
		LeaderHeartbeat: topology.Duration(silence), ViewChange: topology.Duration(5 * time.Second),
	}
	w := newWorld(t, wanted)
	require.NoError(t, w.Up(t.Context(), lifecycle.Wanted{Chaincode: &lifecycle.Chaincode{Program: buildChaincode(t, "1")}}))
	codes := w.Topology().Codes()
	leader, away := codes[0], w.find("orderer."+codes[2])
	w.put("a", "1")

	require.NoError(t, w.StopNodes(t.Context(), away))
	gone(t, absence)
	for i := range 4 { // it is not told that it has missed one alone
		w.put("a", fmt.Sprint(2, i))
	}
	require.NoError(t, w.StartNodes(t.Context(), away))
	back := time.Now()
	w.sameHeight()
	require.Never(t, func() bool { return w.asks(away) }, 2*silence, 200*time.Millisecond, "nobody speaks to an orderer that is back")
	t.Logf("an orderer away for %v asked for no other leader in the %v after it was back", absence, time.Since(back).Round(time.Second))

	running, err := w.Running()
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(running[away].PID, syscall.SIGSTOP))
	gone(t, silence+2*time.Second)
	w.put("a", "3")
	require.NoError(t, syscall.Kill(running[away].PID, syscall.SIGCONT))
	require.Eventually(t, func() bool { return w.asks(away) }, 30*time.Second, 200*time.Millisecond, "an orderer that was cut off does not ask alone")
	require.NoError(t, w.Renew(t.Context(), "orderer."+leader))
	now, err := w.Running()
	require.NoError(t, err)
	require.NotEqual(t, running[away].PID, now[away].PID, "it was not restarted")
	renewed := time.Now()
	w.put("a", "4")
	t.Logf("the leader renewed while another asked alone: recorded again %v afterwards", time.Since(renewed).Round(100*time.Millisecond))
	for _, code := range codes {
		require.False(t, w.asks(w.find("orderer."+code)), code)
	}
	w.everywhere("a", "4")

	require.NoError(t, w.KillNodes(t.Context(), away))
	err = w.Renew(t.Context(), "orderer."+leader)
	require.ErrorContains(t, err, "orderer of "+away.Region, "an orderer is taken out while another one is away")
	require.ErrorContains(t, err, "huzheng-net up")
	require.NoError(t, w.StopNodes(t.Context(), away))
	require.NoError(t, w.Renew(t.Context(), "orderer."+leader), "away on purpose")
	w.put("a", "5")
}

// gone waits while something is away.
func gone(t *testing.T, long time.Duration) {
	t.Helper()
	until := time.Now().Add(long)
	require.Eventually(t, func() bool { return time.Now().After(until) }, 2*long, 100*time.Millisecond)
}

// asks reports whether an orderer asks for another leader.
func (w *world) asks(name node.Name) bool {
	w.t.Helper()
	r, _ := w.Topology().Region(name.Region)
	o, err := osn.Open(r, w.Files().Region(r.Code))
	require.NoError(w.t, err)
	defer o.Close()
	v, err := o.View(w.t.Context(), w.Topology().Channel)
	require.NoError(w.t, err)
	return v.Asks()
}
