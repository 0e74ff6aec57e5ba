package embedded

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// filled is a closed ledger of n blocks.
func filled(t *testing.T, n int) (dir string) {
	l, dir := create(t, quiet())
	for i := range n {
		_, err := l.As("M").Submit(t.Context(), add(fmt.Sprint("op", i), fmt.Sprint("c", i%3)))
		require.NoError(t, err)
	}
	require.NoError(t, l.Close())
	return dir
}

// TestCheckFinds damages a ledger behind its back, each time in one way, and expects to be told where.
func TestCheckFinds(t *testing.T) {
	resealed := func(b []byte) []byte { // block 4 with another command, its header made to fit
		s, err := decodeBlock(b)
		require.NoError(t, err)
		s.entries[0].command = add("other", "c1")
		b, _ = encodeBlock(s.number, s.previous, s.time, s.entries)
		return b
	}
	replace := func(key []byte, with func([]byte) []byte) func(*testing.T, *pebblekv.Store) {
		return func(t *testing.T, db *pebblekv.Store) {
			v, err := db.Get(key)
			require.NoError(t, err)
			b := db.NewBatch()
			if v = with(v); v == nil {
				require.NoError(t, b.Delete(key))
			} else {
				require.NoError(t, b.Set(key, v))
			}
			require.NoError(t, b.Commit())
		}
	}
	flip := func(b []byte) []byte { b[len(b)/2] ^= 4; return b }
	remove := func([]byte) []byte { return nil }
	is := func(s string) func([]byte) []byte { return func([]byte) []byte { return []byte(s) } }

	for name, c := range map[string]struct {
		damage func(*testing.T, *pebblekv.Store)
		code   attest.Code
		where  string
	}{
		"bit of a state value":  {replace(keyState("counter/c1"), flip), attest.CodeStateDiffers, "counter/c1"},
		"lost state value":      {replace(keyState("counter/c1"), remove), attest.CodeStateDiffers, "counter/c1"},
		"lost last state value": {replace(keyState("op/op9"), remove), attest.CodeStateDiffers, "op/op9"},
		"smuggled state value":  {replace(keyState("counter/z"), is("9")), attest.CodeStateDiffers, "counter/z"},
		"bit of a block":        {replace(keyBlock(4), flip), attest.CodeBlockFormat, "block 4"},
		"lost block":            {replace(keyBlock(4), remove), attest.CodeChainGap, "block 4"},
		"another block":         {replace(keyBlock(4), resealed), attest.CodeChainBroken, "block 5"},
		"another command":       {replace(keyBlock(4), resealed), attest.CodeStateDiffers, "op/op4"},
		"block behind the head": {replace(keyBlock(10), is("x")), attest.CodeChainBroken, "blocks"},
		"another head":          {replace(keyHead(), flip), attest.CodeChainBroken, "head"},
		"short head":            {replace(keyHead(), is("x")), attest.CodeStoreCorrupt, "head"},
		"lost marker":           {replace(keyMarker(), remove), attest.CodeStoreFormat, "head"},
		"position of a command": {replace(keyCommand(add("op4", "c1")), flip), attest.CodeStateDiffers, "block 4 transaction 0"},
		"command that is refused": {replace(keyBlock(4), func([]byte) []byte {
			b, _ := encodeBlock(4, hash{}, 1_700_000_000, []entry{{command: []byte("nonsense")}})
			return b
		}), attest.CodeRulesDiverged, "block 4 transaction 0"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t, 10)
			db, err := pebblekv.Open(dir, quiet().Store)
			require.NoError(t, err)
			c.damage(t, db)
			require.NoError(t, db.Close())

			findings, err := Check(t.Context(), dir, quiet(), nil)
			require.NoError(t, err)
			var found []string
			for _, f := range findings {
				found = append(found, string(f.Code)+" "+f.Where)
			}
			require.Contains(t, found, string(c.code)+" "+c.where)
		})
	}
}

func TestCheckReportsProgressAndStops(t *testing.T) {
	dir := filled(t, 10)
	var told []uint64
	_, err := Check(t.Context(), dir, quiet(), func(done, total uint64) {
		require.Equal(t, uint64(10), total)
		told = append(told, done)
	})
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, told)

	ctx, cancel := context.WithCancel(t.Context())
	_, err = Check(ctx, dir, quiet(), func(done, _ uint64) {
		if done == 3 {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	_, err = Check(t.Context(), t.TempDir(), quiet(), nil)
	require.Equal(t, attest.CodeStoreMissing, attest.CodeOf(err))
}

// TestFlippedBitsInFiles flips single bits in the files of a closed ledger. Either the damage is found, or it is where
// nothing is lost by it: then the whole content must still be there.
func TestFlippedBitsInFiles(t *testing.T) {
	dir := filled(t, 40)
	l, err := Open(dir, quiet())
	require.NoError(t, err)
	want, blocks := dump(t, l), collect(t, l, 0, l.Next())
	require.NoError(t, l.Close())
	files, err := filepath.Glob(dir + "/*")
	require.NoError(t, err)

	rng := rand.New(rand.NewPCG(1, 2))
	found := 0
	for i := range 60 {
		file := files[i%len(files)]
		damaged := filepath.Join(t.TempDir(), "copy")
		require.NoError(t, os.CopyFS(damaged, os.DirFS(dir)))
		if !flipBit(t, rng, filepath.Join(damaged, filepath.Base(file))) {
			continue
		}
		findings, err := Check(t.Context(), damaged, quiet(), nil)
		if err != nil || len(findings) > 0 {
			require.NotEqual(t, attest.CodeInternal, attest.CodeOf(err))
			found++
			continue
		}
		l, err := Open(damaged, quiet())
		require.NoError(t, err)
		require.True(t, maps.Equal(want, dump(t, l)), "damage of %s not found", filepath.Base(file))
		require.Equal(t, blocks, collect(t, l, 0, uint64(len(blocks))))
		require.NoError(t, l.Close())
	}
	require.Positive(t, found)
	t.Logf("%d of 60 flips found, the others did no harm", found)
}

func flipBit(t *testing.T, rng *rand.Rand, path string) bool {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	if len(b) == 0 {
		return false
	}
	b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return true
}

// TestDamageStopsFollowers: a damaged block is never handed on.
func TestDamageStopsFollowers(t *testing.T) {
	dir := filled(t, 10)
	db, err := pebblekv.Open(dir, quiet().Store)
	require.NoError(t, err)
	v, err := db.Get(keyBlock(4))
	require.NoError(t, err)
	v[len(v)-1] ^= 1
	b := db.NewBatch()
	require.NoError(t, b.Set(keyBlock(4), v))
	require.NoError(t, b.Commit())
	require.NoError(t, db.Close())

	l, err := Open(dir, quiet())
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	ctx := t.Context()
	seen := 0
	err = l.Blocks(ctx, 0, func(registry.Block) error { seen++; return nil })
	require.Equal(t, attest.CodeBlockFormat, attest.CodeOf(err))
	require.NotErrorIs(t, err, context.Canceled)
	require.Equal(t, 4, seen)
}
