package embedded

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// BenchmarkSubmit measures the ledger alone: the rules write one key and verify nothing. The commands have the size of an
// anchor. It reports what a block costs beside its commands.
func BenchmarkSubmit(b *testing.B) {
	for _, submitters := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("submitters=%d", submitters), func(b *testing.B) {
			o := quiet()
			o.Rules = func(s registry.State, _ registry.Tx, c []byte) (registry.Event, error) {
				return registry.Event{}, s.Put("k/"+string(c[:16]), c[:32])
			}
			l, _ := create(b, o)
			var ops atomic.Int64
			b.SetParallelism(submitters)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					c := make([]byte, 600)
					copy(c, fmt.Sprintf("%016d", ops.Add(1)))
					if _, err := l.As("GuangdongMSP").Submit(context.Background(), c); err != nil {
						b.Error(err)
					}
				}
			})
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
			b.ReportMetric(float64(b.N)/float64(l.Next()), "commands/block")
		})
	}
}

// TestOverhead holds what a block adds to its commands.
func TestOverhead(t *testing.T) {
	one, _ := encodeBlock(0, hash{}, 0, []entry{{submitter: "GuangdongMSP"}})
	two, _ := encodeBlock(0, hash{}, 0, []entry{{submitter: "GuangdongMSP"}, {submitter: "GuangdongMSP"}})
	require.LessOrEqual(t, len(one), 102)
	require.LessOrEqual(t, len(two)-len(one), 17)
}
