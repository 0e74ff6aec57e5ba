package index

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/index/indextest"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

var chainSeeds = flag.Int("chain-seeds", 60, "seeds of the rebuild test")

// putting is a small set of rules: "put <op> <key> <value>" writes the key and the operation's mark. The same op again is a
// repeat; "refuse" is refused.
func putting(state registry.State, _ registry.Tx, command []byte) (registry.Event, error) {
	f := strings.SplitN(string(command), " ", 4)
	if len(f) != 4 {
		return registry.Event{}, attest.Errorf(attest.CodeCommandFormat, "not a putting command")
	}
	done, err := state.Get("op/" + f[1])
	if err != nil || done != nil {
		return registry.Event{Name: "put", Repeat: true}, err
	}
	if _, err := state.Get(f[2]); err != nil {
		return registry.Event{}, err
	}
	return registry.Event{Name: "put", Key: f[2]}, errors.Join(state.Put(f[2], []byte(f[3])), state.Put("op/"+f[1], []byte{}))
}

func put(op, key, value string) registry.Transaction {
	return registry.Transaction{Command: []byte("put " + op + " " + key + " " + value), Valid: true}
}

func invalid() registry.Transaction {
	return registry.Transaction{Command: []byte("refuse"), Valid: false}
}

func options(fs vfs.FS) Options {
	return Options{
		Rules:  putting,
		Clock:  func() time.Time { return time.Unix(1_700_000_000, 0) },
		Logger: slog.New(slog.DiscardHandler),
		Store:  pebblekv.Options{FS: fs, MemTableBytes: 256 << 10, CacheBytes: 1 << 20, Logger: slog.New(slog.DiscardHandler)},
	}
}

func create(t testing.TB, o Options) *Index {
	t.Helper()
	x, err := Create(t.TempDir()+"/index", o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.Close()) })
	return x
}

// dump is the ordered state with the positions, one line a record.
func dump(t testing.TB, x *Index) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, x.still(func(snap *pebble.Snapshot, _ *moment) error {
		return listRecords(snap, "", func(k string, r record) error {
			fmt.Fprintf(&b, "%s %d.%d %d.%d %q\n", k, r.first.Block, r.first.Tx, r.last.Block, r.last.Tx, r.value)
			return nil
		})
	}))
	return b.String()
}

func randomChain(rng *rand.Rand, blocks int) *indextest.Chain {
	c := &indextest.Chain{}
	op := 0
	for range blocks {
		var txs []registry.Transaction
		for range rng.IntN(6) {
			switch rng.IntN(5) {
			case 0:
				txs = append(txs, invalid())
			case 1: // repeats an operation, perhaps
				txs = append(txs, put(fmt.Sprint(rng.IntN(op+1)), "k/again", "v"))
			default:
				op++
				txs = append(txs, put(fmt.Sprint(op), fmt.Sprint("k/", rng.IntN(20)), strings.Repeat("v", rng.IntN(3000))))
			}
		}
		c.Add(txs...)
	}
	return c
}

func follow(t testing.TB, x *Index, c *indextest.Chain, until uint64) {
	t.Helper()
	for n := x.Next(); n < until; n++ {
		require.NoError(t, x.Apply(c.Blocks[n]))
	}
}

// TestRebuildIsIdentical: through restarts, losses of power and blocks that come again, an index ends with the same bytes as
// one that followed from block 0 without any of it.
func TestRebuildIsIdentical(t *testing.T) {
	for seed := range *chainSeeds {
		rng := rand.New(rand.NewPCG(uint64(seed), 7))
		chain := randomChain(rng, 60)
		total := uint64(len(chain.Blocks))
		calm := create(t, options(vfs.NewMem()))
		follow(t, calm, chain, total)

		fs := vfs.NewCrashableMem()
		x, err := Create("index", options(fs))
		require.NoError(t, err)
		lost := false
		for x.Next() < total {
			before := x.Next()
			follow(t, x, chain, min(total, before+uint64(rng.IntN(15))))
			switch rng.IntN(4) {
			case 0: // restart
				require.NoError(t, x.Close())
				x, err = Open("index", options(fs))
			case 1: // power
				crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
				require.NoError(t, x.Close())
				fs = crashed
				at := x.at.next
				x, err = Open("index", options(fs))
				lost = lost || err == nil && x.Next() < at
			case 2: // a block that was applied comes again
				if n := x.Next(); n > 0 {
					err = x.Apply(chain.Blocks[rng.Uint64N(n)])
				}
			}
			require.NoError(t, err, "seed %d", seed)
		}
		require.Equal(t, dump(t, calm), dump(t, x), "seed %d", seed)
		require.Equal(t, calm.Progress(), x.Progress())
		want, err := calm.StateDigest()
		require.NoError(t, err)
		got, err := x.StateDigest()
		require.NoError(t, err)
		require.Equal(t, want, got)

		require.NoError(t, x.Reset())
		require.Zero(t, x.Next())
		require.Empty(t, dump(t, x))
		follow(t, x, chain, total)
		require.Equal(t, dump(t, calm), dump(t, x), "rebuilt, seed %d", seed)
		require.NoError(t, x.Close())
		if seed == *chainSeeds-1 {
			t.Logf("%d chains; blocks were lost and applied again: %v", *chainSeeds, lost)
		}
	}
}

func TestPositionsAndTraffic(t *testing.T) {
	x := create(t, options(nil))
	var c indextest.Chain
	require.NoError(t, x.Apply(c.Add(invalid(), put("1", "a", "x"))))
	require.NoError(t, x.Apply(c.Add(put("2", "b", "x"), put("3", "a", "y"))))
	require.NoError(t, x.Apply(c.Add(put("3", "a", "repeated"), invalid())))
	require.Equal(t, uint64(3), x.Progress().Traffic, "a valid transaction is traffic even where it repeats")
	require.NoError(t, x.Apply(c.Add(invalid())))
	require.Equal(t, uint64(3), x.Progress().Traffic)
	require.Contains(t, dump(t, x), "a 0.1 1.1 \"y\"\nb 1.0 1.0 \"x\"\n")
	require.Equal(t, uint64(3), x.Height())
	require.Equal(t, []byte("hash of block 3"), x.BlockHash())

	// D(n) is registry.BlockDigest over the writes in order, blocks without any included.
	mark := func(op string) registry.Write { return registry.Write{Key: "op/" + op, Value: []byte{}} }
	w := func(k, v string) registry.Write { return registry.Write{Key: k, Value: []byte(v)} }
	d := registry.BlockDigest([32]byte{}, 0, []registry.Write{w("a", "x"), mark("1")})
	d = registry.BlockDigest(d, 1, []registry.Write{w("b", "x"), mark("2"), w("a", "y"), mark("3")})
	d = registry.BlockDigest(registry.BlockDigest(d, 2, nil), 3, nil)
	require.Equal(t, d, x.Progress().Digest)
}

func TestRefusedBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		block func(next registry.Block, c *indextest.Chain) registry.Block
		code  attest.Code
	}{
		"gap": {func(b registry.Block, _ *indextest.Chain) registry.Block { b.Number++; return b }, attest.CodeChainGap},
		"another previous": {func(b registry.Block, _ *indextest.Chain) registry.Block {
			b.Previous = []byte("x")
			return b
		}, attest.CodeChainFork},
		"another at a height": {func(_ registry.Block, c *indextest.Chain) registry.Block {
			b := c.Blocks[1]
			b.Hash = []byte("x")
			return b
		}, attest.CodeChainFork},
		"no hash": {func(b registry.Block, _ *indextest.Chain) registry.Block { b.Hash = nil; return b }, attest.CodeChainBroken},
		"refused by the rules": {func(b registry.Block, _ *indextest.Chain) registry.Block {
			b.Transactions = append(b.Transactions, registry.Transaction{Command: []byte("refuse"), Valid: true})
			return b
		}, attest.CodeRulesDiverged},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(nil)
			var alarms []attest.Code
			o.OnAlarm = func(code attest.Code) { alarms = append(alarms, code) }
			x := create(t, o)
			var chain indextest.Chain
			for i := range 3 {
				require.NoError(t, x.Apply(chain.Add(put(fmt.Sprint(i), "a", "x"))))
			}
			before := dump(t, x)
			good := chain.Add(put("n", "a", "y"))
			err := x.Apply(c.block(good, &chain))
			require.Equal(t, c.code, attest.CodeOf(err))
			require.Equal(t, before, dump(t, x), "nothing is half applied")
			require.Equal(t, uint64(3), x.Next())

			freezes := c.code == attest.CodeChainFork || c.code == attest.CodeRulesDiverged
			l, err := x.Ledger(0)
			require.NoError(t, err)
			require.Equal(t, freezes, l.Frozen)
			err = x.Apply(good)
			if !freezes {
				require.NoError(t, err)
				require.Empty(t, alarms)
				return
			}
			require.Equal(t, c.code, attest.CodeOf(err), "it stays frozen")
			require.Equal(t, []attest.Code{c.code}, alarms)
		})
	}
}

func TestPinnedGenesis(t *testing.T) {
	o := options(nil)
	o.Genesis = []byte("hash of block 0")
	var c indextest.Chain
	good := c.Add()
	require.NoError(t, create(t, o).Apply(good))
	good.Hash = []byte("of another ledger")
	require.Equal(t, attest.CodeChainFork, attest.CodeOf(create(t, o).Apply(good)))
}

func TestStoresThatDoNotOpen(t *testing.T) {
	dir := t.TempDir() + "/index"
	_, err := Open(dir, options(nil))
	require.Equal(t, attest.CodeStoreMissing, attest.CodeOf(err))
	x, err := Create(dir, options(nil))
	require.NoError(t, err)
	_, err = Open(dir, options(nil))
	require.Equal(t, attest.CodeStoreLocked, attest.CodeOf(err))
	require.NoError(t, x.Close())
	_, err = Create(dir, options(nil))
	require.Equal(t, attest.CodeStoreExists, attest.CodeOf(err))
	require.Equal(t, attest.CodeStoreClosed, attest.CodeOf(x.Apply(registry.Block{})))
	_, err = x.Consortium()
	require.Equal(t, attest.CodeStoreClosed, attest.CodeOf(err))
	require.Equal(t, attest.CodeStoreClosed, attest.CodeOf(x.Dump(nil)))
}

// TestEveryFault fails one operation of the file system after the other. Each failure has a code, and on a healthy disk the
// index goes on from whatever it kept to the same bytes.
func TestEveryFault(t *testing.T) {
	chain := randomChain(rand.New(rand.NewPCG(5, 5)), 40)
	total := uint64(len(chain.Blocks))
	calm := create(t, options(nil))
	follow(t, calm, chain, total)
	want := dump(t, calm)

	faults := int32(0)
	for ; ; faults++ {
		require.Less(t, faults, int32(3000))
		disk := vfs.NewCrashableMem()
		var operations atomic.Int32
		at := faults
		inject := errorfs.InjectorFunc(func(errorfs.Op) error {
			if operations.Add(1)-1 == at {
				return syscall.EIO
			}
			return nil
		})
		err := run(options(errorfs.Wrap(disk, inject)), chain)
		if err != nil {
			require.NotEqual(t, attest.CodeInternal, attest.CodeOf(err), "fault %d: %v", faults, err)
		}
		healthy := options(disk.CrashClone(vfs.CrashCloneCfg{}))
		x, oerr := Open("index", healthy)
		switch attest.CodeOf(oerr) {
		case attest.CodeStoreMissing:
			x, oerr = Create("index", healthy)
		case attest.CodeStoreFormat: // half created: the operator removes it
			require.NoError(t, healthy.Store.FS.RemoveAll("index"))
			x, oerr = Create("index", healthy)
		}
		require.NoError(t, oerr, "fault %d", faults)
		follow(t, x, chain, total)
		require.Equal(t, want, dump(t, x), "fault %d", faults)
		require.NoError(t, x.Close())
		if operations.Load() <= faults { // never reached
			break
		}
	}
	require.Greater(t, faults, int32(20))
	t.Logf("%d faults", faults)
}

func run(o Options, chain *indextest.Chain) error {
	x, err := Create("index", o)
	if err != nil {
		return err
	}
	for i, b := range chain.Blocks {
		if i == 20 {
			if err := x.Close(); err != nil {
				return err
			}
			if x, err = Open("index", o); err != nil {
				return err
			}
		}
		if err := x.Apply(b); err != nil {
			_ = x.Close() // it fails, or not, as the first error did
			return err
		}
	}
	return x.Close()
}
