package promises_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/embedded"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/index"
)

// TestEveryReplicaIsTheLedger is promises 4 and 17 for the system: after everything that a consortium of four does, with
// refused, repeated, garbled and foreign commands in between, the ledger's state, all four indexes and one that is built
// anew from block 0 are the same bytes, positions included.
func TestEveryReplicaIsTheLedger(t *testing.T) {
	p := newPath(t, attest.SuiteStd, io.Discard, gatewaytest.Guangdong, gatewaytest.Sichuan, gatewaytest.Hunan, gatewaytest.Chongqing)
	ledger := p.w.Ledger()
	var wait sync.WaitGroup
	stop := make(chan struct{})
	disturbances := 0
	wait.Go(func() { disturbances = disturb(t, ledger, stop) })
	p.walk()
	close(stop)
	wait.Wait()
	require.Positive(t, disturbances)
	require.NoError(t, p.w.Close()) // nobody states anything any more

	ledger, err := embedded.Open(p.w.Plan.LedgerDir, embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ledger.Close()) })
	quiet := index.Options{Logger: slog.New(slog.DiscardHandler)}
	rebuilt, err := index.Create(filepath.Join(t.TempDir(), "rebuilt"), quiet)
	require.NoError(t, err)
	catchUp(t, ledger, rebuilt)
	want := contentOf(t, rebuilt)
	var state bytes.Buffer
	require.NoError(t, ledger.State(func(key string, value []byte) error {
		state.WriteString(key + "\n" + string(value) + "\n")
		return nil
	}))
	assert.Equal(t, state.String(), dump(t, rebuilt), "the ledger itself")
	for _, m := range p.w.Plan.Members {
		x, err := index.Open(filepath.Join(m.Dir, "index"), quiet)
		require.NoError(t, err)
		catchUp(t, ledger, x) // a follower is stopped wherever it is
		assert.Equal(t, want, contentOf(t, x), "region %s", m.Region.Code)
		require.NoError(t, x.Frozen())
		require.NoError(t, x.Close())
	}
	t.Logf("%d blocks, %d bytes of state, %d disturbances, 6 replicas, 0 differences", ledger.Next(), state.Len(), 3*disturbances)
	require.NoError(t, rebuilt.Close())
}

// disturb submits recorded commands again, damaged ones, and ones by the wrong organisation, until stop. It returns how
// often.
func disturb(t *testing.T, ledger *embedded.Ledger, stop <-chan struct{}) (n int) {
	random := rand.New(rand.NewPCG(4, 4))
	for ; ; n++ {
		select {
		case <-stop:
			return n
		default:
		}
		recorded := transaction(t, ledger, random.Uint64N(ledger.Next()))
		_, err := ledger.As(recorded.Submitter).Submit(t.Context(), recorded.Command)
		assert.NotEqual(t, attest.CodeInternal, attest.CodeOf(err))
		damaged := bytes.Clone(recorded.Command)
		damaged[random.IntN(len(damaged))] ^= 1 << random.IntN(8)
		if _, err = ledger.As(recorded.Submitter).Submit(t.Context(), damaged); err == nil {
			assert.Fail(t, "a damaged command was recorded")
		}
		_, err = ledger.As("somebody else").Submit(t.Context(), recorded.Command)
		assert.NotEqual(t, attest.CodeInternal, attest.CodeOf(err))
	}
}

var errEnough = errors.New("enough")

// transaction is the first of a block.
func transaction(t *testing.T, ledger *embedded.Ledger, block uint64) (tx registry.Transaction) {
	t.Helper()
	err := ledger.Blocks(t.Context(), block, func(b registry.Block) error {
		tx = b.Transactions[0]
		return errEnough
	})
	assert.ErrorIs(t, err, errEnough)
	return tx
}

func catchUp(t *testing.T, ledger *embedded.Ledger, x *index.Index) {
	t.Helper()
	if x.Next() == ledger.Next() {
		return
	}
	err := ledger.Blocks(t.Context(), x.Next(), func(b registry.Block) error {
		if err := x.Apply(b); err != nil {
			return err
		}
		if x.Next() == ledger.Next() {
			return errEnough
		}
		return nil
	})
	require.ErrorIs(t, err, errEnough)
}

func dump(t *testing.T, x *index.Index) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, x.Dump(func(key string, value []byte) error {
		out.WriteString(key + "\n" + string(value) + "\n")
		return nil
	}))
	return out.String()
}

// content is what two indexes must have in common to be the same: everything but when they heard of it.
type content struct {
	height                 uint64
	state, entries, blocks [32]byte
	hash                   string
	agreeing               int
}

func contentOf(t *testing.T, x *index.Index) content {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, x.Export(&file, nil))
	s, err := index.OpenSnapshot(&file)
	require.NoError(t, err)
	h := s.Header()
	l, err := x.Ledger(0)
	require.NoError(t, err)
	return content{height: h.Height, state: h.State, entries: h.Content, blocks: h.Digest, hash: string(h.BlockHash), agreeing: len(l.Agreeing)}
}
