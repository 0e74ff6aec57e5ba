package embedded

import (
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// request is one submitted command on its way to its answer.
type request struct {
	entry
	answer chan answer // holds one: the orderer never waits for a submitter that has gone
}

type answer struct {
	outcome registry.Outcome
	err     error
}

// queue holds the commands that wait to be ordered, bounded in number and bytes. One goroutine takes, any may push.
type queue struct {
	maxCommands, maxBytes int

	mu      sync.Mutex
	pending []*request
	bytes   int
	stopped error         // why nothing more is taken in
	changed chan struct{} // capacity 1: something was pushed, or the queue was stopped
}

func newQueue(maxCommands, maxBytes int) *queue {
	return &queue{maxCommands: maxCommands, maxBytes: maxBytes, changed: make(chan struct{}, 1)}
}

// push takes r in, or says why not.
func (q *queue) push(r *request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.stopped != nil:
		return q.stopped
	case len(q.pending) >= q.maxCommands || q.bytes+r.size() > q.maxBytes:
		return ErrOverloaded
	}
	q.pending = append(q.pending, r)
	q.bytes += r.size()
	q.signal()
	return nil
}

// stop refuses further requests with reason. Those pushed before stay. The first reason counts.
func (q *queue) stop(reason error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped == nil {
		q.stopped = reason
	}
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.changed <- struct{}{}:
	default: // the taker has not yet seen the last one
	}
}

// wait returns once something is pending; false: nothing is and nothing will be.
func (q *queue) wait() bool {
	for {
		n, stopped := q.state()
		if n > 0 {
			return true
		}
		if stopped {
			return false
		}
		<-q.changed
	}
}

// linger waits until count requests are pending, the time is over or the queue is stopped.
func (q *queue) linger(d time.Duration, count int) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		if n, stopped := q.state(); n >= count || stopped {
			return
		}
		select {
		case <-q.changed:
		case <-t.C:
			return
		}
	}
}

func (q *queue) state() (pending int, stopped bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.pending), q.stopped != nil
}

// take removes the requests of one block: in order, at most count, at most bytes unless the first alone is larger.
func (q *queue) take(count, bytes int) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.pending) && n < count && (n == 0 || size+q.pending[n].size() <= bytes) {
		size += q.pending[n].size()
		n++
	}
	taken := q.pending[:n:n]
	q.bytes -= size
	q.pending = q.pending[n:]
	if len(q.pending) == 0 {
		q.pending = nil // the array goes with the block that was taken from it
	}
	return taken
}
