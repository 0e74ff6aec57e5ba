package faults_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/index"
)

// restTries is how often the ledger is looked at until nothing was recorded meanwhile. Statements are made twice a minute.
const restTries = 20

// replica is what one replica or peer holds.
type replica map[string][]byte

// sameEverywhere requires that all replicas, every peer, and a replica that is built from block 0 on hold the same, key by key:
// promise 4. What is built takes in what is recorded meanwhile, so that the ledger has to rest for no longer than a look takes.
func (w *world) sameEverywhere(t *testing.T) {
	t.Helper()
	w.Settle()
	rebuilt, err := index.Create(t.TempDir(), index.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, rebuilt.Close()) }()
	for range restTries {
		w.CaughtUp()
		w.follow(t, w.Gateways[0].Code, rebuilt.Next(), func(b registry.Block) error { return rebuilt.Apply(b) })
		at := append(w.heights(t), rebuilt.Next())
		replicas := w.replicas(t)
		replicas["rebuilt"] = dump(t, rebuilt)
		if after := w.heights(t); !uniform(append(at, after...)) {
			continue
		}
		for about, r := range replicas {
			require.Equal(t, replicas["rebuilt"], r, about)
		}
		t.Logf("%d records are the same in %d replicas, peers and a replica rebuilt from block 0, at height %d", len(replicas["rebuilt"]), len(replicas), at[0]-1)
		return
	}
	require.Fail(t, "the ledger does not come to rest")
}

// heights are those of all peers and replicas.
func (w *world) heights(t *testing.T) (heights []uint64) {
	t.Helper()
	for _, g := range w.Gateways {
		next, err := g.Ledger.PeerHead(t.Context())
		require.NoError(t, err)
		heights = append(heights, next, g.Gateway.Index().Next())
	}
	return heights
}

func uniform(heights []uint64) bool {
	for _, h := range heights {
		if h != heights[0] {
			return false
		}
	}
	return true
}

// height is the number of the ledger's last block.
func (w *world) height(t *testing.T) (last uint64) {
	t.Helper()
	for _, h := range w.heights(t) {
		last = max(last, h-1)
	}
	return last
}

func (w *world) replicas(t *testing.T) map[string]replica {
	t.Helper()
	all := map[string]replica{}
	for _, g := range w.Gateways {
		all["replica of "+g.Code] = dump(t, g.Gateway.Index())
		all["peer of "+g.Code] = heldBy(t, g.Ledger)
	}
	return all
}

func dump(t *testing.T, x *index.Index) replica {
	t.Helper()
	r := replica{}
	require.NoError(t, x.Dump(func(key string, value []byte) error {
		r[key] = bytes.Clone(value)
		return nil
	}))
	return r
}

// heldBy is the state at a client's own peer.
func heldBy(t *testing.T, client *fabric.Client) replica {
	t.Helper()
	r := replica{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, client.State(ctx, func(key string, value []byte) error {
		r[key] = bytes.Clone(value)
		return nil
	}))
	return r
}

var errEnough = errors.New("enough")

// onceEach requires that the chain holds no command twice that had an effect: promise 3. It is asked of every region's peer.
func (w *world) onceEach(t *testing.T) {
	t.Helper()
	for _, g := range w.Gateways {
		counts := map[string]int{}
		next := w.follow(t, g.Code, 0, func(b registry.Block) error {
			for _, tx := range b.Transactions {
				if tx.Valid {
					counts[string(tx.Command)]++
				}
			}
			return nil
		})
		for command, n := range counts {
			require.Equal(t, 1, n, "recorded twice, says the peer of %s: %s", g.Code, command)
		}
		require.NotEmpty(t, counts, "%d blocks without a command", next)
	}
}

// follow visits the chain from a block to the present height with a client that knows nothing but the genesis block's hash.
func (w *world) follow(t *testing.T, region string, from uint64, visit func(registry.Block) error) (next uint64) {
	t.Helper()
	c := w.Connection(region)
	c.Logger = slog.New(slog.DiscardHandler)
	client, err := fabric.Dial(c.Config)
	require.NoError(t, err)
	next, err = client.PeerHead(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	if next <= from {
		return next
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err = client.Blocks(ctx, from, func(b registry.Block) error {
		if err := visit(b); err != nil || b.Number+1 < next {
			return err
		}
		return errEnough
	})
	require.ErrorIs(t, err, errEnough)
	return next
}
