package attest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
)

func TestStatusAt(t *testing.T) {
	life := []attest.Interval{
		{State: attest.StatusSuspended, From: 100, Until: 200},
		{State: attest.StatusSuspended, From: 300, Until: 401},
		{State: attest.StatusRevoked, From: 400},
	}
	for at, want := range map[int64]attest.StatusState{99: "", 100: attest.StatusSuspended, 199: attest.StatusSuspended, 200: "",
		299: "", 399: attest.StatusSuspended, 400: attest.StatusRevoked, 1 << 40: attest.StatusRevoked} {
		got := attest.StatusAt(life, at)
		if want == "" {
			assert.Nil(t, got, at)
			continue
		}
		require.NotNil(t, got, at)
		assert.Equal(t, want, got.State, at)
	}
	assert.Nil(t, attest.StatusAt(nil, 1))
}

// TestStatusAtIsTheLastThatCovers states the definition in other words, over any intervals.
func TestStatusAtIsTheLastThatCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		intervals := rapid.SliceOf(rapid.Custom(func(t *rapid.T) attest.Interval {
			return attest.Interval{From: rapid.Int64Range(0, 20).Draw(t, "from"), Until: rapid.Int64Range(0, 20).Draw(t, "until")}
		})).Draw(t, "intervals")
		at := rapid.Int64Range(-1, 21).Draw(t, "at")
		var want *attest.Interval
		for i := range intervals {
			if v := &intervals[i]; at >= v.From && (v.Until == 0 || at < v.Until) {
				want = v
			}
		}
		require.Same(t, want, attest.StatusAt(intervals, at))
	})
}
