package loadgen

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
)

// Due gives the moments at which the requests of an open load are due, each at its time, and ends after n of them or with ctx. Whoever
// takes one late counts from that moment all the same, so that a stall is not hidden by the load waiting for it. It waits on a
// thread of its own: timers of a runtime that has nothing else to do come up to a millisecond late, which would count as the answer's.
func Due(ctx context.Context, perSecond float64, n int) <-chan time.Time {
	due := make(chan time.Time, n)
	began := time.Now()
	go func() {
		defer close(due)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for i := range n {
			at := began.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))
			for wait := time.Until(at); wait > 0; wait = time.Until(at) {
				if ctx.Err() != nil {
					return
				}
				sleep(min(wait, 100*time.Millisecond))
			}
			due <- at
		}
	}()
	return due
}

// Open does something whenever it is due, so many times a second and n times, at most most at a time, and returns once all is done.
func Open(ctx context.Context, perSecond float64, n, most int, do func(i int, due time.Time)) {
	var doing errgroup.Group
	doing.SetLimit(most)
	next := 0
	for at := range Due(ctx, perSecond, n) {
		i := next
		next++
		doing.Go(func() error {
			do(i, at)
			return nil
		})
	}
	_ = doing.Wait() // nothing that is done gives an error
}
