package embedded

import (
	"context"
	"sync"
)

// tip is the durable end of the chain, and wakes whoever waits for it to move.
type tip struct {
	mu      sync.Mutex
	head    head
	err     error         // the ledger has ended: no block follows
	changed chan struct{} // closed and replaced with every change
}

func newTip(h head) *tip { return &tip{head: h, changed: make(chan struct{})} }

func (t *tip) get() head {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head
}

func (t *tip) advance(h head) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.head = h
	t.wake()
}

// end says that no block follows. The first reason counts.
func (t *tip) end(reason error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = reason
		t.wake()
	}
}

func (t *tip) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// wait returns nil once block number is durable, or why it will not be waited for.
func (t *tip) wait(ctx context.Context, number uint64) error {
	for {
		t.mu.Lock()
		next, ended, changed := t.head.next, t.err, t.changed
		t.mu.Unlock()
		if err := ctx.Err(); err != nil {
			return err
		}
		if number < next {
			return nil
		}
		if ended != nil {
			return ended
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// serving is the number of the block to come, or why none will.
func (t *tip) serving() (uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head.next, t.err
}
