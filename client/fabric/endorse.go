package fabric

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// endorsed is a command with its endorsements, as a peer's gateway service has collected them.
type endorsed struct {
	tx    *client.Transaction
	event registry.Event
	by    int // the peer
}

// endorse collects endorsements for the command: at the own peer, and where that cannot, at another region's. Whatever it fails
// with, nothing was recorded.
//
// That the rules refuse a command, or know it already, is only said and leaves no trace. The own peer is believed; of others'
// more than may lie have to say it.
func (c *Client) endorse(ctx context.Context, command []byte) (endorsed, error) {
	limited, cancel := context.WithTimeout(ctx, c.o.Endorse)
	defer cancel()
	r := round{c: c, said: newTally[string](c.tolerated() + 1)}
	order := c.route.order()
	for n, i := range order {
		asked := time.Now()
		e, err := c.endorseAt(limited, i, len(order)-n, command)
		if over := c.over(ctx); over != nil {
			return endorsed{}, over
		}
		if err == nil {
			c.serves(i, asked)
			err = r.believe(&e)
		}
		var failed *elsewhere
		if !errors.As(err, &failed) {
			return e, err
		}
		if no := r.note(i, failed); no != nil {
			return endorsed{}, no
		}
	}
	return endorsed{}, r.failure()
}

// round is what one peer after the other has said of a command.
type round struct {
	c       *Client
	said    *tally[string]
	reasons []error
	passing bool
}

// believe takes endorsements, which are checked once more when they are committed, and a repeat that enough have told of.
func (r *round) believe(e *endorsed) error {
	address := r.c.sources[e.by].address
	if e.by == 0 || !e.event.Repeat || r.said.add("repeat "+e.event.Key, address) {
		return nil
	}
	cause := fmt.Errorf("peer %s alone says that the command is on the ledger already", address)
	return &elsewhere{error: &EndorseError{e.tx.TransactionID(), ErrUnavailable, cause}, passing: true}
}

// note notes a failure and returns the rules' refusal once enough have told of it.
func (r *round) note(i int, failed *elsewhere) error {
	if failed.refusal != nil && r.said.add(string(failed.refusal.Code), failed.who) {
		return failed.refusal
	}
	if failed.unfit {
		r.c.fails(i, failed)
	}
	r.passing = r.passing || failed.passing
	r.reasons = append(r.reasons, failed.error)
	return nil
}

func (r *round) failure() error {
	err := errors.Join(r.reasons...)
	if r.passing {
		return &transient{err}
	}
	return err
}

// elsewhere is why another region's peer is to be asked.
type elsewhere struct {
	error
	unfit   bool          // the peer is of no use at the moment
	passing bool          // endorsers answered, and differ or cannot decide
	refusal *attest.Error // by the rules, as an endorser of this organisation is said to have answered
	who     string
}

// Unwrap gives the error.
func (e *elsewhere) Unwrap() error { return e.error }

// endorseAt asks one peer; it is given its part of the time.
func (c *Client) endorseAt(ctx context.Context, i, left int, command []byte) (e endorsed, err error) {
	if left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.o.Endorse/impatience)
		defer cancel()
	}
	proposal, err := c.gateways[i].GetNetwork(c.o.Channel).GetContract(c.o.Chaincode).
		NewProposal(submitName, client.WithBytesArguments(command))
	if err != nil {
		return e, fmt.Errorf("propose: %w", err)
	}
	id := proposal.TransactionID()
	tx, err := proposal.EndorseWithContext(ctx)
	if err != nil {
		return e, c.notEndorsed(i, id, err)
	}
	event, err := decodeEvent(tx.Result())
	if err == nil {
		err = c.asProposed(tx, id, command)
	}
	if err != nil {
		return e, &elsewhere{error: &EndorseError{id, ErrUnavailable, fmt.Errorf("peer %s: %w", c.sources[i].address, err)}, unfit: true}
	}
	return endorsed{tx, event, i}, nil
}

// impatience is which part of Config.Endorse a peer has that is not the last one.
const impatience = 4

// asProposed checks that what is to be signed is the transaction of this command: a peer hands it over, and could lay anything
// else before us.
func (c *Client) asProposed(tx *client.Transaction, id string, command []byte) error {
	raw, err := tx.Bytes()
	if err != nil {
		return err
	}
	var prepared gateway.PreparedTransaction
	if err := proto.Unmarshal(raw, &prepared); err != nil {
		return err
	}
	return c.scope.Prepared(prepared.GetEnvelope(), id, command)
}

// notEndorsed tells what is final from what another peer may do better.
func (c *Client) notEndorsed(i int, id string, err error) error {
	failed := &EndorseError{id, ErrUnavailable, fmt.Errorf("peer %s: %w", c.sources[i].address, flatten(err))}
	switch code := status.Code(err); {
	case code == codes.ResourceExhausted:
		failed.code = ErrOverloaded
		return failed
	case code != codes.Aborted:
		return &elsewhere{error: failed, unfit: true}
	case i > 0:
		no, who := refusal(err, "")
		return &elsewhere{error: failed, passing: true, refusal: no, who: who}
	}
	if no, _ := refusal(err, c.o.Identity.MSPID); no != nil {
		return no
	}
	if c.ownFails(err) {
		return &elsewhere{error: failed, passing: true, unfit: true}
	}
	return &transient{failed} // endorsers answered, and differ: one of them is behind, as a rule
}

// ownFails reports whether the own organisation's endorser is among those that gave no endorsement.
func (c *Client) ownFails(err error) bool {
	for _, d := range details(err) {
		if d.GetMspId() == c.o.Identity.MSPID {
			return true
		}
	}
	return false
}

// fails notes that commands are to go through another peer for a while.
func (c *Client) fails(i int, reason error) {
	if c.route.failed(i) && len(c.sources) > 1 {
		c.o.Logger.Warn("commands do not go through a peer", "peer", c.sources[i].address, "reason", reason.Error())
	}
}

func (c *Client) serves(i int, asked time.Time) {
	if c.route.served(i, asked) {
		c.o.Logger.Info("commands go through a peer again", "peer", c.sources[i].address)
	}
}

// tolerated is how many of the regions' peers may lie.
func (c *Client) tolerated() int { return (len(c.sources) - 1) / 3 }
