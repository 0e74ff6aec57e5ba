package index

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/index/indextest"
)

// TestGroupsAreIdentical: blocks that are applied several at a time, some of them again, leave the same bytes as one after
// the other, through restarts and losses of power; a loss takes whole groups, always the last ones.
func TestGroupsAreIdentical(t *testing.T) {
	lost, again := 0, 0
	chains := *chainSeeds / 3
	for seed := range chains {
		rng := rand.New(rand.NewPCG(uint64(seed), 11))
		chain := randomChain(rng, 60)
		total := uint64(len(chain.Blocks))
		single := create(t, options(vfs.NewMem()))
		follow(t, single, chain, total)

		fs := vfs.NewCrashableMem()
		x, err := Create("index", options(fs))
		require.NoError(t, err)
		ends := map[uint64]bool{0: true} // where groups ended
		for x.Next() < total {
			from := x.Next() - min(x.Next(), uint64(rng.IntN(3)))
			until := min(total, x.Next()+1+uint64(rng.IntN(8)))
			if from < x.Next() {
				again++
			}
			require.NoError(t, x.Apply(chain.Blocks[from:until]...))
			require.Equal(t, until, x.Next())
			ends[until] = true
			if rng.IntN(6) == 0 {
				crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
				require.NoError(t, x.Close())
				fs = crashed
				x, err = Open("index", options(fs))
				require.NoError(t, err)
				require.True(t, ends[x.Next()], "block %d does not end a group", x.Next())
				lost += int(until - x.Next())
			}
		}
		require.Equal(t, dump(t, single), dump(t, x), "seed %d", seed)
		require.Equal(t, single.Progress(), x.Progress())
		require.NoError(t, x.Close())
	}
	require.Positive(t, lost)
	require.Positive(t, again)
	t.Logf("%d chains; %d blocks were lost and applied again, %d groups began with what was there", chains, lost, again)
}

// TestAGroupEndsAtItsFault: the blocks before one that is refused are applied, it and those behind it are not.
func TestAGroupEndsAtItsFault(t *testing.T) {
	for code, spoil := range map[attest.Code]func(*registry.Block){
		attest.CodeChainGap:    func(b *registry.Block) { b.Number += 5 },
		attest.CodeChainBroken: func(b *registry.Block) { b.Hash = nil },
		attest.CodeChainFork:   func(b *registry.Block) { b.Previous = []byte("another") },
		attest.CodeRulesDiverged: func(b *registry.Block) {
			b.Transactions = []registry.Transaction{put("x1", "a", "half"), {Command: []byte("refuse"), Valid: true}}
		},
	} {
		t.Run(string(code), func(t *testing.T) {
			var chain indextest.Chain
			for n := range 6 {
				chain.Add(put(fmt.Sprint(n), "a", fmt.Sprint("value ", n)))
			}
			want := create(t, options(nil))
			follow(t, want, &chain, 3)
			x := create(t, options(nil))
			spoil(&chain.Blocks[3])
			require.Equal(t, code, attest.CodeOf(x.Apply(chain.Blocks...)))
			require.Equal(t, want.Progress(), x.Progress())
			require.Equal(t, dump(t, want), dump(t, x))
			require.Equal(t, code == attest.CodeChainFork || code == attest.CodeRulesDiverged, x.Frozen() != nil)
		})
	}
	t.Run("another block of the same group", func(t *testing.T) {
		var chain indextest.Chain
		chain.Add(put("0", "a", "x"))
		other := chain.Blocks[0]
		other.Hash = []byte("another")
		x := create(t, options(nil))
		require.NoError(t, x.Apply(chain.Blocks[0], chain.Blocks[0]))
		require.Equal(t, uint64(1), x.Next())
		y := create(t, options(nil))
		require.Equal(t, attest.CodeChainFork, attest.CodeOf(y.Apply(chain.Blocks[0], other)))
		require.Equal(t, uint64(1), y.Next())
	})
}

// TestAGroupHearsEveryStatement: a statement that contradicts ours raises its alarm although a later one of the same group
// takes its place.
func TestAGroupHearsEveryStatement(t *testing.T) {
	regions, found := indextest.Consortium(t, 4)
	var chain indextest.Chain
	chain.Add(regions[0].By(found))
	chain.Add(regions[1].By(regions[1].Anchor(t, 1)))
	o := options(nil)
	o.Rules = nil // registry.Apply
	clean := create(t, o)
	follow(t, clean, &chain, 2)
	d := clean.Progress().Digest
	chain.Add(regions[2].By(regions[2].Witness(t, 0, [32]byte{1})))
	chain.Add(regions[2].By(regions[2].Witness(t, 1, d)))

	for _, sizes := range [][]int{{1, 1, 1, 1}, {4}, {2, 2}, {1, 3}} {
		var alarms []attest.Code
		o.OnAlarm = func(code attest.Code) { alarms = append(alarms, code) }
		x := create(t, o)
		n := 0
		for _, size := range sizes {
			require.NoError(t, x.Apply(chain.Blocks[n:n+size]...))
			n += size
		}
		require.Equal(t, []attest.Code{attest.CodeWitnessFrozen}, alarms, "groups of %v", sizes)
		require.NoError(t, x.Frozen(), "the region has corrected itself")
	}
}
