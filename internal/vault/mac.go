package vault

import (
	"crypto/hmac"
	"encoding/binary"
	"hash"
	"io"
	"sync"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

// macs makes HMACs under one key, derived from the master key, whose schedule is computed once for each of those that are at work at a time.
type macs struct{ idle sync.Pool }

func newMACs(master *keys.Master, suite attest.Suite, purpose keys.Purpose) (*macs, error) {
	key, err := master.Derive(suite, purpose)
	if err != nil {
		return nil, err
	}
	return &macs{idle: sync.Pool{New: func() any { return hmac.New(suite.New, key[:]) }}}, nil
}

// sum is over the parts, each with its length before it, so that no two lists of parts are one text.
func (m *macs) sum(first string, parts ...string) (sum [32]byte) {
	h, _ := m.idle.Get().(hash.Hash) // the pool holds nothing else
	h.Reset()
	part := func(s string) {
		var length [binary.MaxVarintLen64]byte
		h.Write(binary.AppendUvarint(length[:0], uint64(len(s))))
		_, _ = io.WriteString(h, s) // a hash takes everything
	}
	part(first)
	for _, s := range parts {
		part(s)
	}
	h.Sum(sum[:0])
	m.idle.Put(h)
	return sum
}
