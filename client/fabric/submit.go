package fabric

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Pauses between attempts, spread by half. They grow twofold from the first to the last.
const (
	minPause = 50 * time.Millisecond
	maxPause = 2 * time.Second
)

// submitName is the chaincode's transaction.
const submitName = "Submit"

// Submit returns once the command's block is on the own peer, or, where another region's had to take its place, on theirs. The
// command must not be changed afterwards.
//
// An error with a code of the rules refuses the command, which has no effect. ErrOverloaded, ErrUnavailable and ErrClosed: it
// was not recorded. ErrOutcomeUnknown: its transaction has left, and Config.Settle or ctx ended (then errors.Is finds its
// cause as well) before anything was heard of it; submitting the same bytes again is safe. An outcome whose Event is a Repeat
// carries the position of the first time, or zero where that is not known here; it has no transaction of its own.
func (c *Client) Submit(ctx context.Context, command []byte) (registry.Outcome, error) {
	if len(command) > registry.MaxCommand {
		return registry.Outcome{}, attest.Errorf(attest.CodeCommandTooLarge, "%d bytes, at most %d", len(command), registry.MaxCommand)
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	default:
		return registry.Outcome{}, ErrOverloaded
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	pause := minPause
	for attempt := 1; ; attempt++ {
		outcome, err := c.attempt(ctx, command)
		var passing *transient
		if !errors.As(err, &passing) {
			return outcome, err
		}
		if attempt == c.o.Attempts {
			return registry.Outcome{}, exhausted(passing.error)
		}
		if sleep(ctx, pause/2+rand.N(pause)) != nil { //nolint:gosec // spreads load, guards nothing
			return registry.Outcome{}, c.over(ctx)
		}
		pause = min(2*pause, maxPause)
	}
}

// transient is why an attempt had no effect where another may have.
type transient struct{ error }

// exhausted is the error of the last attempt: a command that others' commands thwart again and again meets an overload.
func exhausted(err error) error {
	var conflict *CommitError
	if errors.As(err, &conflict) {
		conflict.code = ErrOverloaded
	}
	return err
}

// attempt makes one transaction of the command.
func (c *Client) attempt(ctx context.Context, command []byte) (registry.Outcome, error) {
	if over := c.over(ctx); over != nil {
		return registry.Outcome{}, over
	}
	e, err := c.endorse(ctx, command)
	if err != nil {
		return registry.Outcome{}, err
	}
	if e.event.Repeat {
		return registry.Outcome{Position: c.first(command, e.event), Event: e.event}, nil
	}
	tx := e.tx
	found, err := c.settle(ctx, e)
	if err != nil {
		return registry.Outcome{}, &SubmitError{tx.TransactionID(), err}
	}
	if found.code != peer.TxValidationCode_VALID {
		return registry.Outcome{}, withoutEffect(tx.TransactionID(), found.code)
	}
	return registry.Outcome{TxID: tx.TransactionID(), Position: found.place, Event: e.event}, nil
}

// withoutEffect tells a transaction that was overtaken, by another command about the same records or by a change of the
// channel or the chaincode, from one that never will be valid.
func withoutEffect(id string, code peer.TxValidationCode) error {
	err := &CommitError{id, code.String(), ErrUnavailable}
	switch code {
	case peer.TxValidationCode_MVCC_READ_CONFLICT, peer.TxValidationCode_PHANTOM_READ_CONFLICT,
		peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, peer.TxValidationCode_EXPIRED_CHAINCODE,
		peer.TxValidationCode_CHAINCODE_VERSION_CONFLICT:
		return &transient{err}
	default:
		return err
	}
}

// first is where a command was recorded that the ledger knows already.
func (c *Client) first(command []byte, event registry.Event) registry.Position {
	if place, ok := c.pending.place(command); ok {
		return place
	}
	place, _ := c.o.Locate(event.Key)
	return place
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

var eventLimits = attest.Limits{Bytes: 4096, Depth: 1, Members: 16}

// decodeEvent reads the chaincode's answer: {"name":…,"key":…}, with "repeat":true where nothing changed.
func decodeEvent(answer []byte) (registry.Event, error) {
	v, err := attest.ParseJSON(answer, eventLimits)
	if err != nil {
		return registry.Event{}, fmt.Errorf("the chaincode's answer: %w", err)
	}
	f := v.Fields()
	e := registry.Event{Name: f.String("name"), Key: f.String("key")}
	e.Repeat, _ = f.OptBool("repeat")
	if err := f.Done(); err != nil {
		return registry.Event{}, fmt.Errorf("the chaincode's answer: %w", err)
	}
	return e, nil
}
