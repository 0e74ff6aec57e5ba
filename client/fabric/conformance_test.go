package fabric_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/testkeys"
	"github.com/huzheng-ledger/huzheng/test/conformance"
)

// ledger is a network by its members' clients. Each follows the blocks, as a gateway does.
type ledger struct {
	clients map[string]*fabric.Client
	*fabric.Client
}

func (l ledger) Submit(ctx context.Context, msp string, command []byte) (registry.Outcome, error) {
	return l.clients[msp].Submit(ctx, command)
}

// TestConformance runs the suite of every ledger over the wire protocol, with simple peers on the other side.
func TestConformance(t *testing.T) {
	w := newWorld(t)
	l := ledger{clients: map[string]*fabric.Client{}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, len(members))
	for i, m := range members {
		client := dial(t, w.config(i))
		l.clients[m.MSP] = client
		go func() { ended <- client.Blocks(ctx, 0, func(registry.Block) error { return nil }) }()
	}
	l.Client = l.clients[members[0].MSP]
	for seed := range uint64(2) {
		conformance.Run(t, l, members, seed, 200)
	}
	cancel()
	for range members {
		require.ErrorIs(t, <-ended, context.Canceled)
	}
}

// TestAFlippedFlagIsCaughtByTheOthers: which transactions are valid is signed by nobody. A peer that flips a flag leads its own
// region's index astray, until another region states what it has applied.
func TestAFlippedFlagIsCaughtByTheOthers(t *testing.T) {
	w := newWorld(t)
	w.founded(t)
	honest := dial(t, w.config(1))
	anchored, err := dial(t, w.config(0)).Submit(t.Context(), anchor(t, 1).Command)
	require.NoError(t, err)
	w.peers[0].OnShow = flip(anchored.Position)

	ours, theirs := newIndex(t), newIndex(t)
	follows(t, dial(t, w.config(0)), ours, w.Height())
	follows(t, honest, theirs, w.Height())
	require.NotEqual(t, theirs.Progress().Digest, ours.Progress().Digest, "the lie passes as the peer's word")
	require.NoError(t, ours.Frozen())

	at := theirs.Progress()
	statement, err := registry.Sign(conformance.NetworkID, &registry.Witness{Height: at.Next - 1, Digest: at.Digest},
		testkeys.Signer(t, attest.SuiteStd, registry.KeyID(members[1].Region, "w1")))
	require.NoError(t, err)
	_, err = honest.Submit(t.Context(), statement)
	require.NoError(t, err)
	follows(t, dial(t, w.config(0)), ours, w.Height())
	follows(t, honest, theirs, w.Height())
	require.Equal(t, attest.CodeWitnessFrozen, attest.CodeOf(ours.Frozen()))
	require.NoError(t, theirs.Frozen())
}

func newIndex(t *testing.T) *index.Index {
	t.Helper()
	x, err := index.Create(t.TempDir(), index.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.Close()) })
	return x
}

// follows applies the blocks up to a height.
func follows(t *testing.T, client *fabric.Client, x *index.Index, height uint64) {
	t.Helper()
	for _, b := range blocks(t, client, x.Next(), height) {
		require.NoError(t, x.Apply(b))
	}
}
