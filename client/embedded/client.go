package embedded

import (
	"context"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Client submits as one organisation.
type Client struct {
	ledger    *Ledger
	submitter string
}

// As is a client of the organisation with this MSP ID, at most 255 bytes.
func (l *Ledger) As(submitter string) *Client { return &Client{ledger: l, submitter: submitter} }

// Submit returns once the command's block is on the disk. The command must not be changed afterwards.
//
// An error with a code of the rules refuses the command, which has no effect. ErrOverloaded and ErrClosed: it was not
// taken in. ErrOutcomeUnknown: the disk failed or ctx ended (then errors.Is finds its cause as well) while it was on its
// way; submitting the same bytes again is safe. An outcome whose Event is a Repeat carries the position of the first
// time, or zero where other bytes stood for the same operation.
func (c *Client) Submit(ctx context.Context, command []byte) (registry.Outcome, error) {
	l := c.ledger
	if err := c.admit(ctx, command); err != nil {
		return registry.Outcome{}, err
	}
	r := &request{entry: entry{submitter: c.submitter, command: command}, answer: make(chan answer, 1)}
	if err := l.queue.push(r); err != nil {
		return registry.Outcome{}, err
	}
	select {
	case a := <-r.answer:
		return a.outcome, a.err
	case <-ctx.Done():
		return registry.Outcome{}, unknown("given up while waiting for the block", context.Cause(ctx))
	}
}

func (c *Client) admit(ctx context.Context, command []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(c.submitter) > maxSubmitter {
		return attest.Errorf(attest.CodeFieldInvalid, "an MSP ID has at most %d bytes", maxSubmitter)
	}
	if limit := c.ledger.o.CommandBytes; len(command) > limit {
		return attest.Errorf(attest.CodeCommandTooLarge, "%d bytes, at most %d", len(command), limit)
	}
	return nil
}
