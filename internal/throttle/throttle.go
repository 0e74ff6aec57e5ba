package throttle

import (
	"container/list"
	"math"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is a token bucket: PerSecond tokens come back each second, at most Burst are held. One request takes one; a
// request of many items takes one an item.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Valid reports whether there is a rate at all.
func (r Rate) Valid() bool { return r.PerSecond > 0 && r.Burst > 0 }

// maxBuckets bounds what a limiter remembers. Past it the bucket that was used longest ago goes, and its client starts
// with a full one: an attacker who comes from so many addresses is the business of the network in front.
const maxBuckets = 1 << 16

// Limiter is a token bucket for each key. Safe for concurrent use.
type Limiter struct {
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

// New makes a Limiter of full buckets.
func New(r Rate, now func() time.Time) *Limiter {
	return &Limiter{rate: r, now: now, buckets: map[string]*list.Element{}, order: list.New()}
}

// Take takes n tokens, or none and says how long to wait until there are as many. More than a bucket holds is taken for
// all that it holds, so that a request within the API's own limits is never refused for ever.
func (l *Limiter) Take(key string, n int) (wait time.Duration) {
	now := l.now()
	r := l.bucket(key).ReserveN(now, min(n, l.rate.Burst))
	wait = r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

func (l *Limiter) bucket(key string) *rate.Limiter {
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

// RetryAfter is the value of the header in whole seconds, at least one (RFC 9110, 10.2.3).
func RetryAfter(wait time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
}
