package proofcode

import (
	"sync"
	"time"
)

// Limit is how many wrong attempts are borne: Burst at once, and one more every Every.
type Limit struct {
	Burst float64
	Every time.Duration
}

// The limits of a home, and of the gateway in front of a verifier. docs/proof-codes.md says what they make of guessing.
var (
	CallerLimit = Limit{Burst: 30, Every: 20 * time.Second} // of one credential, or one address without any
	RegionLimit = Limit{Burst: 600, Every: 2 * time.Second} // of everybody behind one gateway
)

// maxBuckets bounds what a throttle remembers; past it, those that have recovered are forgotten.
const maxBuckets = 1 << 16

// Throttle counts wrong attempts. Attempts under way are not counted until they turn out wrong, so that a busy office is
// not slowed; a balance may go below zero and has to be earned back, so that many guesses at once win nothing over time.
// Safe for concurrent use.
type Throttle struct {
	limit   Limit
	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// NewThrottle makes a throttle of one limit.
func NewThrottle(l Limit) *Throttle { return &Throttle{limit: l, buckets: map[string]bucket{}} }

func (t *Throttle) tokens(key string, now time.Time) float64 {
	b, ok := t.buckets[key]
	if !ok {
		return t.limit.Burst
	}
	earned := max(0, now.Sub(b.at).Seconds()) / t.limit.Every.Seconds()
	return min(t.limit.Burst, b.tokens+earned)
}

// Wait is how long whoever key names has to wait before the next attempt; zero: not at all.
func (t *Throttle) Wait(key string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if have := t.tokens(key, now); have < 1 {
		return time.Duration((1 - have) * float64(t.limit.Every))
	}
	return 0
}

// Wrong counts a wrong attempt.
func (t *Throttle) Wrong(key string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buckets[key] = bucket{t.tokens(key, now) - 1, now}
	if len(t.buckets) <= maxBuckets {
		return
	}
	for k := range t.buckets { // ordered: all that have recovered go
		if t.tokens(k, now) >= t.limit.Burst {
			delete(t.buckets, k)
		}
	}
}
