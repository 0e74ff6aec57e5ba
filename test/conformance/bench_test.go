package conformance_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/test/conformance"
)

// leaves are in each batch that is anchored here.
const leaves = 4096

// BenchmarkFabricLone is one anchor at a time on a real network: from submit to commit at the own peer.
func BenchmarkFabricLone(b *testing.B) {
	n := founded(b)
	batch := fresh()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		n.anchor(b, batch())
		took = append(took, time.Since(began))
	}
	report(b, took)
}

// BenchmarkFabricAnchors is anchors from every region with some on their way at once.
func BenchmarkFabricAnchors(b *testing.B) {
	for _, inFlight := range []int{16, 64, 256} {
		b.Run("inflight="+strconv.Itoa(inFlight), func(b *testing.B) {
			n := founded(b)
			batch := fresh()
			var left atomic.Int64
			left.Store(int64(b.N))
			var mu sync.Mutex
			var took []time.Duration
			b.ResetTimer()
			var running sync.WaitGroup
			for range inFlight {
				running.Go(func() {
					for left.Add(-1) >= 0 {
						began := time.Now()
						n.anchor(b, batch())
						mu.Lock()
						took = append(took, time.Since(began))
						mu.Unlock()
					}
				})
			}
			running.Wait()
			report(b, took)
		})
	}
}

func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	rate := float64(len(took)) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "anchors/s")
	b.ReportMetric(rate*leaves, "certificates/s")
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
}

// founded is a network with a consortium.
func founded(b *testing.B) *network {
	b.Helper()
	n := open(b, connections(b))
	found := conformance.Script(b, n.members, 0, 1)[0]
	_, err := n.Submit(b.Context(), found.MSP, found.Command)
	require.NoError(b, err)
	return n
}

// fresh numbers batches that no run has anchored before.
func fresh() func() uint64 {
	var n atomic.Uint64
	n.Store(uint64(time.Now().UnixNano()))
	return func() uint64 { return n.Add(1) }
}

func (n *network) anchor(b *testing.B, batch uint64) {
	member := n.members[batch%uint64(len(n.members))]
	step := conformance.Anchor(b, member, batch)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := n.clients[member.MSP].Submit(ctx, step.Command); err != nil {
		b.Error(err)
	}
}

// BenchmarkFabricRebuild follows the whole chain into an index that is new each time: every block verified, every command run
// through the rules. What it measures depends on how full the blocks are, so run it behind BenchmarkFabricAnchors.
func BenchmarkFabricRebuild(b *testing.B) {
	c := connections(b)[0].Config
	client, err := fabric.Dial(c)
	require.NoError(b, err)
	next, err := client.Head(b.Context())
	require.NoError(b, err)
	require.NoError(b, client.Close())
	commands := 0
	for b.Loop() {
		commands += rebuild(b, c, next)
	}
	b.ReportMetric(float64(commands)/b.Elapsed().Seconds(), "commands/s")
	b.ReportMetric(float64(next), "blocks")
}

// rebuild follows the blocks up to next through a new client, and counts the commands.
func rebuild(b *testing.B, c fabric.Config, next uint64) (commands int) {
	x, err := index.Create(b.TempDir(), index.Options{})
	require.NoError(b, err)
	client, err := fabric.Dial(c)
	require.NoError(b, err)
	err = client.Blocks(b.Context(), 0, func(block registry.Block) error {
		for i := range block.Transactions {
			if block.Transactions[i].Valid {
				commands++
			}
		}
		if err := x.Apply(block); err != nil || block.Number+1 < next {
			return err
		}
		return errEnough
	})
	require.ErrorIs(b, err, errEnough)
	require.NoError(b, client.Close())
	require.NoError(b, x.Close())
	return commands
}

var errEnough = errors.New("enough")
