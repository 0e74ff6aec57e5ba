package registry

import (
	"crypto/sha256"
	"encoding/binary"
)

// Write is one key that a block wrote.
type Write struct {
	Key   string
	Value []byte
}

// BlockDigest is D(n), what a region has applied up to block n: H("huzheng/v1/digest" ‖ 0x00 ‖ D(n−1) ‖ n ‖ W(n)), where
// W(n) hashes the block's writes in order, each key and value with its length before it. SHA-256 in every suite, so that
// statements of all regions compare; n and the lengths are 64 bits, big endian; D(−1) is 32 zero bytes.
func BlockDigest(previous [32]byte, number uint64, writes []Write) [32]byte {
	w := sha256.New()
	var length [8]byte
	put := func(b []byte) {
		binary.BigEndian.PutUint64(length[:], uint64(len(b)))
		w.Write(length[:])
		w.Write(b)
	}
	for i := range writes {
		put([]byte(writes[i].Key))
		put(writes[i].Value)
	}
	h := sha256.New()
	h.Write([]byte("huzheng/v1/digest\x00"))
	h.Write(previous[:])
	binary.BigEndian.PutUint64(length[:], number)
	h.Write(length[:])
	h.Write(w.Sum(nil))
	return [32]byte(h.Sum(nil))
}
