package notary

import (
	"context"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// cut asks the batcher for batches: now (Flush), or, where until is set, for an answer once that leaf is in one.
type cut struct {
	until *custody.Place
	done  chan []*flight // one answer: batches that are on their way
	err   chan error
}

// batcher is the state of the goroutine that cuts queues. It is the only one that seals.
type batcher struct {
	n      *Notary
	since  map[uint32]time.Time // when a queue was first seen with leaves that are too few for a batch
	held   map[uint32]time.Time // queues that could not be cut, until when
	waiter []*cut               // who waits for a leaf's batch
}

// holdQueue is how long a queue rests whose key cannot sign.
const holdQueue = time.Second

// maxSealed bounds the batches in one write of the store.
const maxSealed = 64

// batch cuts until the notary is closed.
func (n *Notary) batch() {
	b := &batcher{n: n, since: map[uint32]time.Time{}, held: map[uint32]time.Time{}}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var asked *cut
		select {
		case <-n.ctx.Done():
			b.abandon()
			return
		case <-n.d.Store.Grown():
		case <-timer.C:
		case <-n.landed:
		case asked = <-n.cuts:
		}
		timer.Reset(b.step(asked))
	}
}

// step cuts what is due, answers who asked, and gives the time until something is due next.
func (b *batcher) step(asked *cut) time.Duration {
	flush := asked != nil && asked.until == nil
	if asked != nil && asked.until != nil {
		b.waiter = append(b.waiter, asked)
	}
	next, err := b.cutAll(flush)
	if flush {
		asked.answer(b.n.flights(), err)
	}
	b.answerWaiters()
	return next
}

func (c *cut) answer(flights []*flight, err error) {
	if err != nil {
		c.err <- err
		return
	}
	c.done <- flights
}

// cutAll cuts every queue that is due, all of them where flush is set. Its error is for who flushes.
func (b *batcher) cutAll(flush bool) (time.Duration, error) {
	next := time.Hour
	now := time.Now()
	var failure error
	for _, q := range b.n.d.Store.Queues() {
		if until := b.held[q.Number]; now.Before(until) && !flush {
			next = min(next, until.Sub(now))
			continue
		}
		left, err := b.cutQueue(q, b.due(q, now, flush))
		if err != nil {
			b.n.d.Logger.Error("a queue cannot be cut", "key", q.Key, "kind", string(q.Kind), "code", string(attest.CodeOf(err)))
			b.held[q.Number] = now.Add(holdQueue)
			next, failure = min(next, holdQueue), err
			continue
		}
		delete(b.held, q.Number)
		if left == 0 {
			delete(b.since, q.Number)
			continue
		}
		if _, ok := b.since[q.Number]; !ok {
			b.since[q.Number] = now
		}
		if wait := b.since[q.Number].Add(b.n.o.BatchWait).Sub(now); wait > 0 || b.n.room(q.Number) {
			next = min(next, max(0, wait))
		} // or else a flight that lands is what is waited for
	}
	return next, failure
}

// due says whether a queue is cut to its end, or only of full batches. A batch that would have to wait for its submission grows
// meanwhile: where the ledger takes nothing in for a while, what has piled up goes in few batches, and not in one for every
// BatchWait of that time.
func (b *batcher) due(q custody.QueueState, now time.Time, flush bool) bool {
	since, ok := b.since[q.Number]
	return flush || ok && now.Sub(since) >= b.n.o.BatchWait && q.Durable > q.Sealed && b.n.room(q.Number)
}

// cutQueue seals batches of a queue and sends them off. It gives the number of leaves that go on waiting.
func (b *batcher) cutQueue(q custody.QueueState, toEnd bool) (left uint64, err error) {
	size := b.n.o.BatchSize
	for at := q.Sealed; ; {
		var batches []*custody.Batch
		for len(batches) < maxSealed && (q.Durable-at >= size || toEnd && q.Durable > at) {
			batch, err := b.n.prepare(q, at, min(size, q.Durable-at))
			if err != nil {
				return 0, err
			}
			batches = append(batches, batch)
			at += batch.Size
		}
		if len(batches) == 0 {
			return q.Durable - at, nil
		}
		if err := b.n.d.Store.Seal(b.n.ctx, batches...); err != nil {
			return 0, err
		}
		delete(b.since, q.Number)
		b.n.launch(batches)
	}
}

// prepare computes a batch's root and signs its command.
func (n *Notary) prepare(q custody.QueueState, first, size uint64) (*custody.Batch, error) {
	leaves, types, err := n.d.Store.Leaves(q.Number, first, size)
	if err != nil {
		return nil, err
	}
	signer, err := n.d.Signers.Signer(q.Key)
	if err != nil {
		return nil, err
	}
	root := merkle.Root(q.Suite, leaves)
	id := registry.BatchID(q.Key, q.Kind, q.Suite, root, size)
	anchor := &registry.Anchor{ID: id, Kind: q.Kind, Suite: q.Suite, Root: root, Size: size, Types: types}
	command, err := registry.Sign(n.d.Network, anchor, signer)
	if err != nil {
		return nil, err
	}
	return &custody.Batch{ID: id, Queue: q.Number, First: first, Size: size, Root: root, Types: types, Command: command}, nil
}

// answerWaiters answers those whose leaf is in a batch now.
func (b *batcher) answerWaiters() {
	kept := b.waiter[:0]
	for _, w := range b.waiter {
		batch, err := b.n.d.Store.BatchOf(*w.until)
		switch {
		case err != nil:
			w.answer(nil, err)
		case batch == nil:
			kept = append(kept, w)
		default:
			var flights []*flight
			if f := b.n.flightAt(batch.Place()); f != nil {
				flights = append(flights, f)
			}
			w.answer(flights, nil)
		}
	}
	b.waiter = kept
}

// abandon answers everybody when the notary is closed.
func (b *batcher) abandon() {
	for _, w := range b.waiter {
		w.answer(nil, closed())
	}
}

func closed() error { return attest.Errorf(attest.CodeStoreClosed, "the notary is closed") }

// askCut hands a request to the batcher and waits for its answer.
func (n *Notary) askCut(ctx context.Context, with func(c *cut)) ([]*flight, error) {
	c := &cut{done: make(chan []*flight, 1), err: make(chan error, 1)}
	with(c)
	select {
	case n.cuts <- c:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-n.ctx.Done():
		return nil, closed()
	}
	select {
	case flights := <-c.done:
		return flights, nil
	case err := <-c.err:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Flush cuts every queue at once and returns when all that was recorded before the call is anchored. Error: the reason
// of the first batch that the ledger refuses, or ctx's.
func (n *Notary) Flush(ctx context.Context) error {
	flights, err := n.askCut(ctx, func(*cut) {})
	if err != nil {
		return err
	}
	return awaitFlights(ctx, flights)
}
