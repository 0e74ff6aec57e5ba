package merkle

import (
	"math/bits"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Prefixes of RFC 6962, 2.1.
const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

// hashSize is the size in bytes of both suites' hashes.
const hashSize = 32

// hasher computes leaves and nodes without allocating. It is not for concurrent use.
type hasher struct {
	suite attest.Suite
	buf   [1 + 2*hashSize]byte
}

func newHasher(s attest.Suite) *hasher { return &hasher{suite: s} }

// empty is the root of a tree without leaves (RFC 6962, 2.1).
func (h *hasher) empty() [hashSize]byte { return h.suite.Sum(nil) }

func (h *hasher) leaf(commitment *[hashSize]byte) [hashSize]byte {
	h.buf[0] = leafPrefix
	copy(h.buf[1:], commitment[:])
	return h.suite.Sum(h.buf[:1+hashSize])
}

func (h *hasher) node(left, right *[hashSize]byte) [hashSize]byte {
	h.buf[0] = nodePrefix
	copy(h.buf[1:], left[:])
	copy(h.buf[1+hashSize:], right[:])
	return h.suite.Sum(h.buf[:])
}

// Root is the root over commitments in their order (RFC 6962, 2.1), with two hashes a leaf and memory that does not
// depend on their number. The root of no leaves is the hash of the empty string; no such batch can be anchored.
func Root(s attest.Suite, leaves [][32]byte) [32]byte {
	h := newHasher(s)
	if len(leaves) == 0 {
		return h.empty()
	}
	// pending[l] is the root of a perfect subtree of 2^l leaves that waits for its right neighbour; bit l of the number
	// of leaves taken so far says whether there is one.
	var pending [64][hashSize]byte
	for i := range leaves {
		node := h.leaf(&leaves[i])
		level := 0
		for ; i>>level&1 == 1; level++ {
			node = h.node(&pending[level], &node)
		}
		pending[level] = node
	}
	rest := uint64(len(leaves))
	level := bits.TrailingZeros64(rest)
	root := pending[level]
	for rest &= rest - 1; rest != 0; rest &= rest - 1 {
		root = h.node(&pending[bits.TrailingZeros64(rest)], &root)
	}
	return root
}

// Tree keeps every node of a batch's tree, 64 bytes a leaf, to prove many leaves of it. It is immutable.
type Tree struct {
	levels [][][hashSize]byte // levels[0] are the leaf hashes, the last level is the root alone
	root   [hashSize]byte
}

// NewTree builds the tree over commitments in their order. It keeps nothing of the argument.
func NewTree(s attest.Suite, leaves [][32]byte) *Tree {
	h := newHasher(s)
	if len(leaves) == 0 {
		return &Tree{root: h.empty()}
	}
	hashes := make([][hashSize]byte, len(leaves))
	for i := range leaves {
		hashes[i] = h.leaf(&leaves[i])
	}
	return h.tree(hashes)
}

// tree builds the levels above one or more leaf hashes, which it keeps.
func (h *hasher) tree(level [][hashSize]byte) *Tree {
	t := &Tree{levels: [][][hashSize]byte{level}}
	for len(level) > 1 {
		above := make([][hashSize]byte, (len(level)+1)/2)
		for i := range above {
			if 2*i+1 < len(level) {
				above[i] = h.node(&level[2*i], &level[2*i+1])
			} else {
				above[i] = level[2*i] // no right neighbour: it moves up unchanged
			}
		}
		t.levels = append(t.levels, above)
		level = above
	}
	t.root = level[0]
	return t
}

// Root is the root of the tree, the same as Root gives.
func (t *Tree) Root() [32]byte { return t.root }

// Size is the number of leaves.
func (t *Tree) Size() uint64 {
	if len(t.levels) == 0 {
		return 0
	}
	return uint64(len(t.levels[0]))
}

// Path is the inclusion proof of the leaf at index (RFC 6962, 2.1.1): the neighbours from the leaf up, 32 bytes each,
// at most 64. Error: RECEIPT_INDEX.
func (t *Tree) Path(index uint64) ([][]byte, error) {
	path, err := t.path(index)
	if err != nil {
		return nil, err
	}
	return views(path), nil
}

func (t *Tree) path(index uint64) ([][hashSize]byte, error) {
	if index >= t.Size() {
		return nil, attest.Errorf(attest.CodeReceiptIndex, "leaf %d is outside a tree of %d leaves", index, t.Size())
	}
	path := make([][hashSize]byte, 0, len(t.levels)-1)
	for _, level := range t.levels[:len(t.levels)-1] {
		if neighbour := index ^ 1; neighbour < uint64(len(level)) {
			path = append(path, level[neighbour])
		}
		index >>= 1
	}
	return path, nil
}

// views are the entries of a path as slices of it.
func views(path [][hashSize]byte) [][]byte {
	out := make([][]byte, len(path))
	for i := range path {
		out[i] = path[i][:]
	}
	return out
}
