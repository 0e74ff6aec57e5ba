package follow

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/index/indextest"
	"github.com/huzheng-ledger/huzheng/internal/testcpu"
)

// shelf is a ledger whose blocks are all there.
type shelf []registry.Block

func (s shelf) Blocks(ctx context.Context, from uint64, visit func(registry.Block) error) error {
	for _, b := range s[from:] {
		if err := visit(b); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s shelf) Head(context.Context) (uint64, error) { return uint64(len(s)), nil }

// rebuild follows the chain from block 0 into a new index.
func rebuild(t testing.TB, dir string, blocks shelf) *index.Index {
	t.Helper()
	x, err := index.Create(dir, index.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	f := New(quiet(blocks, x))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	require.NoError(t, f.WaitFor(ctx, uint64(len(blocks))-1))
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	return x
}

// content is an index's state with its positions, the blocks' digest and hash, and what the regions' statements come to.
func content(t testing.TB, x *index.Index) string {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, x.Export(&file, nil))
	s, err := index.OpenSnapshot(&file)
	require.NoError(t, err)
	h := s.Header()
	h.Heard, h.Unagreed = 0, 0 // clocks
	l, err := x.Ledger(0)
	require.NoError(t, err)
	l.Age, l.Lag = 0, 0
	return fmt.Sprintf("%x %+v %+v %+v %d\n%s", h.Content, h, l, x.Progress(), x.Batches(), dump(t, x))
}

func dump(t testing.TB, x *index.Index) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, x.Dump(func(key string, value []byte) error {
		fmt.Fprintf(&b, "%s %q\n", key, value)
		return nil
	}))
	return b.String()
}

// TestRebuildAheadIsIdentical: an index that was rebuilt by looking ahead has the same bytes as one that took one block
// after the other, over chains with forged, repeated and damaged commands, keys that are used in the block that registers
// them, and keys that were retired or marked compromised.
func TestRebuildAheadIsIdentical(t *testing.T) {
	commands, refused := 0, 0
	for seed := range uint64(12) {
		suite := attest.SuiteStd
		if seed%3 == 2 {
			suite = attest.SuiteGM
		}
		h := indextest.NewHistory(t, suite, seed)
		h.Hostile = true
		rng := rand.New(rand.NewPCG(seed, 1))
		for range 20 {
			h.Block(rng.IntN(40))
		}
		commands, refused = commands+h.Commands, refused+h.Refused
		ahead := rebuild(t, t.TempDir()+"/ahead", h.Blocks)
		serial := rebuildSerially(t, t.TempDir()+"/serial", h.Blocks)
		require.Equal(t, content(t, serial), content(t, ahead), "seed %d", seed)
		require.NoError(t, ahead.Close())
		require.NoError(t, serial.Close())
	}
	require.Greater(t, commands, 1000)
	require.Greater(t, refused, 20)
	t.Logf("%d commands with effect, %d refused by the ledger, 0 differences", commands, refused)
}

// TestAForgeryFreezesAhead: a forged command that a ledger shows as valid freezes the index at its block, with everything
// before it applied, however many blocks wait behind it.
func TestAForgeryFreezesAhead(t *testing.T) {
	tried := 0
	for seed := range uint64(6) {
		h := indextest.NewHistory(t, attest.SuiteStd, seed)
		h.Hostile = true
		for h.Refused == 0 || len(h.Blocks) < 15 {
			h.Block(10)
		}
		at, shown := showRefused(h.Blocks, seed)
		tried++
		x, err := index.Create(t.TempDir()+"/index", index.Options{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		err = New(quiet(shown, x)).Run(t.Context())
		require.Equal(t, attest.CodeRulesDiverged, attest.CodeOf(err), "seed %d", seed)
		require.Equal(t, attest.CodeRulesDiverged, attest.CodeOf(x.Frozen()))
		require.Equal(t, at, x.Next())
		serial := rebuildSerially(t, t.TempDir()+"/serial", h.Blocks[:at])
		require.Equal(t, dump(t, serial), dump(t, x))
		require.Equal(t, serial.Progress(), x.Progress())
		require.NoError(t, x.Close())
		require.NoError(t, serial.Close())
	}
	t.Logf("%d forgeries, all refused at their block", tried)
}

// showRefused marks one refused transaction of the chain as valid and returns its block.
func showRefused(blocks []registry.Block, seed uint64) (at uint64, shown shelf) {
	shown = slices.Clone(blocks)
	var found [][2]int
	for n := range blocks {
		for i, tx := range blocks[n].Transactions {
			if !tx.Valid {
				found = append(found, [2]int{n, i})
			}
		}
	}
	place := found[int(seed)%len(found)]
	b := &shown[place[0]]
	b.Transactions = slices.Clone(b.Transactions)
	b.Transactions[place[1]].Valid = true
	return b.Number, shown
}

// BenchmarkRebuild builds an index from block 0: once as the follower does, and once block after block and command after
// command, as it would without looking ahead. The line "signatures" checks the signatures and does nothing else, on one
// core: the others are to be read against it.
func BenchmarkRebuild(b *testing.B) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		for _, size := range []int{1, 20, 500} {
			b.Run(fmt.Sprintf("suite=%s/transactions=%d", suite, size), func(b *testing.B) {
				h := indextest.NewHistory(b, suite, 1)
				for h.Commands < 20_000 {
					h.Block(size)
				}
				b.Run("signatures", func(b *testing.B) { benchSignatures(b, h) })
				b.Run("ahead", func(b *testing.B) {
					benchRebuild(b, h, func(dir string) *index.Index { return rebuild(b, dir, h.Blocks) })
				})
				b.Run("serial", func(b *testing.B) {
					benchRebuild(b, h, func(dir string) *index.Index { return rebuildSerially(b, dir, h.Blocks) })
				})
			})
		}
	}
}

func rebuildSerially(t testing.TB, dir string, blocks []registry.Block) *index.Index {
	t.Helper()
	x, err := index.Create(dir, index.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	for i := range blocks {
		require.NoError(t, x.Apply(blocks[i]))
	}
	return x
}

func benchRebuild(b *testing.B, h *indextest.History, build func(dir string) *index.Index) {
	began := testcpu.Used(b)
	for b.Loop() {
		dir := b.TempDir() + "/index"
		x := build(dir)
		require.NoError(b, x.Frozen())
		require.NoError(b, x.Close())
		require.NoError(b, os.RemoveAll(dir))
	}
	commands := float64(b.N) * float64(h.Commands)
	b.ReportMetric(float64((testcpu.Used(b)-began).Microseconds())/commands, "cpu-µs/command")
	b.ReportMetric(commands/b.Elapsed().Seconds(), "commands/s")
}

func benchSignatures(b *testing.B, h *indextest.History) {
	var all []*registry.Prepared
	var keys []*attest.PublicKey
	for _, block := range h.Blocks {
		for _, tx := range block.Transactions {
			p := registry.Prepare(tx.Command)
			all, keys = append(all, p), append(keys, h.Key(p.Signer()))
		}
	}
	began := testcpu.Used(b)
	for b.Loop() {
		for i, p := range all {
			p.Check(keys[i])
		}
	}
	commands := float64(b.N) * float64(len(all))
	b.ReportMetric(float64((testcpu.Used(b)-began).Microseconds())/commands, "cpu-µs/command")
	b.ReportMetric(commands/b.Elapsed().Seconds(), "commands/s")
}
