package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Source hands out a ledger's blocks.
//
// Blocks visits the blocks from number from on, each once and in order, and goes on with new ones until ctx ends, visit
// fails (it returns that error) or the source does. It visits only blocks that are durable on the ledger. It visits one
// block at a time and waits for the visitor, which may take long; that must not hold the ledger up. After an error it may
// be called again, from wherever the caller is.
type Source interface {
	Blocks(ctx context.Context, from uint64, visit func(registry.Block) error) error
}

// Prober is a Source that can say how far the ledger is: the number of the block to come. Cheap; safe beside Blocks.
type Prober interface {
	Head(ctx context.Context) (next uint64, err error)
}

// Replica is what blocks are applied to. Apply takes blocks that continue each other, each all of it or nothing, and where it
// refuses one, those before it stay; a block that was applied before changes nothing. Next is the number of the block it
// needs. Heard notes the moment (Unix seconds) as of which the replica has everything. Safe for concurrent use.
type Replica interface {
	Next() uint64
	Apply(blocks ...registry.Block) error
	Heard(now int64)
}

// Defaults of Options.
const (
	DefaultMinPause = 100 * time.Millisecond
	DefaultMaxPause = 10 * time.Second
	DefaultProbe    = time.Second
)

// Options of a Follower. Source and Replica are needed.
type Options struct {
	Source  Source
	Replica Replica

	MinPause time.Duration // before the source is tried again the first time; 0: DefaultMinPause
	MaxPause time.Duration // what the pauses grow to, doubling; 0: DefaultMaxPause
	Probe    time.Duration // between probes of the head; 0: DefaultProbe

	Clock     func() time.Time // for Heard; nil: time.Now
	Logger    *slog.Logger     // nil: slog.Default
	OnRestart func(err error)  // called before each pause, for a counter; nil: nothing
}

func (o Options) withDefaults() Options {
	o.MinPause = orDefault(o.MinPause, DefaultMinPause)
	o.MaxPause = max(o.MinPause, orDefault(o.MaxPause, DefaultMaxPause))
	o.Probe = orDefault(o.Probe, DefaultProbe)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.OnRestart == nil {
		o.OnRestart = func(error) {}
	}
	return o
}

func orDefault(d, def time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return def
}

// Follower applies a source's blocks to a replica. Run it once at a time; the other methods may be called from any number
// of goroutines, before Run as well.
type Follower struct {
	o      Options
	prober Prober // nil: the source cannot say how far the ledger is

	mu      sync.Mutex
	stopped error         // why Run ended
	changed chan struct{} // closed and replaced with every block, and when Run ends
}

// New makes a Follower.
func New(o Options) *Follower {
	f := &Follower{o: o.withDefaults(), changed: make(chan struct{})}
	f.prober, _ = o.Source.(Prober)
	return f
}

// Run follows until ctx ends, and then returns its error, or until the replica refuses to go on: RULES_DIVERGED, CHAIN_FORK
// or a STORE code. It never returns nil.
func (f *Follower) Run(ctx context.Context) error {
	f.end(nil)
	ctx, cancel := context.WithCancel(ctx)
	var probing sync.WaitGroup
	if f.prober != nil {
		probing.Go(func() { f.probe(ctx) })
	}
	err := f.follow(ctx)
	f.end(fmt.Errorf("the follower has stopped: %w", err))
	cancel()
	probing.Wait()
	return err
}

func (f *Follower) follow(ctx context.Context) error {
	pause := f.o.MinPause
	for {
		from := f.o.Replica.Next()
		err := f.round(ctx, from)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var refused *refusal
		if errors.As(err, &refused) && refused.final() {
			f.o.Logger.Error("the replica stops following the ledger", "block", refused.number, "reason", refused.err.Error())
			return refused.err
		}
		if err == nil {
			err = errors.New("the source ended without a reason")
		}
		if f.o.Replica.Next() > from {
			pause = f.o.MinPause
		}
		f.o.Logger.Warn("following starts again", "from", f.o.Replica.Next(), "pause", pause, "reason", err.Error())
		f.o.OnRestart(err)
		if err := sleep(ctx, jitter(pause)); err != nil {
			return err
		}
		pause = min(2*pause, f.o.MaxPause)
	}
}

// round follows until the source ends or the replica refuses a block, which counts for more.
func (f *Follower) round(ctx context.Context, from uint64) error {
	p := startPipeline(ctx, f.o.Replica, f.apply)
	err := f.o.Source.Blocks(p.ctx, from, p.visit)
	if refused := p.close(); refused != nil {
		return refused
	}
	return err
}

// jitter spreads d over its second half, so that followers of one source do not come back all at once.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // spreads load, guards nothing
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refusal is what the replica said to a block, told apart from what the source says.
type refusal struct {
	number uint64
	err    error
}

func (r *refusal) Error() string { return r.err.Error() }

func (r *refusal) Unwrap() error { return r.err }

// final: a block out of order or without a hash is the source's fault and may be mended by asking again; all else is not.
func (r *refusal) final() bool {
	code := attest.CodeOf(r.err)
	return code != attest.CodeChainGap && code != attest.CodeChainBroken
}

func (f *Follower) apply(blocks []registry.Block) error {
	err := f.o.Replica.Apply(blocks...)
	next := f.o.Replica.Next()
	if next > blocks[0].Number {
		f.arrived()
	}
	if err != nil {
		return &refusal{number: next, err: err}
	}
	return nil
}

// arrived tells that blocks were applied.
func (f *Follower) arrived() {
	if f.prober == nil {
		f.o.Replica.Heard(f.o.Clock().Unix())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wake()
}

// probe asks how far the ledger is, waits until the replica is there, and notes that it had everything when it was asked.
func (f *Follower) probe(ctx context.Context) {
	for {
		asked := f.o.Clock().Unix()
		next, err := f.prober.Head(ctx)
		if err == nil && (next == 0 || f.WaitFor(ctx, next-1) == nil) {
			f.o.Replica.Heard(asked)
		}
		if sleep(ctx, f.o.Probe) != nil {
			return
		}
	}
}

// WaitFor returns nil once the block of that number is applied, ctx's error, or why the follower has stopped.
func (f *Follower) WaitFor(ctx context.Context, height uint64) error {
	for {
		f.mu.Lock()
		stopped, changed := f.stopped, f.changed
		f.mu.Unlock()
		if f.o.Replica.Next() > height {
			return nil
		}
		if stopped != nil {
			return stopped
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// To follows until the replica has applied the block of that number, and ends. Errors: why it could not get there, as Run's.
func (f *Follower) To(ctx context.Context, height uint64) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	err := f.WaitFor(ctx, height)
	stop()
	if ran := <-ended; err != nil && !errors.Is(ran, context.Canceled) {
		err = ran
	}
	return err
}

// Changed is closed when the next block has been applied, or Run ends.
func (f *Follower) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

func (f *Follower) end(reason error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = reason
	f.wake()
}

func (f *Follower) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}
