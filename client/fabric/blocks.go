package fabric

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/block"
)

// Why the service of a peer is ended that broke no rule: the own one is to be tried again; it stands still while others go on.
var (
	errReturn = errors.New("the own peer is tried again")
	errBehind = errors.New("it brings no more blocks, others have more")
)

// visitError tells what visit said from what a peer did.
type visitError struct{ err error }

func (e *visitError) Error() string { return e.err.Error() }

// Blocks visits the channel's blocks from number from on, in order, each verified, and goes on with new ones. It returns when
// ctx ends (its error), visit fails (its error), or no peer serves the next block (every peer's reason). The own peer serves;
// where it fails, or stands still while others go on, another region's takes its place for a while. A slow visitor holds
// nothing up but its own stream.
//
// A transaction of a block is valid where the peer that served it says so and it brings a command to the chaincode; it must
// then be one that a peer can call valid, or the block is refused. LEDGER_BEHIND: every peer ends before from.
func (c *Client) Blocks(ctx context.Context, from uint64, visit func(registry.Block) error) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	next := from
	served := func(b registry.Block) error {
		if err := visit(b); err != nil {
			return &visitError{err}
		}
		next = b.Number + 1
		return nil
	}
	for {
		began := next
		err := c.round(ctx, &next, served)
		var visiting *visitError
		switch {
		case errors.As(err, &visiting):
			return visiting.err
		case c.over(ctx) != nil:
			return c.over(ctx)
		case next == began && !errors.Is(err, errReturn):
			return err
		}
	}
}

// round asks each peer in turn for the blocks from *next on. Its error is errReturn where another region's peer served.
func (c *Client) round(ctx context.Context, next *uint64, visit func(registry.Block) error) error {
	var reasons []error
	behind := 0
	for i, s := range c.sources {
		began := *next
		err := c.serve(ctx, s, i > 0, *next, visit)
		var visiting *visitError
		if errors.As(err, &visiting) || errors.Is(err, errReturn) || c.over(ctx) != nil {
			return err
		}
		c.o.Logger.Warn("a peer serves no blocks", "peer", s.address, "block", *next, "reason", err.Error())
		c.o.OnPeer(s.address, err)
		reasons = append(reasons, err)
		if isNotFound(err) {
			behind++
		} else {
			c.fails(i, err)
		}
		if *next > began && !errors.Is(err, errBehind) {
			return err // the own peer comes first again
		}
	}
	if behind == len(c.sources) {
		return attest.Errorf(attest.CodeLedgerBehind, "no peer has the block before block %d", *next)
	}
	return fmt.Errorf("no peer serves block %d: %w", *next, errors.Join(reasons...))
}

func isNotFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status == int32(common.Status_NOT_FOUND)
}

// serve visits the blocks of one peer.
func (c *Client) serve(ctx context.Context, s *source, foreign bool, from uint64, visit func(registry.Block) error) error {
	if foreign {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.o.Return, errReturn)
		defer cancel()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	reach := &reach{}
	reach.next.Store(from)
	go c.compare(ctx, reach, cancel)
	var chain *block.Chain
	if from > 0 {
		var err error
		if chain, err = c.resume(ctx, s, from); err != nil {
			return err
		}
	}
	return c.ahead(ctx, func(ctx context.Context, pass func(*block.Block) error) error {
		return s.follow(ctx, from, func(raw *common.Block) error {
			b, err := c.accept(&chain, raw)
			if err != nil {
				return err
			}
			c.configs.note(b)
			c.pending.see(b)
			reach.visiting.Store(true)
			defer reach.visiting.Store(false)
			reach.next.Store(b.Number + 1)
			return pass(b)
		})
	}, visit)
}

// reach is how far a peer has brought its blocks.
type reach struct {
	next     atomic.Uint64
	visiting atomic.Bool // the visitor holds it up
}

// compare ends the service of a peer that brings no block for as long as Config.Still and has not brought what the ledger had
// by then, as Head tells it: it is frozen, or wants to be thought current.
func (c *Client) compare(ctx context.Context, r *reach, end context.CancelCauseFunc) {
	due, before := uint64(0), r.next.Load()
	for sleep(ctx, c.o.Still) == nil {
		now := r.next.Load()
		if now == before && now < due && !r.visiting.Load() {
			end(errBehind)
			return
		}
		before = now
		if head, err := c.Head(ctx); err == nil {
			due = head
		}
	}
}

// lookAhead is how many blocks are verified before the visitor comes to them.
const lookAhead = 16

// ahead lets read verify blocks while visit is busy with earlier ones. Those that were verified are visited before read's error
// is returned; an error of visit ends read.
func (c *Client) ahead(ctx context.Context, read func(ctx context.Context, pass func(*block.Block) error) error,
	visit func(registry.Block) error,
) error {
	reading, cancel := context.WithCancel(ctx)
	verified, ended := make(chan *block.Block, lookAhead), make(chan error, 1)
	go func() {
		defer close(verified)
		ended <- read(reading, func(b *block.Block) error {
			select {
			case verified <- b:
				return nil
			case <-reading.Done():
				return context.Cause(reading)
			}
		})
	}()
	defer func() {
		cancel()
		for range verified { // until read has ended
			continue
		}
	}()
	for b := range verified {
		if over := c.over(ctx); over != nil {
			return over
		}
		if err := visit(b.Registry()); err != nil {
			return err
		}
	}
	return <-ended
}

func (c *Client) accept(chain **block.Chain, raw *common.Block) (b *block.Block, err error) {
	if *chain == nil {
		*chain, b, err = block.Genesis(c.scope, c.o.Genesis, raw)
		return b, err
	}
	return (*chain).Accept(raw)
}
