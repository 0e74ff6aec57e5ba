package follow

import (
	"context"
	"log/slog"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Submitter puts a command on the ledger as one organisation. It returns once the command is durable there; an error with a
// code of the rules refuses it, any other leaves the outcome open, and then the same bytes may be submitted again. Safe for
// concurrent use.
type Submitter interface {
	Submit(ctx context.Context, command []byte) (registry.Outcome, error)
}

// Progress is how far a replica is, all as of one block. It is an alias, so that a replica can give it without this package.
type Progress = struct {
	Next    uint64   // number of the block to come
	Digest  [32]byte // D(Next−1); zeros where Next is 0
	Traffic uint64   // 1 + the last block that carried anything but witness statements; 0: none did
}

// still is how long a replica stands still before a run's first statement: longer than the pauses in which it catches up.
const still = 250 * time.Millisecond

// Defaults of WitnessOptions.
const (
	DefaultEveryBlocks = 50
	DefaultInterval    = 5 * time.Second
	DefaultIdle        = 30 * time.Second
)

// WitnessOptions say when a region states what it has applied. The first five are needed.
type WitnessOptions struct {
	Network   string
	Signer    func() attest.Signer // the region's gateway key that is in force
	Submitter Submitter            // as the region's organisation
	Progress  func() Progress
	Changed   func() <-chan struct{} // closed when Progress has moved: Follower.Changed

	// Stated is one more than the height of the region's last statement, as far as the replica is; 0: it has made none, or nobody
	// knows. nil: nobody does.
	Stated func() uint64

	EveryBlocks uint64        // after so many blocks, if any has traffic; 0: DefaultEveryBlocks
	Interval    time.Duration // after traffic at the latest, and between attempts that fail; 0: DefaultInterval
	Idle        time.Duration // without traffic; 0: DefaultIdle

	Logger  *slog.Logger                                    // nil: slog.Default
	OnState func(height uint64, digest [32]byte, err error) // called after each attempt, for counters; nil: nothing
}

func (o WitnessOptions) withDefaults() WitnessOptions {
	if o.EveryBlocks == 0 {
		o.EveryBlocks = DefaultEveryBlocks
	}
	o.Interval = orDefault(o.Interval, DefaultInterval)
	o.Idle = orDefault(o.Idle, DefaultIdle)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Stated == nil {
		o.Stated = func() uint64 { return 0 }
	}
	if o.OnState == nil {
		o.OnState = func(uint64, [32]byte, error) {}
	}
	return o
}

// Witness states on the ledger what a replica has applied, D(n), signed by the region's gateway.
//
// Blocks that carry nothing but statements call for none, so that regions do not answer each other for ever: without
// traffic each states once in Idle, which shows the others that it is there.
//
// A region that begins, or comes back, may be the one that the others wait for: the first statement of a run does not wait for
// Interval, but only until the replica has stood still for a moment, so that it is not made in the middle of catching up.
type Witness struct {
	o WitnessOptions

	begun   bool      // this run has made a statement
	next    uint64    // Progress.Next when it was last looked at
	moved   time.Time // when that had changed
	stated  uint64    // Next of the last statement that was recorded
	posted  time.Time // when that was begun, or when Run began
	traffic time.Time // when traffic was first seen that is not yet stated; zero: there is none
	retry   time.Time // not before, after an attempt that failed
}

// NewWitness makes a Witness.
func NewWitness(o WitnessOptions) *Witness { return &Witness{o: o.withDefaults()} }

// Run states until ctx ends, and returns its error. A statement that fails is tried again, at the height of that time: it
// is no reason to stop verifying.
func (w *Witness) Run(ctx context.Context) error {
	w.posted = time.Now()
	for {
		changed := w.o.Changed() // before Progress: what moves in between is seen in the next round
		p := w.o.Progress()
		wait, timed := w.due(p, time.Now())
		if timed && wait <= 0 {
			w.state(ctx, p)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			continue
		}
		if err := w.pause(ctx, changed, wait, timed); err != nil {
			return err
		}
	}
}

func (w *Witness) pause(ctx context.Context, changed <-chan struct{}, wait time.Duration, timed bool) error {
	var expired <-chan time.Time
	if timed {
		t := time.NewTimer(wait)
		defer t.Stop()
		expired = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-expired:
	}
	return nil
}

// due is how long from now the next statement is to be made; timed is false while there is nothing to state.
func (w *Witness) due(p Progress, now time.Time) (wait time.Duration, timed bool) {
	if p.Next == 0 {
		return 0, false
	}
	if p.Next != w.next {
		w.next, w.moved = p.Next, now
	}
	if !w.begun {
		w.stated = max(w.stated, w.o.Stated()) // of an earlier run
	}
	at := w.posted.Add(w.o.Idle)
	if p.Traffic > w.stated {
		if w.traffic.IsZero() {
			w.traffic = now
		}
		at = earlier(at, w.traffic.Add(w.o.Interval))
		switch {
		case !w.begun:
			at = earlier(at, w.moved.Add(still))
		case p.Next-w.stated >= w.o.EveryBlocks:
			at = now
		}
	}
	if at.Before(w.retry) {
		at = w.retry
	}
	return at.Sub(now), true
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// state makes one statement.
func (w *Witness) state(ctx context.Context, p Progress) {
	height, began := p.Next-1, time.Now()
	command, err := registry.Sign(w.o.Network, &registry.Witness{Height: height, Digest: p.Digest}, w.o.Signer())
	if err == nil {
		_, err = w.o.Submitter.Submit(ctx, command)
	}
	if ctx.Err() != nil {
		return // whoever ends the work knows
	}
	w.o.OnState(height, p.Digest, err)
	if err != nil {
		w.o.Logger.Warn("witness statement not recorded; another follows", "height", height, "reason", err.Error())
		w.retry = time.Now().Add(w.o.Interval)
		return
	}
	// Idle counts from when it was begun: the ledger's time for one would else be added to each.
	w.begun, w.stated, w.posted, w.traffic, w.retry = true, p.Next, began, time.Time{}, time.Time{}
}
