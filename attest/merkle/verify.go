package merkle

import (
	"github.com/transparency-dev/merkle/proof"

	"github.com/huzheng-ledger/huzheng/attest"
)

// logHasher gives the suite's hashes to transparency-dev/merkle, which knows SHA-256 only. What it returns stays as it
// is while further hashes are computed: results are appended to one block, sized for the proof at hand.
type logHasher struct {
	*hasher
	results []byte
}

func (h *logHasher) keep(sum [hashSize]byte) []byte {
	h.results = append(h.results, sum[:]...)
	return h.results[len(h.results)-hashSize:]
}

// EmptyRoot is the hash of the empty string (RFC 6962, 2.1).
func (h *logHasher) EmptyRoot() []byte { return h.keep(h.empty()) }

// HashLeaf hashes a commitment after 0x00; the slice must be 32 bytes long.
func (h *logHasher) HashLeaf(leaf []byte) []byte { return h.keep(h.leaf((*[hashSize]byte)(leaf))) }

// HashChildren hashes two nodes after 0x01; the slices must be 32 bytes long.
func (h *logHasher) HashChildren(l, r []byte) []byte {
	return h.keep(h.node((*[hashSize]byte)(l), (*[hashSize]byte)(r)))
}

// Size is that of both suites' hashes in bytes.
func (h *logHasher) Size() int { return hashSize }

// VerifyInclusion checks that the commitment leaf stands at index of the tree with that size and root. path are the
// neighbours from the leaf up, 32 bytes each. Root and size must both come from the ledger: a path alone does not tell
// sizes apart that give it the same shape. Errors: RECEIPT_INDEX where index is not below size; RECEIPT_PATH where
// the path has another length than index and size ask for, or does not lead to the root.
func VerifyInclusion(s attest.Suite, leaf [32]byte, index, size uint64, path [][]byte, root [32]byte) error {
	h := newHasher(s)
	leafHash := h.leaf(&leaf)
	return h.verify(leafHash[:], index, size, path, root[:])
}

// verify does the work of VerifyInclusion for the hash of a leaf.
func (h *hasher) verify(leafHash []byte, index, size uint64, path [][]byte, root []byte) error {
	if index >= size {
		return attest.Errorf(attest.CodeReceiptIndex, "leaf %d is outside a tree of %d leaves", index, size)
	}
	for _, node := range path {
		if len(node) != hashSize {
			return attest.Errorf(attest.CodeReceiptPath, "a path entry is %d bytes long, not %d", len(node), hashSize)
		}
	}
	lh := &logHasher{hasher: h, results: make([]byte, 0, hashSize*len(path))}
	// The library's own error carries both roots; it says no more than this one.
	if proof.VerifyInclusion(lh, index, size, leafHash, path, root) != nil {
		return attest.Errorf(attest.CodeReceiptPath, "the path of %d entries does not lead from leaf %d to the root over %d leaves", len(path), index, size)
	}
	return nil
}
