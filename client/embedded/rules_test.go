package embedded

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// counting is a small set of rules that shows every outcome. A command is "add <op> <counter>": it adds one to a counter,
// so that an order or a lost write shows in the state. The same op again is a repeat; with another counter, a conflict.
func counting(state registry.State, tx registry.Tx, command []byte) (registry.Event, error) {
	f := strings.Fields(string(command))
	if len(f) != 3 || f[0] != "add" {
		return registry.Event{}, attest.Errorf(attest.CodeCommandFormat, "not a counting command")
	}
	op, counter := "op/"+f[1], "counter/"+f[2]
	done, err := state.Get(op)
	if err != nil {
		return registry.Event{}, err
	}
	event := registry.Event{Name: f[0], Key: counter, Repeat: done != nil}
	if done != nil {
		if string(done) != counter {
			return registry.Event{}, attest.Errorf(attest.CodeOperationConflict, "the operation is taken")
		}
		return event, nil
	}
	value, err := state.Get(counter)
	if err != nil {
		return registry.Event{}, err
	}
	n, _ := strconv.Atoi(string(value)) // absent: 0
	if err := state.Put(counter, []byte(strconv.Itoa(n+1))); err != nil {
		return registry.Event{}, err
	}
	return event, state.Put(op, []byte(counter))
}

func add(op, counter string) []byte { return []byte("add " + op + " " + counter) }

// quiet are options for tests: the counting rules, a fixed clock, a small store.
func quiet() Options {
	return Options{
		Rules: counting,
		Clock: func() time.Time { return time.Unix(1_700_000_000, 0) },
		Store: pebblekv.Options{MemTableBytes: 256 << 10, CacheBytes: 1 << 20, Logger: slog.New(slog.DiscardHandler)},
	}
}

func create(t testing.TB, o Options) (*Ledger, string) {
	t.Helper()
	dir := t.TempDir() + "/ledger"
	l, err := Create(dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l, dir
}

func dump(t testing.TB, l *Ledger) map[string]string {
	t.Helper()
	state := map[string]string{}
	last := ""
	require.NoError(t, l.State(func(k string, v []byte) error {
		if k <= last {
			return fmt.Errorf("%q after %q", k, last)
		}
		last, state[k] = k, string(v)
		return nil
	}))
	return state
}

// collect follows the ledger from block from until it has all blocks below until.
func collect(t testing.TB, l *Ledger, from, until uint64) []registry.Block {
	t.Helper()
	if from >= until {
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var blocks []registry.Block
	err := l.Blocks(ctx, from, func(b registry.Block) error {
		if blocks = append(blocks, b); b.Number == until-1 {
			cancel()
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	return blocks
}

// requireWhole checks that the blocks are a chain from 0 and that replaying them gives the state.
func requireWhole(t testing.TB, l *Ledger) []registry.Block {
	t.Helper()
	blocks := collect(t, l, 0, l.Next())
	state := map[string][]byte{}
	var previous []byte
	for i, b := range blocks {
		require.Equal(t, uint64(i), b.Number)
		require.True(t, bytes.Equal(previous, b.Previous))
		previous = b.Hash
		for _, tx := range b.Transactions {
			require.True(t, tx.Valid)
			event, err := counting(&replayed{under: state, writes: state}, tx.Tx, tx.Command)
			require.NoError(t, err)
			require.False(t, event.Repeat)
		}
	}
	want := map[string]string{}
	for k, v := range state {
		want[k] = string(v)
	}
	require.Equal(t, want, dump(t, l))
	return blocks
}

// recorder notes what was acknowledged: operation → transaction id.
type recorder struct {
	mu    sync.Mutex
	acked map[string]string
}

func newRecorder() *recorder { return &recorder{acked: map[string]string{}} }

func (r *recorder) note(op, txID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.acked[op] = txID
}

// requireKept checks that every noted operation is in the blocks, exactly once, under its id.
func (r *recorder) requireKept(t testing.TB, blocks []registry.Block) {
	t.Helper()
	ids := map[string]string{}
	for _, b := range blocks {
		for _, tx := range b.Transactions {
			op := strings.Fields(string(tx.Command))[1]
			require.NotContains(t, ids, op, "recorded twice")
			ids[op] = tx.ID
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for op, id := range r.acked {
		require.Equal(t, id, ids[op], "acknowledged operation %s", op)
	}
}
