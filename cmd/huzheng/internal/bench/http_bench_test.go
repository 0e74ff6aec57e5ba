package bench

import (
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
)

// BenchmarkHTTP asks for verdicts over HTTP, from 32 connections of this process, so that -cpuprofile shows where a gateway's time goes:
//
//	go test -run '^$' -bench HTTP -benchtime 20000x -cpuprofile cpu.out ./cmd/huzheng/internal/bench
func BenchmarkHTTP(b *testing.B) {
	defer consortium.Tune(os.Getenv)() // as huzheng serve does
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
	var next, failed atomic.Int64
	var group sync.WaitGroup
	before := used(b)
	b.ResetTimer()
	for range clients {
		group.Go(func() {
			a := l.asker()
			defer a.Close()
			for i := int(next.Add(1)); i <= b.N; i = int(next.Add(1)) {
				if err := a.ask(ctx, i); err != nil {
					failed.Add(1)
					return
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
	require.Zero(b, failed.Load())
	b.ReportMetric(float64(used(b)-before)/float64(time.Microsecond)/float64(b.N), "cpu-µs/verdict")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verdicts/s")

}

// used is the processor time that this process has used.
func used(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
