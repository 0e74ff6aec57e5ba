package benchnet_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/huzheng-ledger/huzheng/internal/loadgen"
)

// load is what a number of requests took.
type load struct {
	mu     sync.Mutex      // while it is made
	took   []time.Duration // sorted, of those that succeeded
	failed int
	first  error // of those that failed
	wall   time.Duration
	cpu    time.Duration // of all processes of the network and the load
}

// each is the processor time of one request, in microseconds.
func (l *load) each() float64 { return float64(l.cpu.Microseconds()) / float64(max(1, len(l.took))) }

// join adds another load of the same kind.
func (l *load) join(o *load) {
	l.took = append(l.took, o.took...)
	slices.Sort(l.took)
	l.failed, l.wall, l.cpu = l.failed+o.failed, l.wall+o.wall, l.cpu+o.cpu
	if l.first == nil {
		l.first = o.first
	}
}

func (l *load) perSecond() float64 { return float64(len(l.took)) / l.wall.Seconds() }

// at is the time that the share of the requests did not exceed, in milliseconds.
func (l *load) at(share float64) float64 {
	if len(l.took) == 0 {
		return 0
	}
	return milliseconds(l.took[min(len(l.took)-1, int(share*float64(len(l.took))))])
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// request is number n of a load, made by one of its workers.
type request func(ctx context.Context, worker, n int) error

// closed keeps a number of requests on their way at any time.
func closed(ctx context.Context, inFlight int, during time.Duration, do request) *load {
	l := &load{}
	began := time.Now()
	var count atomic.Int64
	var running sync.WaitGroup
	for worker := range inFlight {
		running.Go(func() {
			for ctx.Err() == nil && time.Since(began) < during {
				l.one(ctx, worker, int(count.Add(1))-1, time.Now(), do)
			}
		})
	}
	running.Wait()
	return l.end(began)
}

// open makes so many requests a second, whatever becomes of the earlier ones, and counts each from when it was due.
func open(ctx context.Context, perSecond float64, during time.Duration, do request) *load {
	l := &load{}
	began := time.Now()
	loadgen.Open(ctx, perSecond, int(perSecond*during.Seconds()), openWorkers, func(n int, due time.Time) { l.one(ctx, 0, n, due, do) })
	return l.end(began)
}

// openWorkers is how many requests of an open load may be on their way.
const openWorkers = 256

// one makes a request and counts it from a moment on.
func (l *load) one(ctx context.Context, worker, n int, from time.Time, do request) {
	err := do(ctx, worker, n)
	took := time.Since(from)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.took = append(l.took, took)
	} else if l.failed++; l.first == nil {
		l.first = err
	}
}

func (l *load) end(began time.Time) *load {
	l.wall = time.Since(began)
	slices.Sort(l.took)
	return l
}
