package merkle_test

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
)

// commitments are n distinct values; two seeds share none.
func commitments(seed uint64, n int) [][32]byte {
	out := make([][32]byte, n)
	for i := range out {
		var in [16]byte
		binary.BigEndian.PutUint64(in[:], seed)
		binary.BigEndian.PutUint64(in[8:], uint64(i))
		out[i] = attest.SuiteStd.Sum(in[:])
	}
	return out
}

func suites() []attest.Suite { return []attest.Suite{attest.SuiteStd, attest.SuiteGM} }

// reference is MTH of RFC 6962, 2.1, as the text defines it.
func reference(s attest.Suite, leaves [][32]byte) [32]byte {
	switch n := len(leaves); n {
	case 0:
		return s.Sum(nil)
	case 1:
		return s.Sum([]byte{0}, leaves[0][:])
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		left, right := reference(s, leaves[:k]), reference(s, leaves[k:])
		return s.Sum([]byte{1}, left[:], right[:])
	}
}

// Frozen: a change of these roots changes what every anchored batch means.
func TestRootGolden(t *testing.T) {
	for s, want := range map[attest.Suite]string{
		attest.SuiteStd: "f7c9993b0c1d1c1a536f2fcd96d7f46bb93023ef0aac9f56e19eae7d7a162379",
		attest.SuiteGM:  "f36b7eb7854e3eb78f0bb9255e3ee23adfced113b22c9a5ecca08ce5dc994a15",
	} {
		root := merkle.Root(s, commitments(7, 5))
		assert.Equal(t, want, hex.EncodeToString(root[:]), s)
	}
}

func TestRootOfNothing(t *testing.T) {
	tree := merkle.NewTree(attest.SuiteStd, nil)
	root := tree.Root()
	assert.Equal(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", hex.EncodeToString(root[:]))
	assert.Equal(t, root, merkle.Root(attest.SuiteStd, nil))
	assert.Zero(t, tree.Size())
	_, err := tree.Path(0)
	assert.Equal(t, attest.CodeReceiptIndex, attest.CodeOf(err))
}

func TestEveryLeafOfEverySizeProves(t *testing.T) {
	leaves := commitments(1, 300)
	for _, s := range suites() {
		for n := 1; n <= len(leaves); n++ {
			tree := merkle.NewTree(s, leaves[:n])
			root := merkle.Root(s, leaves[:n])
			require.Equal(t, reference(s, leaves[:n]), root)
			require.Equal(t, root, tree.Root())
			require.Equal(t, uint64(n), tree.Size())
			for i := range leaves[:n] {
				path, err := tree.Path(uint64(i))
				require.NoError(t, err)
				require.NoError(t, merkle.VerifyInclusion(s, leaves[i], uint64(i), tree.Size(), path, root))
			}
			_, err := tree.Path(uint64(n))
			require.Equal(t, attest.CodeReceiptIndex, attest.CodeOf(err))
		}
	}
}

// drawn is one proof of a random tree.
type drawn struct {
	suite       attest.Suite
	leaves      [][32]byte
	index, size uint64
	path        [][]byte
	root        [32]byte
}

func drawProof(t *rapid.T) drawn {
	d := drawn{suite: rapid.SampledFrom(suites()).Draw(t, "suite")}
	d.leaves = commitments(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 300).Draw(t, "size"))
	tree := merkle.NewTree(d.suite, d.leaves)
	d.size, d.root = tree.Size(), tree.Root()
	d.index = rapid.Uint64Range(0, d.size-1).Draw(t, "index")
	var err error
	d.path, err = tree.Path(d.index)
	require.NoError(t, err)
	return d
}

func (d drawn) verify() error {
	return merkle.VerifyInclusion(d.suite, d.leaves[d.index], d.index, d.size, d.path, d.root)
}

func TestAnyFlippedBitFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawProof(t)
		require.NoError(t, d.verify())
		places := append(d.path, d.root[:], d.leaves[d.index][:])
		place := rapid.SampledFrom(places).Draw(t, "place")
		place[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		require.Equal(t, attest.CodeReceiptPath, attest.CodeOf(d.verify()))
	})
}

func TestAnotherLeafSizePathOrSuiteFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawProof(t)

		other := d
		other.index = rapid.Uint64Range(0, d.size+2).Filter(func(i uint64) bool { return i != d.index }).Draw(t, "other index")
		err := merkle.VerifyInclusion(d.suite, d.leaves[d.index], other.index, d.size, d.path, d.root)
		if other.index >= d.size {
			require.Equal(t, attest.CodeReceiptIndex, attest.CodeOf(err))
		} else {
			require.Equal(t, attest.CodeReceiptPath, attest.CodeOf(err))
			require.Error(t, other.verify())
		}

		longer := d
		longer.path = append(append([][]byte{}, d.path...), d.root[:])
		require.Equal(t, attest.CodeReceiptPath, attest.CodeOf(longer.verify()))
		if len(d.path) > 0 {
			shorter, truncated := d, d
			shorter.path = d.path[:len(d.path)-1]
			require.Equal(t, attest.CodeReceiptPath, attest.CodeOf(shorter.verify()))
			truncated.path = append(append([][]byte{}, d.path[1:]...), d.path[0][:31])
			require.Equal(t, attest.CodeReceiptPath, attest.CodeOf(truncated.verify()))
		}

		foreign := d
		foreign.suite = map[attest.Suite]attest.Suite{attest.SuiteStd: attest.SuiteGM, attest.SuiteGM: attest.SuiteStd}[d.suite]
		require.Equal(t, attest.CodeReceiptPath, attest.CodeOf(foreign.verify()))
	})
}

// Without prefixes an inner node could be shown as a leaf.
func TestNodeIsNoLeaf(t *testing.T) {
	for _, s := range suites() {
		leaves := commitments(3, 4)
		tree := merkle.NewTree(s, leaves)
		left := merkle.Root(s, leaves[:2])
		right := merkle.Root(s, leaves[2:])
		err := merkle.VerifyInclusion(s, left, 0, 2, [][]byte{right[:]}, tree.Root())
		assert.Equal(t, attest.CodeReceiptPath, attest.CodeOf(err))
	}
}

func TestRootAllocatesNothingPerNode(t *testing.T) {
	for _, s := range suites() {
		few, many := commitments(4, 4), commitments(4, 4096)
		a := testing.AllocsPerRun(5, func() { merkle.Root(s, few) })
		b := testing.AllocsPerRun(5, func() { merkle.Root(s, many) })
		assert.InDelta(t, a, b, 0, s)
	}
}

func BenchmarkRoot4096(b *testing.B) {
	leaves := commitments(5, 4096)
	for _, s := range suites() {
		b.Run(string(s), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				merkle.Root(s, leaves)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(leaves)), "ns/leaf")
		})
	}
}

func BenchmarkNewTree4096(b *testing.B) {
	leaves := commitments(5, 4096)
	for _, s := range suites() {
		b.Run(string(s), func(b *testing.B) {
			for b.Loop() {
				merkle.NewTree(s, leaves)
			}
		})
	}
}

func BenchmarkVerifyInclusion12(b *testing.B) {
	leaves := commitments(6, 4096)
	for _, s := range suites() {
		b.Run(string(s), func(b *testing.B) {
			tree := merkle.NewTree(s, leaves)
			path, err := tree.Path(1234)
			require.NoError(b, err)
			require.Len(b, path, 12)
			root := tree.Root()
			b.ReportAllocs()
			for b.Loop() {
				if err := merkle.VerifyInclusion(s, leaves[1234], 1234, 4096, path, root); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
