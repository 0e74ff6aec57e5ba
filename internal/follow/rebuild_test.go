package follow

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/index/indextest"
)

// shelf is a ledger whose blocks are all there.
type shelf []registry.Block

func (s shelf) Blocks(ctx context.Context, from uint64, visit func(registry.Block) error) error {
	for _, b := range s[from:] {
		if err := visit(b); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s shelf) Head(context.Context) (uint64, error) { return uint64(len(s)), nil }

// rebuild follows the chain from block 0 into a new index.
func rebuild(t testing.TB, dir string, blocks shelf) *index.Index {
	t.Helper()
	x, err := index.Create(dir, index.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	f := New(quiet(blocks, x))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	require.NoError(t, f.WaitFor(ctx, uint64(len(blocks))-1))
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	return x
}

// BenchmarkRebuild builds an index from block 0: once as the follower does, and once block after block and command after
// command, as it would without looking ahead.
func BenchmarkRebuild(b *testing.B) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		for _, size := range []int{1, 20, 500} {
			b.Run(fmt.Sprintf("suite=%s/transactions=%d", suite, size), func(b *testing.B) {
				h := indextest.NewHistory(b, suite, 1)
				for h.Commands < 20_000 {
					h.Block(size)
				}
				b.Run("ahead", func(b *testing.B) {
					benchRebuild(b, h, func(dir string) *index.Index { return rebuild(b, dir, h.Blocks) })
				})
				b.Run("serial", func(b *testing.B) {
					benchRebuild(b, h, func(dir string) *index.Index { return rebuildSerially(b, dir, h.Blocks) })
				})
			})
		}
	}
}

func rebuildSerially(t testing.TB, dir string, blocks []registry.Block) *index.Index {
	t.Helper()
	x, err := index.Create(dir, index.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	for i := range blocks {
		require.NoError(t, x.Apply(blocks[i]))
	}
	return x
}

func benchRebuild(b *testing.B, h *indextest.History, build func(dir string) *index.Index) {
	began := processorTime(b)
	for b.Loop() {
		dir := b.TempDir() + "/index"
		x := build(dir)
		require.NoError(b, x.Frozen())
		require.NoError(b, x.Close())
		require.NoError(b, os.RemoveAll(dir))
	}
	commands := float64(b.N) * float64(h.Commands)
	b.ReportMetric(float64((processorTime(b)-began).Microseconds())/commands, "cpu-µs/command")
	b.ReportMetric(commands/b.Elapsed().Seconds(), "commands/s")
}

// processorTime is what the process has used so far, user and system: the truer figure where the machine has neighbours.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
