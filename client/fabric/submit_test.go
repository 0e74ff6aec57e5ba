package fabric_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/fabrictest"
	"github.com/huzheng-ledger/huzheng/test/conformance"
)

// founding is the command that founds the consortium, submitted by the first member.
func founding(t *testing.T) conformance.Step { return conformance.Script(t, members, 1, 1)[0] }

// founded founds it.
func (w *world) founded(t *testing.T) *fabric.Client {
	t.Helper()
	client := dial(t, w.config(0))
	outcome, err := client.Submit(t.Context(), founding(t).Command)
	require.NoError(t, err)
	require.Equal(t, registry.NameFound, outcome.Event.Name)
	return client
}

// valid counts the transactions with this command that the chain calls valid.
func (w *world) valid(t *testing.T, command []byte) int {
	t.Helper()
	client := dial(t, w.config(0))
	n := 0
	for _, b := range blocks(t, client, 0, w.Height()) {
		for _, tx := range b.Transactions {
			if tx.Valid && string(tx.Command) == string(command) {
				n++
			}
		}
	}
	return n
}

func TestSubmitted(t *testing.T) {
	w := newWorld(t)
	client := dial(t, w.config(0))
	found := founding(t)
	outcome, err := client.Submit(t.Context(), found.Command)
	require.NoError(t, err)
	require.Equal(t, registry.Position{Block: 1}, outcome.Position)
	require.Equal(t, registry.Event{Name: registry.NameFound, Key: registry.KeyConsortium}, outcome.Event)
	b := blocks(t, client, 1, 2)[0]
	require.Equal(t, outcome.TxID, b.Transactions[0].ID)
	require.Equal(t, found.Command, b.Transactions[0].Command)
	require.Equal(t, "HunanMSP", b.Transactions[0].Submitter)

	again, err := client.Submit(t.Context(), found.Command)
	require.NoError(t, err)
	require.True(t, again.Event.Repeat)
	require.Equal(t, outcome.Position, again.Position, "a block that came by told where")
	require.Equal(t, uint64(2), w.Height(), "a repetition is not ordered")

	fresh := w.config(0)
	elsewhere := dial(t, fresh)
	again, err = elsewhere.Submit(t.Context(), found.Command)
	require.NoError(t, err)
	require.Zero(t, again.Position, "this client has seen no block")
	fresh.Locate = func(key string) (registry.Position, bool) { return outcome.Position, key == registry.KeyConsortium }
	again, err = dial(t, fresh).Submit(t.Context(), found.Command)
	require.NoError(t, err)
	require.Equal(t, outcome.Position, again.Position)
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	client := w.founded(t)
	for about, answer := range map[string]struct {
		err  error
		code attest.Code
		text string
	}{
		"by the rules": {fabrictest.Refused("HunanMSP", "chaincode response 500, BATCH_EXISTS: another command did that: already"),
			attest.CodeBatchExists, "BATCH_EXISTS: another command did that: already"},
		"by another's endorser": {fabrictest.Refused("GuangdongMSP", "chaincode response 500, BATCH_EXISTS: it says"), attest.CodeUnavailable, ""},
		"of the state":          {fabrictest.Refused("HunanMSP", "chaincode response 500, INTERNAL: no state"), attest.CodeUnavailable, ""},
		"of a stopping server":  {fabrictest.Refused("HunanMSP", "chaincode response 500, UNAVAILABLE: stopping"), attest.CodeUnavailable, ""},
		"without a code":        {fabrictest.Refused("HunanMSP", "chaincode response 500, Function x not found"), attest.CodeUnavailable, ""},
		"before the chaincode":  {fabrictest.Refused("HunanMSP", "BATCH_EXISTS: not the chaincode's words"), attest.CodeUnavailable, ""},
		"no endorsers":          {status.Error(codes.FailedPrecondition, "no combination of peers"), attest.CodeUnavailable, ""},
		"no peer":               {status.Error(codes.Unavailable, "gone"), attest.CodeUnavailable, ""},
		"overload": {status.Error(codes.ResourceExhausted, "too many requests for /gateway.Gateway, exceeding concurrency limit (500)"),
			attest.CodeLedgerOverloaded, ""},
	} {
		for _, p := range w.peers {
			p.OnEndorse = func(func() (*gateway.EndorseResponse, error)) (*gateway.EndorseResponse, error) {
				return nil, answer.err
			}
		}
		c := w.config(0)
		c.Attempts = 2
		client = dial(t, c)
		_, err := client.Submit(t.Context(), []byte("x"))
		require.Error(t, err, about)
		require.Equal(t, answer.code, attest.CodeOf(err), "%s: %v", about, err)
		if answer.text != "" {
			require.Equal(t, answer.text, err.Error())
			continue
		}
		var failed *fabric.EndorseError
		require.ErrorAs(t, err, &failed, about)
		require.Len(t, failed.TransactionID, 64)
		require.NotErrorIs(t, err, fabric.ErrOutcomeUnknown)
	}
	_, err := client.Submit(t.Context(), make([]byte, registry.MaxCommand+1))
	require.Equal(t, attest.CodeCommandTooLarge, attest.CodeOf(err))
}

// TestTheRulesRefuseInTheirWords goes through the real rules, behind the peer's.
func TestTheRulesRefuseInTheirWords(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	other := dial(t, w.config(1))
	_, err := other.Submit(t.Context(), []byte("no command"))
	require.Equal(t, attest.CodeJWSFormat, attest.CodeOf(err), err)
	var refusal *attest.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, uint64(2), w.Height(), "a refused command is not ordered")
}

// anchor is the first member's n-th command that any state after the founding accepts.
func anchor(t *testing.T, n uint64) conformance.Step {
	t.Helper()
	return conformance.Anchor(t, members[0], n)
}

// TestACommandThatIsOvertaken: while this transaction is on its way, the same command is recorded for somebody else. It has no
// effect, is proposed again, and turns out to be done.
func TestACommandThatIsOvertaken(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	step := anchor(t, 1)
	rival := dial(t, w.config(0))
	var once sync.Once
	w.peers[0].OnSubmit = func(next func() error) error {
		once.Do(func() {
			w.peers[0].OnSubmit = func(next func() error) error { return next() }
			_, err := rival.Submit(context.Background(), step.Command)
			if err != nil {
				t.Error(err)
			}
		})
		return next()
	}
	c := w.config(0)
	outcome, err := dial(t, c).Submit(t.Context(), step.Command)
	require.NoError(t, err)
	require.True(t, outcome.Event.Repeat)
	require.Equal(t, 1, w.valid(t, step.Command))
	require.Equal(t, uint64(4), w.Height(), "genesis, founding, the rival's, ours without effect")
}

func TestACommandThatIsOvertakenAgainAndAgain(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	var tries atomic.Int64
	w.peers[0].OnSubmit = func(next func() error) error {
		tries.Add(1)
		w.Touch()
		return next()
	}
	c := w.config(0)
	c.Attempts = 3
	_, err := dial(t, c).Submit(t.Context(), anchor(t, 1).Command)
	require.ErrorIs(t, err, fabric.ErrOverloaded)
	require.NotErrorIs(t, err, fabric.ErrOutcomeUnknown)
	var conflict *fabric.CommitError
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, "MVCC_READ_CONFLICT", conflict.Code)
	require.EqualValues(t, 3, tries.Load())
	require.Zero(t, w.valid(t, anchor(t, 1).Command))
}

// TestAFailureToSubmitIsNoFailure: what orderers report says nothing about what they record.
func TestAFailureToSubmitIsNoFailure(t *testing.T) {
	failure := status.Error(codes.Unavailable, "insufficient number of orderers could successfully process transaction")
	for about, submit := range map[string]func(try int64, next func() error) error{
		"recorded all the same": func(_ int64, next func() error) error { return errors.Join(next(), failure) },
		"recorded on third try": func(try int64, next func() error) error {
			if try < 3 {
				return failure
			}
			return next()
		},
		"recorded twice": func(_ int64, next func() error) error { return errors.Join(next(), next(), failure) },
	} {
		w := newWorld(t)
		w.founded(t)
		var tries atomic.Int64
		w.peers[0].OnSubmit = func(next func() error) error { return submit(tries.Add(1), next) }
		step := anchor(t, 1)
		outcome, err := dial(t, w.config(0)).Submit(t.Context(), step.Command)
		require.NoError(t, err, about)
		require.False(t, outcome.Event.Repeat, about)
		require.Equal(t, 1, w.valid(t, step.Command), about)
	}
}

// TestABlockSettles: where nobody answers for the commit status, a block that comes by does.
func TestABlockSettles(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	for _, p := range w.peers {
		p.OnStatus = func(func() (*gateway.CommitStatusResponse, error)) (*gateway.CommitStatusResponse, error) {
			return nil, status.Error(codes.Unavailable, "gone")
		}
	}
	client := dial(t, w.config(0))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- client.Blocks(ctx, 0, func(registry.Block) error { return nil }) }()
	outcome, err := client.Submit(t.Context(), anchor(t, 1).Command)
	require.NoError(t, err)
	require.Equal(t, registry.Position{Block: 2}, outcome.Position)
	again, err := client.Submit(t.Context(), anchor(t, 1).Command)
	require.NoError(t, err)
	require.Equal(t, outcome.Position, again.Position)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestAnUnknownOutcomeIsSettledByTheSameCommand(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	var dark atomic.Bool
	dark.Store(true)
	for _, p := range w.peers {
		p.OnStatus = func(next func() (*gateway.CommitStatusResponse, error)) (*gateway.CommitStatusResponse, error) {
			if dark.Load() {
				return nil, status.Error(codes.Unavailable, "gone")
			}
			return next()
		}
	}
	c := w.config(0)
	c.Settle = 300 * time.Millisecond
	client := dial(t, c)
	step := anchor(t, 1)
	_, err := client.Submit(t.Context(), step.Command)
	require.ErrorIs(t, err, fabric.ErrOutcomeUnknown)
	var left *fabric.SubmitError
	require.ErrorAs(t, err, &left)
	require.Len(t, left.TransactionID, 64)

	ctx, cancel := context.WithCancel(t.Context())
	w.peers[0].OnSubmit = func(next func() error) error {
		defer cancel()
		return next()
	}
	_, err = client.Submit(ctx, anchor(t, 2).Command)
	require.ErrorIs(t, err, fabric.ErrOutcomeUnknown)
	require.ErrorIs(t, err, context.Canceled)
	_, err = client.Submit(ctx, anchor(t, 3).Command)
	require.NotErrorIs(t, err, fabric.ErrOutcomeUnknown, "it has not left")
	require.ErrorIs(t, err, context.Canceled)

	dark.Store(false)
	for n := range uint64(2) {
		outcome, err := client.Submit(t.Context(), anchor(t, n+1).Command)
		require.NoError(t, err)
		require.True(t, outcome.Event.Repeat)
		require.Equal(t, 1, w.valid(t, anchor(t, n+1).Command))
	}
}

func TestTooManyAtOnce(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	w.peers[0].OnSubmit = func(next func() error) error {
		entered <- struct{}{}
		<-leave
		return next()
	}
	c := w.config(0)
	c.InFlight = 2
	client := dial(t, c)
	var running sync.WaitGroup
	for n := range uint64(2) {
		running.Go(func() {
			_, err := client.Submit(t.Context(), anchor(t, n+1).Command)
			if err != nil {
				t.Error(err)
			}
		})
		<-entered
	}
	_, err := client.Submit(t.Context(), anchor(t, 3).Command)
	require.ErrorIs(t, err, fabric.ErrOverloaded)
	close(leave)
	running.Wait()
}
