package follow

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/index/indextest"
)

// trickle is a ledger that makes one block at a time.
type trickle chan registry.Block

func (s trickle) Blocks(ctx context.Context, _ uint64, visit func(registry.Block) error) error {
	for {
		select {
		case b := <-s:
			if err := visit(b); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// BenchmarkLive is how long a block of one command takes from the source until it is visible, with nothing else under way:
// followed, and applied on the spot.
func BenchmarkLive(b *testing.B) {
	h := indextest.NewHistory(b, attest.SuiteStd, 1)
	for range b.N + 2000 {
		h.Block(1)
	}
	fresh := func(b *testing.B) *index.Index {
		x, err := index.Create(b.TempDir()+"/index", index.Options{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, x.Close()) })
		return x
	}
	b.Run("followed", func(b *testing.B) {
		x, source := fresh(b), make(trickle)
		f := New(quiet(source, x))
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() { done <- f.Run(ctx) }()
		for i := 0; b.Loop() && i < len(h.Blocks); i++ {
			source <- h.Blocks[i]
			require.NoError(b, f.WaitFor(ctx, h.Blocks[i].Number))
		}
		cancel()
		require.ErrorIs(b, <-done, context.Canceled)
	})
	b.Run("applied", func(b *testing.B) {
		x := fresh(b)
		for i := 0; b.Loop() && i < len(h.Blocks); i++ {
			require.NoError(b, x.Apply(h.Blocks[i]))
		}
	})
}
