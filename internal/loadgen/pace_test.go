package loadgen_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/loadgen"
)

func TestRequestsAreDueAtEvenIntervals(t *testing.T) {
	var last time.Time
	count, early := 0, 0
	for at := range loadgen.Due(t.Context(), 2000, 100) {
		if time.Now().Before(at) {
			early++
		}
		if count > 0 {
			require.InDelta(t, 500*time.Microsecond, at.Sub(last), 1000, "a fixed interval, however late the one before was taken")
		}
		last = at
		count++
	}
	assert.Equal(t, 100, count)
	assert.Zero(t, early)
}

func TestALoadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	due := loadgen.Due(ctx, 0.001, 2)
	<-due
	cancel()
	select {
	case _, more := <-due:
		assert.False(t, more)
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting")
	}
}

func TestAnOpenLoadIsBounded(t *testing.T) {
	var at, most, done atomic.Int64
	loadgen.Open(t.Context(), 1e6, 200, 3, func(_ int, due time.Time) {
		now := at.Add(1)
		for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
		}
		assert.False(t, time.Now().Before(due))
		runtime.Gosched()
		at.Add(-1)
		done.Add(1)
	})
	assert.EqualValues(t, 200, done.Load())
	assert.LessOrEqual(t, most.Load(), int64(3))
}
