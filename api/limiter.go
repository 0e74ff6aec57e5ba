package api

import (
	"container/list"
	"math"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxBuckets bounds what a limiter remembers. Past it the bucket that was used longest ago goes, and its client starts
// with a full one: an attacker who comes from so many addresses is the business of the network in front.
const maxBuckets = 1 << 16

// limiter is a token bucket for each key.
type limiter struct {
	rate Rate
	now  func() time.Time

	mu      sync.Mutex
	buckets map[string]*list.Element // of *bucket
	order   *list.List               // last used first
}

type bucket struct {
	key    string
	tokens *rate.Limiter
}

func newLimiter(r Rate, now func() time.Time) *limiter {
	return &limiter{rate: r, now: now, buckets: map[string]*list.Element{}, order: list.New()}
}

// take takes n tokens, or none and says how long to wait until there are as many. More than a bucket holds is taken for
// all that it holds, so that a request within the API's own limits is never refused for ever.
func (l *limiter) take(key string, n int) (wait time.Duration) {
	now := l.now()
	r := l.bucket(key).ReserveN(now, min(n, l.rate.Burst))
	wait = r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

func (l *limiter) bucket(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.buckets[key]; ok {
		l.order.MoveToFront(e)
		return e.Value.(*bucket).tokens //nolint:forcetypeassert // nothing else is put into the list
	}
	if l.order.Len() >= maxBuckets {
		oldest := l.order.Back()
		delete(l.buckets, l.order.Remove(oldest).(*bucket).key) //nolint:forcetypeassert // as above
	}
	b := &bucket{key: key, tokens: rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)}
	l.buckets[key] = l.order.PushFront(b)
	return b.tokens
}

// retryAfter is the value of the header in whole seconds, at least one (RFC 9110, 10.2.3).
func retryAfter(wait time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
}
