package merkle

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/vectors"
)

// rfc6962 is the published vectors' file. Its leaves are of any length, ours are commitments of 32 bytes, so they are
// run against leaf hashes, inside the package. Its consistency cases are out of scope: a batch never grows.
type rfc6962 struct {
	Inclusion []struct {
		LeafIdx, TreeSize uint64
		Root, LeafHash    []byte
		Proof             [][]byte
		Desc, File        string
		WantErr           bool
	}
	LeafInputsHex         []string
	RootHashesHexSize1to8 []string `json:"rootHashesHex_size1to8"`
	EmptyRootHex          string
}

func TestInclusionVectors(t *testing.T) {
	var file rfc6962
	vectors.Load(t, "merkle_rfc6962.json", &file)
	require.NotEmpty(t, file.Inclusion)
	accepted := 0
	for _, v := range file.Inclusion {
		err := newHasher(attest.SuiteStd).verify(v.LeafHash, v.LeafIdx, v.TreeSize, v.Proof, v.Root)
		if !v.WantErr {
			accepted++
			require.NoError(t, err, v.File)
			continue
		}
		want := attest.CodeReceiptPath
		if v.LeafIdx >= v.TreeSize {
			want = attest.CodeReceiptIndex
		}
		assert.Equal(t, want, attest.CodeOf(err), v.File)
	}
	assert.Positive(t, accepted)
	assert.Less(t, accepted, len(file.Inclusion))
}

func TestRootVectors(t *testing.T) {
	var file rfc6962
	vectors.Load(t, "merkle_rfc6962.json", &file)
	require.Len(t, file.RootHashesHexSize1to8, len(file.LeafInputsHex))
	h := newHasher(attest.SuiteStd)
	empty := h.empty()
	assert.Equal(t, file.EmptyRootHex, hex.EncodeToString(empty[:]))
	assert.Equal(t, empty[:], (&logHasher{hasher: h}).EmptyRoot())

	var hashes [][hashSize]byte
	for i, text := range file.LeafInputsHex {
		input, err := hex.DecodeString(text)
		require.NoError(t, err)
		hashes = append(hashes, sha256.Sum256(append([]byte{leafPrefix}, input...)))
		root := h.tree(append([][hashSize]byte{}, hashes...)).Root()
		assert.Equal(t, file.RootHashesHexSize1to8[i], hex.EncodeToString(root[:]), "size %d", i+1)
	}
}
