package bench

import (
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/loadgen"
	"github.com/huzheng-ledger/huzheng/internal/testcpu"
)

// BenchmarkHTTP asks for verdicts over HTTP, from 32 connections of this process at once or at a fixed rate, so that -cpuprofile shows
// where a gateway's time goes:
//
//	go test -run '^$' -bench HTTP/closed -benchtime 20000x -cpuprofile cpu.out ./cmd/huzheng/internal/bench
func BenchmarkHTTP(b *testing.B) {
	ctx := b.Context()
	w, err := newWorld(ctx, b.TempDir(), attest.SuiteStd, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	defer func() { require.NoError(b, w.close()) }()
	_, issued, err := w.issue(ctx, 8192)
	require.NoError(b, err)
	shown, err := w.present(ctx, issued[:presentations])
	require.NoError(b, err)
	require.NoError(b, w.c.Agreed(ctx, w.relying))
	l, err := w.load(shown)
	require.NoError(b, err)
	defer l.Close()
	b.Run("closed", func(b *testing.B) { benchmarkLoad(b, l, 0) })
	b.Run("1000", func(b *testing.B) { benchmarkLoad(b, l, 1000) })
	b.Run("2500", func(b *testing.B) { benchmarkLoad(b, l, 2500) })
}

// benchmarkLoad makes b.N requests, so many a second; 0: as soon as one of the clients has the answer before.
func benchmarkLoad(b *testing.B, l *load, perSecond float64) {
	defer consortium.Tune(os.Getenv)() // as huzheng serve does
	taken := make([]time.Duration, b.N)
	began := testcpu.Used(b)
	b.ResetTimer()
	ask := func(i int, due time.Time) {
		if err := l.ask(b.Context(), i); err != nil {
			b.Error(err)
		}
		taken[i] = time.Since(due)
	}
	if perSecond > 0 {
		loadgen.Open(b.Context(), perSecond, b.N, 2*clients, ask)
	} else {
		var group errgroup.Group
		group.SetLimit(clients)
		for i := range b.N {
			group.Go(func() error {
				ask(i, time.Now())
				return nil
			})
		}
		require.NoError(b, group.Wait())
	}
	b.StopTimer()
	slices.Sort(taken)
	b.ReportMetric(float64(testcpu.Used(b)-began)/float64(time.Microsecond)/float64(b.N), "cpu-µs/verdict")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verdicts/s")
	b.ReportMetric(float64(taken[b.N/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(taken[b.N*99/100].Microseconds())/1000, "p99-ms")
}
