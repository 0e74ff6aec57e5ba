package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/follow"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// Ledger is a ledger as all its organisations together see it. What Submit returns is known to every organisation: a command
// that another submits next finds it.
type Ledger interface {
	follow.Source
	follow.Prober
	Submit(ctx context.Context, msp string, command []byte) (registry.Outcome, error)
}

// stepTime bounds one command.
const stepTime = 2 * time.Minute

// run is one ledger with what was seen of it and the rules over a map beside it.
type run struct {
	t        *testing.T
	ledger   Ledger
	index    *index.Index
	follower *follow.Follower

	mu     sync.Mutex
	blocks []registry.Block

	state  map[string][]byte            // of the rules over a map
	placed map[string]registry.Position // by command, the first time
	counts map[attest.Code]int          // of refusals
	events map[string]int               // by name
}

// Run puts the script of a seed through the ledger, one command after the other, and then some at once. The ledger may hold
// what came before. The state in the end, which is the index's and the rules', is returned.
func Run(t *testing.T, l Ledger, members []Member, seed uint64, length int) map[string][]byte {
	t.Helper()
	r := begin(t, l)
	for i, step := range Script(t, members, seed, length) {
		r.step(i, step)
	}
	r.compare()
	r.race(members, seed)
	r.compare()
	t.Logf("seed %d: %d events of %d kinds, %d repeated, refusals %v, %d blocks: 0 differences",
		seed, r.accepted(), len(r.events)-1, r.events["repeat"], r.counts, r.index.Next())
	require.Greater(t, r.events["repeat"], length/40, "the script repeats too little")
	require.Greater(t, len(r.counts), min(length/30, 8), "the script meets too few refusals")
	return r.state
}

func (r *run) accepted() int {
	n := 0
	for name, count := range r.events {
		if name != "repeat" {
			n += count
		}
	}
	return n
}

func begin(t *testing.T, l Ledger) *run {
	t.Helper()
	r := &run{t: t, ledger: l, state: map[string][]byte{}, placed: map[string]registry.Position{}, counts: map[attest.Code]int{},
		events: map[string]int{}}
	x, err := index.Create(t.TempDir(), index.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.Close()) })
	r.index = x
	r.follower = follow.New(follow.Options{Source: l, Replica: recorder{x, r}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.follower.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
	next, err := l.Head(t.Context())
	require.NoError(t, err)
	for number := range next {
		r.replay(r.block(number))
	}
	return r
}

// recorder is the index as the follower's replica, that keeps the blocks as well.
type recorder struct {
	*index.Index
	run *run
}

// Apply implements follow.Replica.
func (r recorder) Apply(blocks ...registry.Block) error {
	r.run.mu.Lock()
	for _, b := range blocks {
		if uint64(len(r.run.blocks)) == b.Number {
			r.run.blocks = append(r.run.blocks, b)
		}
	}
	r.run.mu.Unlock()
	return r.Index.Apply(blocks...)
}

// block waits for a block of the ledger.
func (r *run) block(number uint64) registry.Block {
	ctx, cancel := context.WithTimeout(r.t.Context(), stepTime)
	defer cancel()
	require.NoError(r.t, r.follower.WaitFor(ctx, number))
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.blocks[number]
}

// replay runs the rules over a block's transactions.
func (r *run) replay(b registry.Block) {
	for i, tx := range b.Transactions {
		if tx.Valid {
			_, err := r.apply(tx.Tx, tx.Command, registry.Position{Block: b.Number, Tx: uint32(i)})
			require.NoError(r.t, err, "block %d transaction %d", b.Number, i)
		}
	}
}

// apply runs the rules over the map.
func (r *run) apply(tx registry.Tx, command []byte, at registry.Position) (registry.Event, error) {
	o := &testledger.Overlay{Below: func(key string) []byte { return r.state[key] }}
	event, err := registry.Apply(o, tx, command)
	require.Empty(r.t, o.Violations)
	if err != nil || event.Repeat {
		return event, err
	}
	for _, w := range o.Writes {
		r.state[w.Key] = w.Value
	}
	r.placed[string(command)] = at
	return event, nil
}

// step submits one command and holds the answer to what the rules say.
func (r *run) step(i int, s Step) {
	ctx, cancel := context.WithTimeout(r.t.Context(), stepTime)
	defer cancel()
	outcome, err := r.ledger.Submit(ctx, s.MSP, s.Command)
	var refused *attest.Error
	if err != nil {
		require.ErrorAs(r.t, err, &refused, "step %d, %s: no refusal", i, s.About)
	}
	tx := registry.Tx{Time: testledger.Start, Submitter: s.MSP}
	if err == nil && !outcome.Event.Repeat {
		tx = r.recorded(i, s, outcome)
	}
	event, want := r.apply(tx, s.Command, outcome.Position)
	require.Equal(r.t, attest.CodeOf(want), attest.CodeOf(err), "step %d, %s: %v, not %v", i, s.About, err, want)
	require.Equal(r.t, event, outcome.Event, "step %d, %s", i, s.About)
	switch {
	case err != nil:
		r.counts[attest.CodeOf(err)]++
		require.Equal(r.t, want.Error(), err.Error(), "step %d, %s", i, s.About)
	case event.Repeat:
		r.events["repeat"]++
		require.Equal(r.t, r.placed[string(s.Command)], outcome.Position, "step %d, %s: where it was recorded first", i, s.About)
	default:
		r.events[event.Name]++
	}
}

// recorded is the transaction at the outcome's position, which must be the one submitted.
func (r *run) recorded(i int, s Step, outcome registry.Outcome) registry.Tx {
	txs := r.block(outcome.Position.Block).Transactions
	require.Less(r.t, int(outcome.Position.Tx), len(txs), "step %d, %s", i, s.About)
	tx := txs[outcome.Position.Tx]
	require.True(r.t, tx.Valid, "step %d, %s", i, s.About)
	require.Equal(r.t, outcome.TxID, tx.ID, "step %d, %s", i, s.About)
	require.Equal(r.t, s.MSP, tx.Submitter, "step %d, %s", i, s.About)
	require.Equal(r.t, s.Command, tx.Command, "step %d, %s", i, s.About)
	return tx.Tx
}

// racers submit the same command at once, and as many others of their own.
const racers = 8

// race submits commands at once that get in each other's way: of those that are the same, one has the effect.
func (r *run) race(members []Member, seed uint64) {
	before := r.index.Next()
	var same, own []Step
	for i := range uint64(racers) {
		same = append(same, Anchor(r.t, members[0], seed<<32))
		own = append(own, Anchor(r.t, members[i%uint64(len(members))], seed<<32+i+1))
	}
	outcomes, errs := make([]registry.Outcome, 2*racers), make([]error, 2*racers)
	var racing sync.WaitGroup
	for i, s := range slices.Concat(same, own) {
		racing.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), stepTime)
			defer cancel()
			outcomes[i], errs[i] = r.ledger.Submit(ctx, s.MSP, s.Command)
		})
	}
	racing.Wait()
	require.NoError(r.t, errors.Join(errs...))
	firsts := 0
	for _, o := range outcomes[:racers] {
		if !o.Event.Repeat {
			firsts++
		}
	}
	require.LessOrEqual(r.t, firsts, 1)
	next, err := r.ledger.Head(r.t.Context())
	require.NoError(r.t, err)
	for number := before; number < next; number++ {
		r.replay(r.block(number))
	}
}

// Anchor is a batch of 4,096 receipts, which the member's gateway may anchor once the consortium is founded. Each n is another
// batch, and none is in a script.
func Anchor(t testing.TB, m Member, n uint64) Step {
	t.Helper()
	a := &registry.Anchor{Kind: attest.KindReceipt, Suite: attest.SuiteStd, Size: 4096,
		Root: sha256.Sum256(binary.BigEndian.AppendUint64([]byte("batch"), n))}
	a.ID = registry.BatchID(gateway(m), a.Kind, a.Suite, a.Root, a.Size)
	s := &script{t: t}
	s.add("anchor", m, gateway(m), a)
	return s.steps[0]
}

// compare holds the index's state to the rules' over the map.
func (r *run) compare() {
	got, err := r.index.StateDigest()
	require.NoError(r.t, err)
	require.NoError(r.t, r.index.Frozen())
	require.Equal(r.t, stateDigest(r.state), got)
}

// stateDigest is index.StateDigest over a map.
func stateDigest(state map[string][]byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("huzheng/v1/state\x00"))
	for _, key := range slices.Sorted(maps.Keys(state)) {
		for _, part := range [][]byte{[]byte(key), state[key]} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			h.Write(part)
		}
	}
	return [32]byte(h.Sum(nil))
}
