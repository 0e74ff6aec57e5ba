package conformance_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/test/conformance"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// network is a real network by its regions' clients. Each follows the blocks, as a gateway does.
type network struct {
	*fabric.Client // the first region's
	clients        map[string]*fabric.Client
	members        []conformance.Member
}

// connections are those of the network whose folder the environment names, or of one that is started for the test, in the order
// of the regions' codes.
func connections(t testing.TB) []fabric.Connection {
	t.Helper()
	dir := os.Getenv(conformance.Env)
	if dir == "" {
		dir = fabricnet.Up(t).Dir
	}
	files, err := filepath.Glob(filepath.Join(dir, "regions", "*", "gateway", "connection.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "%s=%s holds no region's connection.json", conformance.Env, dir)
	var list []fabric.Connection
	for _, file := range files {
		c, err := fabric.ReadConnection(file)
		require.NoError(t, err)
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b fabric.Connection) int { return strings.Compare(a.Region, b.Region) })
	return list
}

// open connects to the network.
func open(t testing.TB, list []fabric.Connection) *network {
	t.Helper()
	n := &network{clients: map[string]*fabric.Client{}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, len(list))
	for _, c := range list {
		client, err := fabric.Dial(c.Config)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, client.Close()) })
		n.clients[c.Identity.MSPID] = client
		n.members = append(n.members, conformance.Member{Region: c.Region, MSP: c.Identity.MSPID})
		go func() { ended <- client.Blocks(ctx, 0, func(registry.Block) error { return nil }) }()
	}
	t.Cleanup(func() {
		cancel()
		for range list {
			require.ErrorIs(t, <-ended, context.Canceled)
		}
	})
	n.Client = n.clients[n.members[0].MSP]
	return n
}

// Submit submits as one organisation and returns once every organisation's peer has the block: the suite asks what the ledger
// says, not how far apart its peers are.
func (n *network) Submit(ctx context.Context, msp string, command []byte) (registry.Outcome, error) {
	outcome, err := n.clients[msp].Submit(ctx, command)
	if err != nil || outcome.Event.Repeat {
		return outcome, err
	}
	for _, client := range n.clients {
		if err := reaches(ctx, client, outcome.Position.Block); err != nil {
			return outcome, err
		}
	}
	return outcome, nil
}

// reaches waits until the client's own peer has a block.
func reaches(ctx context.Context, client *fabric.Client, number uint64) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		next, err := client.PeerHead(ctx)
		if err != nil || next > number {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// TestFabric is on a real network, which is the tests' alone: they found its consortium with keys of their own.
func TestFabric(t *testing.T) {
	list := connections(t)
	t.Run("script", func(t *testing.T) { runScript(t, open(t, list)) })
	t.Run("from anywhere", func(t *testing.T) { fromAnywhere(t, list[0].Config) })
}

// runScript runs the suite, and compares the state at every region's peer with the index's.
func runScript(t *testing.T, n *network) {
	next, err := n.Head(t.Context())
	require.NoError(t, err)
	state := conformance.Run(t, n, n.members, next, 120)
	for msp, client := range n.clients {
		held := map[string][]byte{}
		require.NoError(t, client.State(t.Context(), func(key string, value []byte) error {
			held[key] = value
			return nil
		}))
		require.Len(t, held, len(state), "records at the peer of %s", msp)
		require.Equal(t, state, held, "state at the peer of %s", msp)
	}
	t.Logf("%d records are the same at %d peers and in the index", len(state), len(n.clients))
}

// fromAnywhere: following may begin at any block, with a client that knows nothing but the genesis block's hash. What it is
// shown is the same chain, whatever configurations lie before.
func fromAnywhere(t *testing.T, c fabric.Config) {
	whole := hashes(t, c, 0, 0)
	height := uint64(len(whole))
	require.Greater(t, height, uint64(3))
	for _, from := range []uint64{1, 2, 3, height / 3, height / 2, height - 2, height - 1} {
		require.Equal(t, whole[from:], hashes(t, c, from, height), "from block %d of %d", from, height)
	}
	t.Logf("%d blocks are the same from wherever they are followed", height)
}

// hashes are those of the blocks from number from on, up to the height, or to the present one.
func hashes(t *testing.T, c fabric.Config, from, height uint64) (list [][]byte) {
	t.Helper()
	client, err := fabric.Dial(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	if height == 0 {
		height, err = client.Head(t.Context())
		require.NoError(t, err)
	}
	err = client.Blocks(t.Context(), from, func(b registry.Block) error {
		if list = append(list, b.Hash); b.Number+1 < height {
			return nil
		}
		return errEnough
	})
	require.ErrorIs(t, err, errEnough)
	return list
}
