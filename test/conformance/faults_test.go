package conformance_test

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/test/conformance"
)

// envProgram names huzheng-net, which kills and starts nodes.
const envProgram = "HUZHENG_NET"

// What a round of faults waits for, and how long at most.
const (
	faultRounds   = 8
	faultProgress = 40 // acknowledgements from the regions whose nodes live
	faultTime     = 90 * time.Second
	writers       = 3 // a region
)

// TestFabricLosesNothing kills nodes of a network under load, one at a time, and starts them again. Every anchor that was
// acknowledged is on the ledger once, whoever is asked, and no retry makes a second one.
func TestFabricLosesNothing(t *testing.T) {
	n := open(t)
	program := os.Getenv(envProgram)
	if program == "" {
		t.Skipf("%s does not name huzheng-net", envProgram)
	}
	next, err := n.Head(t.Context())
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(next, 1))
	found := conformance.Script(t, n.members, 0, 1)[0]
	_, err = n.Submit(t.Context(), found.MSP, found.Command)
	require.NoError(t, err)

	load := &load{t: t, network: n, acknowledged: map[string]bool{}, changed: make(chan struct{}), batch: next << 20}
	load.start(t.Context())
	for range faultRounds {
		kind := []string{"orderer", "peer", "chaincode"}[rng.IntN(3)]
		victim := kind + "." + n.members[rng.IntN(len(n.members))].Region
		netctl(t, program, "kill", victim)
		began := time.Now()
		load.progress(victim)
		without := time.Since(began)
		netctl(t, program, "start", victim)
		load.progress(victim + " back")
		t.Logf("killed %s: %d anchors without it took %v", victim, faultProgress, without.Round(time.Millisecond))
	}
	load.stop()
	load.readBack()
	t.Logf("seed %d: %d anchors acknowledged, %d outcomes unknown at first, 0 lost, 0 twice", next, len(load.acknowledged), load.unknown)
	require.NotEmpty(t, load.acknowledged)
}

func netctl(t *testing.T, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), faultTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, append([]string{"--dir", os.Getenv(conformance.Env)}, args...)...).CombinedOutput()
	require.NoError(t, err, "%v: %s", args, out)
}

// load anchors from every region, each batch until it is acknowledged.
type load struct {
	t       *testing.T
	network *network
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu           sync.Mutex
	acknowledged map[string]bool // commands
	unknown      int
	batch        uint64
	changed      chan struct{} // closed and replaced with every acknowledgement
}

func (l *load) start(ctx context.Context) {
	ctx, l.cancel = context.WithCancel(ctx)
	for _, member := range l.network.members {
		for range writers {
			l.running.Go(func() {
				for ctx.Err() == nil {
					l.anchor(ctx, member)
				}
			})
		}
	}
}

// anchor submits one batch again and again, as the notary does, until it is acknowledged or the load ends.
func (l *load) anchor(ctx context.Context, member conformance.Member) {
	l.mu.Lock()
	l.batch++
	step := conformance.Anchor(l.t, member, l.batch)
	l.mu.Unlock()
	for ctx.Err() == nil {
		_, err := l.network.clients[member.MSP].Submit(ctx, step.Command)
		if err == nil {
			l.mu.Lock()
			l.acknowledged[string(step.Command)] = true
			close(l.changed)
			l.changed = make(chan struct{})
			l.mu.Unlock()
			return
		}
		switch code := attest.CodeOf(err); code {
		case attest.CodeOutcomeUnknown:
			l.mu.Lock()
			l.unknown++
			l.mu.Unlock()
		case attest.CodeUnavailable, attest.CodeLedgerOverloaded:
			pause(ctx)
		default:
			assert.ErrorIs(l.t, err, context.Canceled, "an anchor is refused")
		}
	}
}

// pause is a writer's before it tries a peer again that is not there.
func pause(ctx context.Context) {
	t := time.NewTimer(100 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// progress waits for more acknowledgements.
func (l *load) progress(about string) {
	l.t.Helper()
	timeout := time.NewTimer(faultTime)
	defer timeout.Stop()
	l.mu.Lock()
	want := len(l.acknowledged) + faultProgress
	l.mu.Unlock()
	for {
		l.mu.Lock()
		have, changed := len(l.acknowledged), l.changed
		l.mu.Unlock()
		if have >= want {
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			require.Failf(l.t, "no progress", "%s: %d acknowledgements are missing after %v", about, want-have, faultTime)
		}
	}
}

func (l *load) stop() {
	l.cancel()
	l.running.Wait()
}

// readBack follows each region's peer into an index and looks for each command that was acknowledged.
func (l *load) readBack() {
	var height uint64 // of the peer that has most: an acknowledgement is by the own peer, and others may be behind it
	for _, client := range l.network.clients {
		next, err := client.Head(l.t.Context())
		require.NoError(l.t, err)
		height = max(height, next)
	}
	var digests [][32]byte
	for msp, client := range l.network.clients {
		counts, digest := l.count(client, height)
		digests = append(digests, digest)
		lost, twice := 0, 0
		for command := range l.acknowledged {
			switch counts[command] {
			case 0:
				lost++
			case 1:
			default:
				twice++
			}
		}
		require.Zero(l.t, lost, "lost, says the peer of %s", msp)
		require.Zero(l.t, twice, "recorded twice, says the peer of %s", msp)
	}
	for _, d := range digests {
		require.Equal(l.t, digests[0], d, "what the regions applied")
	}
}

// count follows one region's peer, and counts how often each command is on the ledger.
func (l *load) count(client *fabric.Client, height uint64) (counts map[string]int, digest [32]byte) {
	ctx, cancel := context.WithTimeout(l.t.Context(), faultTime)
	defer cancel()
	require.NoError(l.t, reaches(ctx, client, height-1))
	counts = map[string]int{}
	x, err := index.Create(l.t.TempDir(), index.Options{})
	require.NoError(l.t, err)
	err = client.Blocks(ctx, 0, func(b registry.Block) error {
		for _, tx := range b.Transactions {
			if tx.Valid {
				counts[string(tx.Command)]++
			}
		}
		if err := x.Apply(b); err != nil || b.Number+1 < height {
			return err
		}
		return errEnough
	})
	require.ErrorIs(l.t, err, errEnough)
	digest = x.Progress().Digest
	require.NoError(l.t, x.Close())
	return counts, digest
}
