package fabric_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/fabrictest"
)

// endorsing counts the proposals that a peer was asked to collect endorsements for.
func endorsing(p *fabrictest.Peer) *atomic.Int64 {
	var n atomic.Int64
	before := p.OnEndorse
	p.OnEndorse = func(next func() (*gateway.EndorseResponse, error)) (*gateway.EndorseResponse, error) {
		n.Add(1)
		return before(next)
	}
	return &n
}

// TestCommandsWithoutTheOwnPeer: another region's takes what the region records, and answers for it as the own one would.
func TestCommandsWithoutTheOwnPeer(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	asked := endorsing(w.peers[1])
	w.peers[0].Stop()
	client := dial(t, w.config(0))
	for n := range uint64(3) {
		outcome, err := client.Submit(t.Context(), anchor(t, n+1).Command)
		require.NoError(t, err)
		require.Equal(t, registry.Position{Block: n + 2}, outcome.Position)
		require.False(t, outcome.Event.Repeat)
	}
	require.EqualValues(t, 3, asked.Load())
	again, err := client.Submit(t.Context(), anchor(t, 1).Command)
	require.NoError(t, err)
	require.True(t, again.Event.Repeat)
	_, err = client.Submit(t.Context(), []byte("no command"))
	require.Equal(t, attest.CodeJWSFormat, attest.CodeOf(err), err)
	require.Equal(t, uint64(5), w.Height())

	from := w.config(1)
	b := blocks(t, dial(t, from), 4, 5)[0]
	require.Equal(t, "HunanMSP", b.Transactions[0].Submitter)

	for _, p := range w.peers {
		p.Stop()
	}
	_, err = client.Submit(t.Context(), anchor(t, 9).Command)
	require.ErrorIs(t, err, fabric.ErrUnavailable)
	require.NotErrorIs(t, err, fabric.ErrOutcomeUnknown)
}

// TestTheOwnPeerDiesOnTheWay: it has collected the endorsements, and takes the transaction no further, or does not say that it
// has.
func TestTheOwnPeerDiesOnTheWay(t *testing.T) {
	gone := status.Error(codes.Unavailable, "gone")
	for about, submit := range map[string]func(next func() error) error{
		"before it passed it on": func(func() error) error { return gone },
		"after it passed it on": func(next func() error) error {
			_ = next()
			return gone
		},
	} {
		w := newWorld(t)
		w.founded(t)
		w.peers[0].OnSubmit = submit
		w.peers[0].OnStatus = func(func() (*gateway.CommitStatusResponse, error)) (*gateway.CommitStatusResponse, error) {
			return nil, gone
		}
		outcome, err := dial(t, w.config(0)).Submit(t.Context(), anchor(t, 1).Command)
		require.NoError(t, err, about)
		require.False(t, outcome.Event.Repeat, about)
		require.Equal(t, registry.Position{Block: 2}, outcome.Position, about)
		require.Equal(t, 1, w.valid(t, anchor(t, 1).Command), about)
	}
}

// TestOneLyingStrangerIsNotBelieved: the own peer is gone, and the next one lies about what becomes of a command. It is recorded
// all the same, through an honest one.
func TestOneLyingStrangerIsNotBelieved(t *testing.T) {
	var kept *gateway.EndorseResponse
	for about, lie := range map[string]func(w *world, p *fabrictest.Peer){
		"the rules refuse": func(_ *world, p *fabrictest.Peer) {
			p.OnEndorse = func(func() (*gateway.EndorseResponse, error)) (*gateway.EndorseResponse, error) {
				return nil, fabrictest.Refused("GuangdongMSP", "chaincode response 500, BATCH_EXISTS: it says")
			}
		},
		"it is recorded": func(_ *world, p *fabrictest.Peer) {
			p.OnAnswer = func(string) string { return `{"name":"anchor","key":"consortium","repeat":true}` }
		},
		"no answer of the chaincode": func(_ *world, p *fabrictest.Peer) { p.OnAnswer = func(string) string { return "{" } },
		"another transaction": func(_ *world, p *fabrictest.Peer) {
			p.OnEndorse = func(next func() (*gateway.EndorseResponse, error)) (*gateway.EndorseResponse, error) {
				if kept == nil {
					var err error
					if kept, err = next(); err != nil {
						return nil, err
					}
				}
				return kept, nil
			}
		},
	} {
		w := newWorld(t)
		w.founded(t)
		client := dial(t, w.config(0))
		lie(w, w.peers[1])
		w.peers[0].Stop()
		if about == "another transaction" {
			_, err := client.Submit(t.Context(), anchor(t, 7).Command)
			require.NoError(t, err)
		}
		outcome, err := client.Submit(t.Context(), anchor(t, 1).Command)
		require.NoError(t, err, about)
		require.False(t, outcome.Event.Repeat, about)
		require.Equal(t, 1, w.valid(t, anchor(t, 1).Command), about)
	}
}

// TestACommitStatusOfOneStranger settles nothing: the transaction was swallowed, and is called recorded.
func TestACommitStatusOfOneStranger(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	w.peers[0].Stop()
	for _, p := range w.peers {
		p.OnSubmit = func(func() error) error { return nil }
	}
	told := make(chan struct{}, 100)
	w.peers[1].OnStatus = func(func() (*gateway.CommitStatusResponse, error)) (*gateway.CommitStatusResponse, error) {
		told <- struct{}{}
		return &gateway.CommitStatusResponse{Result: peer.TxValidationCode_MVCC_READ_CONFLICT, BlockNumber: 1}, nil
	}
	c := w.config(0)
	c.Settle = 500 * time.Millisecond
	_, err := dial(t, c).Submit(t.Context(), anchor(t, 1).Command)
	require.ErrorIs(t, err, fabric.ErrOutcomeUnknown)
	require.NotEmpty(t, told)
}

// TestCommandsReturnToTheOwnPeer, by a single one that tries it, and no sooner than it can.
func TestCommandsReturnToTheOwnPeer(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	var down atomic.Bool
	down.Store(true)
	w.peers[0].OnEndorse = func(next func() (*gateway.EndorseResponse, error)) (*gateway.EndorseResponse, error) {
		if down.Load() {
			return nil, status.Error(codes.Unavailable, "gone")
		}
		return next()
	}
	own := endorsing(w.peers[0])
	c := w.config(0)
	c.Return = 200 * time.Millisecond
	client := dial(t, c)
	n := uint64(0)
	submit := func() {
		n++
		_, err := client.Submit(t.Context(), anchor(t, n).Command)
		require.NoError(t, err)
	}
	began := time.Now()
	for own.Load() < 3 {
		submit()
	}
	require.GreaterOrEqual(t, time.Since(began), 2*c.Return, "it is tried again after a while")
	require.Greater(t, n, uint64(3))
	down.Store(false)
	tries, after := own.Load(), n
	for own.Load() == tries {
		submit()
	}
	for range 5 {
		submit()
	}
	require.Equal(t, tries+6, own.Load(), "all go there again")
	t.Logf("%d commands without the own peer, which was tried %d times", after, tries)
}

// TestAnOwnPeerThatHangs is given its part of the time, once.
func TestAnOwnPeerThatHangs(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	leave := make(chan struct{})
	w.peers[0].OnEndorse = func(func() (*gateway.EndorseResponse, error)) (*gateway.EndorseResponse, error) {
		<-leave
		return nil, status.Error(codes.Unavailable, "gone")
	}
	t.Cleanup(func() { close(leave) })
	own := endorsing(w.peers[0])
	c := w.config(0)
	c.Endorse = 3 * time.Second
	client := dial(t, c)
	for n := range uint64(4) {
		_, err := client.Submit(t.Context(), anchor(t, n+1).Command)
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, own.Load())
}

// TestCommandsLeaveAPeerThatStandsStill: Blocks has found that the others went on.
func TestCommandsLeaveAPeerThatStandsStill(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	w.fill(3)
	w.peers[0].Height = func() uint64 { return 2 }
	own := endorsing(w.peers[0])
	c := w.config(0)
	c.Still = 20 * time.Millisecond
	left := make(chan struct{})
	c.OnPeer = sync.OnceValue(func() func(string, error) {
		var once sync.Once
		return func(string, error) { once.Do(func() { close(left) }) }
	})()
	client := dial(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	ended, arrived := make(chan error, 1), make(chan uint64, 100)
	go func() {
		ended <- client.Blocks(ctx, 0, func(b registry.Block) error {
			arrived <- b.Number
			return nil
		})
	}()
	<-left
	for number := range arrived {
		if number == 4 {
			break // of those that only others have: the peer has been left for good
		}
	}
	outcome, err := client.Submit(t.Context(), anchor(t, 1).Command)
	require.NoError(t, err)
	require.Equal(t, registry.Position{Block: 5}, outcome.Position)
	require.Zero(t, own.Load())
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

// recorded are the commands that took effect, from a block on.
func (w *world) recorded(t *testing.T, from uint64) (commands []string) {
	t.Helper()
	for _, b := range blocks(t, dial(t, w.config(1)), from, w.Height()) {
		for _, tx := range b.Transactions {
			if tx.Valid {
				commands = append(commands, string(tx.Command))
			}
		}
	}
	return commands
}

// TestManyAtOnceWithoutTheOwnPeer: it dies under load; each command is recorded once.
func TestManyAtOnceWithoutTheOwnPeer(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	client := dial(t, w.config(0))
	const each, writers = 20, 8
	var running sync.WaitGroup
	var done atomic.Int64
	errs := make(chan error, each*writers)
	for i := range uint64(writers) {
		running.Go(func() {
			for n := range uint64(each) {
				_, err := client.Submit(t.Context(), anchor(t, 1+i*each+n).Command)
				errs <- err
				if done.Add(1) == each {
					w.peers[0].Stop()
				}
			}
		})
	}
	running.Wait()
	for range each * writers {
		require.NoError(t, <-errs)
	}
	commands := w.recorded(t, 2)
	require.Len(t, commands, each*writers)
	slices.Sort(commands)
	require.Len(t, slices.Compact(commands), each*writers)
	t.Logf("%d commands, 0 lost, 0 twice", each*writers)
}
