package throttle

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestALimiterRemembersOnlySoMany(t *testing.T) {
	now := time.Unix(1_767_225_600, 0)
	l := New(Rate{PerSecond: 1, Burst: 1}, func() time.Time { return now })
	require.Zero(t, l.Take("first", 1))
	require.Positive(t, l.Take("first", 1))
	for i := range maxBuckets - 1 {
		l.Take(strconv.Itoa(i), 1)
	}
	require.Positive(t, l.Take("first", 1), "it is remembered while there is room, and is now the last used")
	for i := range maxBuckets - 1 {
		l.Take("x"+strconv.Itoa(i), 1)
	}
	assert.Len(t, l.buckets, maxBuckets)
	assert.Equal(t, maxBuckets, l.order.Len())
	require.Positive(t, l.Take("first", 1))
	l.Take("one more", 1)
	require.Zero(t, l.Take("x0", 1), "the one used longest ago has gone")
}

func TestALimiterNeverRefusesForEver(t *testing.T) {
	now := time.Unix(1_767_225_600, 0)
	l := New(Rate{PerSecond: 10, Burst: 5}, func() time.Time { return now })
	require.Zero(t, l.Take("k", 1000), "more than a bucket holds is taken for all that it holds")
	wait := l.Take("k", 1000)
	assert.Equal(t, 500*time.Millisecond, wait)
	assert.Equal(t, "1", RetryAfter(wait))
	assert.Equal(t, "3", RetryAfter(2001*time.Millisecond))
	require.Equal(t, wait, l.Take("k", 1000), "a refusal takes nothing")
	now = now.Add(wait)
	require.Zero(t, l.Take("k", 1000))
}
