package fabric_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/fabrictest"
	"github.com/huzheng-ledger/huzheng/test/conformance"
)

// members of every test network, in the order of their organisations.
var members = []conformance.Member{
	{Region: "430000", MSP: "HunanMSP"}, {Region: "440000", MSP: "GuangdongMSP"},
	{Region: "500000", MSP: "ChongqingMSP"}, {Region: "510000", MSP: "SichuanMSP"},
}

// world is a network with a peer for each organisation.
type world struct {
	*fabrictest.Network
	peers []*fabrictest.Peer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Network: fabrictest.NewNetwork(t, true, "HunanMSP", "GuangdongMSP", "ChongqingMSP", "SichuanMSP")}
	for _, o := range w.Orgs {
		w.peers = append(w.peers, w.NewPeer(o))
	}
	return w
}

// config is the i-th organisation's, with the other peers behind its own.
func (w *world) config(i int) fabric.Config {
	org := w.Orgs[i]
	c := fabric.Config{
		Channel: fabrictest.Channel, Chaincode: fabrictest.Chaincode, Genesis: [32]byte(fabrictest.Hash(w.Block(0))),
		Identity: fabric.Identity{MSPID: org.MSPID, Certificate: org.Client.PEM, Key: org.Client.Key},
		Peer:     fabric.Endpoint{Address: w.peers[i].Address, Roots: w.peers[i].Roots},
		Logger:   slog.New(slog.DiscardHandler),
	}
	for j, p := range w.peers {
		if j != i {
			c.Others = append(c.Others, fabric.Endpoint{Address: p.Address, Roots: p.Roots})
		}
	}
	return c
}

func dial(t *testing.T, c fabric.Config) *fabric.Client {
	t.Helper()
	client, err := fabric.Dial(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

var errEnough = errors.New("enough")

// blocks reads the blocks of [from, to).
func blocks(t *testing.T, client *fabric.Client, from, to uint64) []registry.Block {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var got []registry.Block
	err := client.Blocks(ctx, from, func(b registry.Block) error {
		got = append(got, b)
		if b.Number+1 == to {
			return errEnough
		}
		return nil
	})
	require.ErrorIs(t, err, errEnough)
	return got
}

// fill orders blocks of one transaction.
func (w *world) fill(n int) {
	for range n {
		w.Order(fabrictest.Submit(w.Orgs[0].Client, 1, []byte("x")))
	}
}

func hashes(list []registry.Block) [][]byte {
	var out [][]byte
	for _, b := range list {
		out = append(out, b.Hash)
	}
	return out
}

func (w *world) hashes(from, to int) [][]byte {
	var out [][]byte
	for i := from; i < to; i++ {
		out = append(out, fabrictest.Hash(w.Block(i)))
	}
	return out
}

func TestBlocksFromAnywhereAcrossConfigurations(t *testing.T) {
	w := newWorld(t)
	w.fill(2)
	w.Orgs[3].Orderer = w.Orgs[3].Issue("orderer", nil)
	w.Configure() // 3
	w.fill(2)
	w.Orgs[3].Orderer = w.Orgs[3].Issue("orderer", nil)
	w.Configure() // 6
	w.fill(2)
	for from := range 9 {
		got := blocks(t, dial(t, w.config(0)), uint64(from), 9)
		require.Equal(t, w.hashes(from, 9), hashes(got), "from %d", from)
	}
}

func TestBlocksGoOnWithNewOnes(t *testing.T) {
	w := newWorld(t)
	client := dial(t, w.config(1))
	ctx, cancel := context.WithCancel(t.Context())
	arrived := make(chan registry.Block)
	ended := make(chan error, 1)
	go func() {
		ended <- client.Blocks(ctx, 0, func(b registry.Block) error {
			arrived <- b
			return nil
		})
	}()
	require.Zero(t, (<-arrived).Number)
	for i := range 5 {
		next, err := client.Head(t.Context())
		require.NoError(t, err)
		require.Equal(t, uint64(i+1), next)
		w.fill(1)
		require.Equal(t, uint64(i+1), (<-arrived).Number)
	}
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestTheVisitorsErrorEndsBlocks(t *testing.T) {
	w := newWorld(t)
	failed := errors.New("replica on fire")
	calls := 0
	err := dial(t, w.config(0)).Blocks(t.Context(), 0, func(registry.Block) error {
		calls++
		return failed
	})
	require.ErrorIs(t, err, failed)
	require.Equal(t, 1, calls)
}

// TestAnotherRegionsPeerTakesOver: the own peer shows each of these instead of block 3. The blocks come from elsewhere, and the
// failure is told.
func TestAnotherRegionsPeerTakesOver(t *testing.T) {
	for about, lie := range map[string]func(w *world, b *common.Block) *common.Block{
		"ends the stream": func(*world, *common.Block) *common.Block { return nil },
		"drops a block":   func(w *world, _ *common.Block) *common.Block { return w.Block(4) },
		"repeats a block": func(w *world, _ *common.Block) *common.Block { return w.Block(2) },
		"forks": func(w *world, b *common.Block) *common.Block {
			fork := fabrictest.Clone(b)
			fork.Header.DataHash, fork.Data = w.Block(4).GetHeader().GetDataHash(), w.Block(4).GetData()
			return fork
		},
		"changes a transaction": func(_ *world, b *common.Block) *common.Block {
			changed := fabrictest.Clone(b)
			changed.Data.Data[0][len(changed.Data.Data[0])-1] ^= 1
			return changed
		},
		"withholds signatures": func(_ *world, b *common.Block) *common.Block {
			changed := fabrictest.Clone(b)
			changed.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = nil
			return changed
		},
	} {
		w := newWorld(t)
		w.fill(5)
		w.peers[0].OnShow = func(b *common.Block) *common.Block {
			if b.GetHeader().GetNumber() == 3 {
				return lie(w, b)
			}
			return b
		}
		var mu sync.Mutex
		var failed []string
		c := w.config(0)
		c.OnPeer = func(address string, reason error) {
			mu.Lock()
			defer mu.Unlock()
			require.Error(t, reason)
			failed = append(failed, address)
		}
		require.Equal(t, w.hashes(0, 6), hashes(blocks(t, dial(t, c), 0, 6)), about)
		mu.Lock()
		require.Contains(t, failed, w.peers[0].Address, about)
		mu.Unlock()
	}
}

func TestTheOwnPeerServesAgainOnceItCan(t *testing.T) {
	w := newWorld(t)
	w.fill(2)
	down := make(chan struct{})
	w.peers[0].OnShow = func(b *common.Block) *common.Block {
		select {
		case <-down:
			return b
		default:
			return nil
		}
	}
	c := w.config(0)
	c.Return = 100 * time.Millisecond
	client := dial(t, c)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	arrived := make(chan uint64, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- client.Blocks(ctx, 0, func(b registry.Block) error {
			arrived <- b.Number
			return nil
		})
	}()
	for i := range uint64(3) {
		require.Equal(t, i, <-arrived)
	}
	require.Positive(t, w.peers[1].Streams.Load())
	close(down)
	for _, p := range w.peers[1:] { // a stream that ends now can only go on at the own peer
		p.OnShow = func(*common.Block) *common.Block { return nil }
	}
	w.fill(1)
	require.Equal(t, uint64(3), <-arrived)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

// TestAPeerThatStandsStill answers, and has no more to tell, while the others go on.
func TestAPeerThatStandsStill(t *testing.T) {
	w := newWorld(t)
	w.fill(5)
	w.peers[0].Height = func() uint64 { return 3 }
	c := w.config(0)
	c.Still = 50 * time.Millisecond
	failed := make(chan error, 100)
	c.OnPeer = func(_ string, reason error) { failed <- reason }
	require.Equal(t, w.hashes(0, 6), hashes(blocks(t, dial(t, c), 0, 6)))
	require.ErrorContains(t, <-failed, "others have more")
}

// TestOneThatClaimsMore, and has not, changes nothing: the own peer goes on serving.
func TestOneThatClaimsMore(t *testing.T) {
	w := newWorld(t)
	w.fill(2)
	claims := make(chan struct{}, 1000)
	w.peers[1].Claim = func() uint64 {
		claims <- struct{}{}
		return 1 << 40
	}
	c := w.config(0)
	c.Still = 10 * time.Millisecond
	c.OnPeer = func(address string, reason error) { t.Errorf("%s was left: %v", address, reason) }
	client := dial(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	arrived, ended := make(chan uint64, 100), make(chan error, 1)
	go func() {
		ended <- client.Blocks(ctx, 0, func(b registry.Block) error {
			arrived <- b.Number
			return nil
		})
	}()
	for want := range uint64(8) {
		if want >= 3 {
			<-claims
			<-claims // one whole comparison lies between two questions
			w.fill(1)
		}
		require.Equal(t, want, <-arrived)
	}
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestNoPeerServes(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	err := dial(t, w.config(0)).Blocks(t.Context(), 9, func(registry.Block) error { return errEnough })
	require.Equal(t, "LEDGER_BEHIND: no peer has the block before block 9", err.Error())

	for _, p := range w.peers {
		p.OnShow = func(*common.Block) *common.Block { return nil }
	}
	err = dial(t, w.config(0)).Blocks(t.Context(), 2, func(registry.Block) error { return errEnough })
	var status *fabric.StatusError
	require.ErrorAs(t, err, &status)
	require.NotErrorIs(t, err, errEnough)

	foreign := w.config(0)
	foreign.Genesis[0] ^= 1
	for _, p := range w.peers {
		p.OnShow = func(b *common.Block) *common.Block { return b }
	}
	for _, from := range []uint64{0, 1, 3} {
		err = dial(t, foreign).Blocks(t.Context(), from, func(registry.Block) error { return errEnough })
		require.ErrorContains(t, err, "block 0 is not the pinned one", "from %d", from)
	}
}

// TestHeadIsNoSinglePeersWord: of four, one may lie, be it the own one, and any number may be silent until two are left.
func TestHeadIsNoSinglePeersWord(t *testing.T) {
	w := newWorld(t)
	w.fill(2)
	client := dial(t, w.config(0))
	head := func(want uint64, about string) {
		t.Helper()
		next, err := client.Head(t.Context())
		require.NoError(t, err, about)
		require.Equal(t, want, next, about)
	}
	head(3, "all are honest")
	w.peers[0].Height = func() uint64 { return 2 }
	head(3, "the own peer holds a block back")
	next, err := client.PeerHead(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(2), next)
	w.peers[0].Height = w.Height
	for i, p := range w.peers {
		p.Claim = func() uint64 { return 1 << 40 }
		head(3, w.Orgs[i].MSPID+" claims more")
		p.Claim = nil
	}
	w.peers[3].Stop()
	w.peers[0].Height = func() uint64 { return 2 }
	head(3, "one holds a block back and one is gone")
	w.peers[2].Stop()
	head(3, "one holds a block back and two are gone")
	w.peers[1].Stop()
	_, err = client.Head(t.Context())
	require.ErrorContains(t, err, "2 are needed")
	w.peers[0].Stop()
	_, err = client.PeerHead(t.Context())
	require.Error(t, err)
}

func TestClosedClient(t *testing.T) {
	w := newWorld(t)
	client := dial(t, w.config(0))
	ended := make(chan error, 1)
	visiting := make(chan struct{})
	go func() {
		ended <- client.Blocks(context.Background(), 0, func(registry.Block) error {
			close(visiting)
			return nil
		})
	}()
	<-visiting
	require.NoError(t, client.Close())
	require.ErrorIs(t, <-ended, fabric.ErrClosed)
	_, err := client.Submit(t.Context(), []byte("x"))
	require.ErrorIs(t, err, fabric.ErrClosed)
	_, err = client.Head(t.Context())
	require.ErrorIs(t, err, fabric.ErrClosed)
	require.NoError(t, client.Close())
}

func TestGenesisHash(t *testing.T) {
	w := newWorld(t)
	hash, err := fabric.GenesisHash(fabrictest.Marshal(w.Block(0)))
	require.NoError(t, err)
	require.Equal(t, fabrictest.Hash(w.Block(0)), hash[:])
	w.fill(1)
	for _, file := range [][]byte{nil, []byte("no block"), fabrictest.Marshal(w.Block(1))} {
		_, err := fabric.GenesisHash(file)
		require.Error(t, err)
	}
}

func TestConfigurationIsComplete(t *testing.T) {
	w := newWorld(t)
	for about, spoil := range map[string]func(*fabric.Config){
		"channel":   func(c *fabric.Config) { c.Channel = "" },
		"chaincode": func(c *fabric.Config) { c.Chaincode = "" },
		"genesis":   func(c *fabric.Config) { c.Genesis = [32]byte{} },
		"identity":  func(c *fabric.Config) { c.Identity.Key = nil },
		"a peer":    func(c *fabric.Config) { c.Peer = fabric.Endpoint{} },
		"roots":     func(c *fabric.Config) { c.Others = slices.Clone(c.Others); c.Others[1].Roots = nil },
	} {
		c := w.config(0)
		spoil(&c)
		_, err := fabric.Dial(c)
		require.ErrorContains(t, err, about)
	}
}

// flip shows the transaction at that position as invalid.
func flip(at registry.Position) func(*common.Block) *common.Block {
	return func(b *common.Block) *common.Block {
		if b.GetHeader().GetNumber() != at.Block {
			return b
		}
		lie := fabrictest.Clone(b)
		lie.Metadata.Metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER][at.Tx] ^= 11
		return lie
	}
}
