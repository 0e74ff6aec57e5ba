package benchnet_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/follow"
	"github.com/huzheng-ledger/huzheng/internal/index"
)

// weight is what blocks hold: bytes as a peer keeps them, and full batches.
type weight struct{ bytes, batches int }

func (w *weight) each() float64 { return float64(w.bytes) / float64(max(1, w.batches)*leaves) }

// weigh counts those blocks from number from up to next that anchor full batches, and hold no transaction of the plain application.
// All else that is in such a block is counted as if the batches had caused it.
func weigh(b *testing.B, p *plain, blocks []registry.Block, wanted func(number uint64) bool) *weight {
	b.Helper()
	var w weight
	for _, block := range blocks {
		batches := fullBatches(&block)
		if batches == 0 || !wanted(block.Number) {
			continue
		}
		raw, err := p.block(block.Number)
		require.NoError(b, err)
		w.bytes, w.batches = w.bytes+len(raw), w.batches+batches
	}
	return &w
}

func fullBatches(block *registry.Block) (count int) {
	for i := range block.Transactions {
		signed, err := registry.Parse(block.Transactions[i].Command)
		if err != nil {
			continue
		}
		if a, ok := signed.Command.(*registry.Anchor); ok && block.Transactions[i].Valid && a.Size == leaves {
			count++
		}
	}
	return count
}

// chain reads the blocks of a network from its beginning, each verified.
func chain(b *testing.B, c fabric.Config) (blocks []registry.Block, took time.Duration) {
	b.Helper()
	client, err := fabric.Dial(c)
	require.NoError(b, err)
	defer func() { require.NoError(b, client.Close()) }()
	next, err := client.Head(b.Context())
	require.NoError(b, err)
	began := time.Now()
	enough := errors.New("enough")
	err = client.Blocks(b.Context(), 0, func(block registry.Block) error {
		blocks = append(blocks, block)
		if block.Number+1 < next {
			return nil
		}
		return enough
	})
	require.ErrorIs(b, err, enough)
	return blocks, time.Since(began)
}

// rebuild follows the network from block 0 into an index that is new, as a gateway without one does.
func rebuild(b *testing.B, c fabric.Config, last uint64) time.Duration {
	b.Helper()
	quiet := slog.New(slog.DiscardHandler)
	x, err := index.Create(b.TempDir(), index.Options{Logger: quiet})
	require.NoError(b, err)
	client, err := fabric.Dial(c)
	require.NoError(b, err)
	began := time.Now()
	require.NoError(b, follow.New(follow.Options{Source: client, Replica: x, Logger: quiet}).To(b.Context(), last))
	took := time.Since(began)
	require.NoError(b, client.Close())
	require.NoError(b, x.Close())
	return took
}
