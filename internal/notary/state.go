package notary

import (
	"context"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Progress says how far a leaf has come.
type Progress string

// A leaf goes recorded → submitted → anchored. Refused: the ledger's rules refuse its batch, see Resubmit.
const (
	Recorded  Progress = "recorded"  // durable here
	Submitted Progress = "submitted" // in a batch whose outcome is not known yet
	Anchored  Progress = "anchored"  // on the ledger
	Refused   Progress = "refused"
)

// State is where a leaf stands.
type State struct {
	Progress Progress
	Batch    string      // from submitted on
	Block    uint64      // anchored; zero where the ledger has not told it yet
	Tx       uint32      // anchored
	Code     attest.Code // refused: why
}

// State tells how far the record with this commitment has come: RECORD_MISSING where it is not kept here.
func (n *Notary) State(commitment [32]byte) (State, error) {
	p, err := n.d.Store.Locate(commitment)
	if err != nil {
		return State{}, err
	}
	return n.StateAt(p)
}

// StateAt tells how far the leaf at a place has come.
func (n *Notary) StateAt(p custody.Place) (State, error) {
	b, err := n.d.Store.BatchOf(p)
	if err != nil || b == nil {
		return State{Progress: Recorded}, err
	}
	s := State{Progress: Submitted, Batch: b.ID, Block: b.Block, Tx: b.Tx, Code: b.Refusal}
	switch b.State {
	case custody.BatchAnchored:
		s.Progress = Anchored
	case custody.BatchRefused:
		s.Progress = Refused
	case custody.BatchSealed:
	}
	if s.Progress != Anchored || s.Block != 0 {
		return s, nil
	}
	onLedger, err := n.d.View.Batch(b.ID) // the ledger answered a repeat without the position of the first time
	if err == nil && onLedger != nil {
		s.Block, s.Tx = onLedger.Block, onLedger.Tx
	}
	return s, err
}

// Receipt gives the inclusion receipt of a record: RECORD_MISSING, NOT_ANCHORED_YET.
func (n *Notary) Receipt(commitment [32]byte) (*merkle.Receipt, error) {
	return n.d.Store.Receipt(commitment)
}

// Await returns once every one of the records is anchored. Errors: RECORD_MISSING, the reason of a batch that the ledger
// refuses while it is waited for, or ctx's.
func (n *Notary) Await(ctx context.Context, commitments ...[32]byte) error {
	for _, c := range commitments {
		p, err := n.d.Store.Locate(c)
		if err != nil {
			return err
		}
		if err := n.awaitPlace(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (n *Notary) awaitPlace(ctx context.Context, p custody.Place) error {
	b, err := n.d.Store.BatchOf(p)
	if err != nil || b != nil && b.State == custody.BatchAnchored {
		return err
	}
	flights, err := n.askCut(ctx, func(c *cut) { c.until = &p })
	if err != nil {
		return err
	}
	return awaitFlights(ctx, flights)
}
