package notary

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// flight is a batch on its way to the ledger.
type flight struct {
	batch *custody.Batch
	done  chan struct{}
	err   error // once done: why it is not anchored
}

// launch submits batches, each in a goroutine of its own, so many at once as Options.InFlight allows.
func (n *Notary) launch(batches []*custody.Batch) {
	for _, b := range batches {
		f := &flight{batch: b, done: make(chan struct{})}
		n.mu.Lock()
		_, already := n.flying[b.Place()]
		if !already {
			n.flying[b.Place()] = f
		}
		n.mu.Unlock()
		if !already && !n.start(func() { n.fly(f) }) {
			n.land(f, closed())
		}
	}
}

// land ends a flight.
func (n *Notary) land(f *flight, err error) {
	f.err = err
	n.mu.Lock()
	delete(n.flying, f.batch.Place())
	n.mu.Unlock()
	close(f.done)
	select {
	case n.landed <- struct{}{}:
	default: // the batcher knows already
	}
}

// room reports whether a batch of the queue that is cut now is submitted at once. One of each queue always is on its way, so that
// none waits for what another has piled up.
func (n *Notary) room(queue uint32) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.flying) < n.o.InFlight {
		return true
	}
	for _, f := range n.flying {
		if f.batch.Queue == queue {
			return false
		}
	}
	return true
}

func (n *Notary) flights() []*flight {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]*flight, 0, len(n.flying))
	for _, f := range n.flying {
		out = append(out, f)
	}
	return out
}

func (n *Notary) flightAt(p custody.Place) *flight {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.flying[p]
}

func awaitFlights(ctx context.Context, flights []*flight) error {
	for _, f := range flights {
		select {
		case <-f.done:
			if f.err != nil {
				return f.err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (n *Notary) fly(f *flight) {
	select {
	case n.slots <- struct{}{}:
		defer func() { <-n.slots }()
	case <-n.ctx.Done():
		n.land(f, closed())
		return
	}
	n.land(f, n.anchor(f.batch))
}

// anchor submits a batch and writes down what became of it. Where the notary is closed first, the batch stays sealed.
func (n *Notary) anchor(b *custody.Batch) error {
	began := n.d.Now()
	outcome, err := n.submit(n.ctx, b.Command)
	if attest.CodeOf(err) == attest.CodeBatchExists {
		outcome, err = n.anchoredBefore(b, err)
	}
	if err != nil && !isRefusal(err) {
		return err
	}
	settled := *b
	if err != nil {
		settled.State, settled.Refusal = custody.BatchRefused, attest.CodeOf(err)
		n.d.Logger.Error("the ledger refuses a batch", "batch", settled.ID, "code", string(settled.Refusal))
	} else {
		settled.State, settled.Refusal = custody.BatchAnchored, ""
		settled.Block, settled.Tx = outcome.Position.Block, outcome.Position.Tx
		n.o.OnAnchored(&settled, n.d.Now().Sub(began))
	}
	return errors.Join(err, n.d.Store.Settle(n.ctx, &settled))
}

// anchoredBefore takes a batch for anchored whose id the ledger knows from another command: a vault restored from an
// older copy signs the same leaves anew. The id covers key, kind, root and size; they are compared all the same.
func (n *Notary) anchoredBefore(b *custody.Batch, refusal error) (registry.Outcome, error) {
	onLedger, err := n.d.View.Batch(b.ID)
	if err != nil {
		return registry.Outcome{}, err
	}
	if onLedger == nil || onLedger.Root != b.Root || onLedger.Size != b.Size {
		return registry.Outcome{}, refusal
	}
	return registry.Outcome{Position: registry.Position{Block: onLedger.Block, Tx: onLedger.Tx}}, nil
}

// submit submits the same bytes until their outcome is known or ctx ends.
func (n *Notary) submit(ctx context.Context, command []byte) (registry.Outcome, error) {
	pause := n.o.RetryMin
	for {
		outcome, err := n.d.Submitter.Submit(ctx, command)
		if err == nil || isRefusal(err) {
			return outcome, err
		}
		if ctx.Err() != nil {
			return registry.Outcome{}, attest.Errorf(attest.CodeOutcomeUnknown, "the ledger has not said what became of the command; the same operation settles it")
		}
		n.d.Logger.Warn("the outcome of a command is not known, it is submitted again", "code", string(attest.CodeOf(err)), "in", pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause/2 + rand.N(pause)): //nolint:gosec // jitter, not a secret
		}
		pause = min(2*pause, n.o.RetryMax)
	}
}

// isRefusal tells a rule's answer from an outcome that is not known.
func isRefusal(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	switch attest.CodeOf(err) {
	case "", attest.CodeInternal, attest.CodeOutcomeUnknown, attest.CodeLedgerOverloaded, attest.CodeOverloaded, attest.CodeTimeout,
		attest.CodeUnavailable, attest.CodeStoreClosed, attest.CodeStoreFailed, attest.CodeStoreFull, attest.CodeStoreCorrupt,
		attest.CodeStoreLocked, attest.CodeStoreReadOnly:
		return false
	}
	return true
}

// Resubmit submits the batches again that the ledger refused: after an authority was reinstated, for example.
func (n *Notary) Resubmit(ctx context.Context) error {
	open, err := n.d.Store.Unsettled()
	if err != nil {
		return err
	}
	n.launch(open)
	return awaitFlights(ctx, n.flights())
}
