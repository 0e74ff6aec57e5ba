package follow

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// What may be under way at once, between the source and the replica.
const (
	windowBytes  = 1 << 20 // of commands; what is prepared of them takes ten times as much
	windowBlocks = 256
	shareSize    = 16  // commands that one worker prepares at a time
	groupSize    = 512 // commands that are applied together, unless one block has more
)

// pipeline prepares the blocks that a source visits beside those that are applied. What it prepares never decides anything:
// the rules take from it what holds for the state that they see, and do the rest themselves.
type pipeline struct {
	ctx     context.Context
	apply   func([]registry.Block) error
	guesses *guesses

	window *semaphore.Weighted
	shares chan share
	queue  chan *ahead // in order
	next   *ahead      // taken from the queue, not applied yet; the applying goroutine's
	end    context.CancelCauseFunc

	working, applying sync.WaitGroup
}

// ahead is a block on its way.
type ahead struct {
	block registry.Block
	bytes int64
	left  atomic.Int32  // shares to be prepared
	ready chan struct{} // closed when there are none
}

// share is a part of a block's transactions.
type share struct {
	of  *ahead
	txs []registry.Transaction
}

// startPipeline has apply called with groups of blocks, from one goroutine, until the pipeline is closed or apply fails.
func startPipeline(ctx context.Context, replica Replica, apply func([]registry.Block) error) *pipeline {
	p := &pipeline{
		apply: apply, guesses: newGuesses(replica),
		window: semaphore.NewWeighted(windowBytes),
		shares: make(chan share, windowBlocks),
		queue:  make(chan *ahead, windowBlocks),
	}
	p.ctx, p.end = context.WithCancelCause(ctx)
	for range runtime.GOMAXPROCS(0) {
		p.working.Go(p.work)
	}
	p.applying.Go(p.drain)
	return p
}

// visit takes a block in. It waits while too much is under way.
func (p *pipeline) visit(b registry.Block) error {
	a := &ahead{block: b, ready: make(chan struct{})}
	a.block.Transactions = slices.Clone(b.Transactions) // the source's own stay as they are
	for i := range a.block.Transactions {
		a.bytes += int64(len(a.block.Transactions[i].Command))
	}
	a.bytes = min(a.bytes, windowBytes)
	if err := p.window.Acquire(p.ctx, a.bytes); err != nil {
		return context.Cause(p.ctx)
	}
	if len(a.block.Transactions) == 0 {
		close(a.ready)
	}
	parts := slices.Collect(slices.Chunk(a.block.Transactions, shareSize))
	a.left.Store(int32(len(parts))) //nolint:gosec // a block has less transactions
	select {
	case p.queue <- a:
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	}
	for _, txs := range parts {
		select {
		case p.shares <- share{a, txs}:
		case <-p.ctx.Done():
			return context.Cause(p.ctx)
		}
	}
	return nil
}

// close applies what was taken in, unless the context has ended, and returns why the replica refused a block.
func (p *pipeline) close() error {
	close(p.shares)
	p.working.Wait()
	close(p.queue)
	p.applying.Wait()
	defer p.end(nil)
	var refused *refusal
	if errors.As(context.Cause(p.ctx), &refused) {
		return refused
	}
	return nil
}

func (p *pipeline) work() {
	for s := range p.shares {
		s.prepare(p.guesses)
	}
}

func (s *share) prepare(g *guesses) {
	for i := range s.txs {
		if tx := &s.txs[i]; tx.Valid {
			tx.Ahead = registry.Prepare(tx.Command)
			tx.Ahead.Registers(g.offer)
		}
	}
	for i := range s.txs {
		if ahead := s.txs[i].Ahead; ahead != nil {
			ahead.Check(g.key(ahead.Signer()))
		}
	}
	if s.of.left.Add(-1) == 0 {
		close(s.of.ready)
	}
}

// drain applies the blocks in order: as many together as are ready and may be.
func (p *pipeline) drain() {
	for group := p.take(); len(group) > 0; group = p.take() {
		blocks, bytes := make([]registry.Block, len(group)), int64(0)
		for i, a := range group {
			blocks[i], bytes = a.block, bytes+a.bytes
		}
		if err := p.apply(blocks); err != nil {
			p.end(err)
			return
		}
		p.window.Release(bytes)
	}
}

// take waits for the next block to be ready and returns it, with those behind it that are ready as well and fit into a
// group. None: there is none any more.
func (p *pipeline) take() (group []*ahead) {
	if !p.await() {
		return nil
	}
	size := 0
	for a := p.next; a != nil && a.isReady(); a = p.peek() {
		size += len(a.block.Transactions)
		if size > groupSize && len(group) > 0 {
			break
		}
		group, p.next = append(group, a), nil
	}
	return group
}

// await waits until the next block is there and ready; false: it never will be.
func (p *pipeline) await() bool {
	if p.next == nil {
		select {
		case p.next = <-p.queue:
		case <-p.ctx.Done():
		}
	}
	if p.next == nil {
		return false
	}
	select {
	case <-p.next.ready:
		return p.ctx.Err() == nil
	case <-p.ctx.Done():
		return false
	}
}

// peek is the next block where it is there, whether ready or not.
func (p *pipeline) peek() *ahead {
	if p.next == nil {
		select {
		case p.next = <-p.queue:
		default:
		}
	}
	return p.next
}

func (a *ahead) isReady() bool {
	select {
	case <-a.ready:
		return true
	default:
		return false
	}
}
