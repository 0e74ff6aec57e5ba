package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"math"
	"sync"

	"github.com/emmansun/gmsm/sm4"

	"github.com/huzheng-ledger/huzheng/attest"
)

// NonceSize and TagSize are what an AEAD of this package adds to a plaintext, in bytes.
const (
	NonceSize = 12
	TagSize   = 16
)

// NewAEAD is what data at rest is sealed with: AES-256-GCM (NIST SP 800-38D) for std, SM4-GCM (GB/T 32907, RFC 8998)
// for gm. SM4 has keys of 16 bytes and takes the first half. The result is safe for concurrent use.
func NewAEAD(suite attest.Suite, key [32]byte) (cipher.AEAD, error) {
	var block cipher.Block
	var err error
	switch suite {
	case attest.SuiteStd:
		block, err = aes.NewCipher(key[:])
	case attest.SuiteGM:
		block, err = sm4.NewCipher(key[:sm4.BlockSize])
	default:
		return nil, attest.Errorf(attest.CodeAlgUnknown, "no cipher for this suite")
	}
	if err != nil {
		return nil, attest.Errorf(attest.CodeInternal, "cipher: %v", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, attest.Errorf(attest.CodeInternal, "cipher: %v", err)
	}
	return aead, nil
}

// Nonces hands out the nonces of one open store. Each is 8 random bytes, drawn when the store is opened, and a counter:
// within one opening none repeats, and two openings, of one store or of two copies restored from one backup, collide
// with a chance of 2^-64. Purely random nonces would not do: at 96 bits a key is spent after 2^32 of them. The zero
// value is ready; it is safe for concurrent use.
type Nonces struct {
	mu     sync.Mutex
	prefix [8]byte
	next   uint64
}

// Append appends the next nonce to dst.
func (n *Nonces) Append(dst []byte) []byte {
	n.mu.Lock()
	if n.next%(math.MaxUint32+1) == 0 {
		_, _ = rand.Read(n.prefix[:]) // never fails: crypto/rand ends the process instead
	}
	prefix, count := n.prefix, uint32(n.next&math.MaxUint32)
	n.next++
	n.mu.Unlock()
	return binary.BigEndian.AppendUint32(append(dst, prefix[:]...), count)
}

// Seal appends nonce, ciphertext and tag of plaintext to dst.
func Seal(dst []byte, aead cipher.AEAD, nonces *Nonces, plaintext, additional []byte) []byte {
	at := len(dst)
	dst = nonces.Append(dst)
	return aead.Seal(dst, dst[at:at+NonceSize], plaintext, additional)
}

// Open appends the plaintext of what Seal made to dst; ok is false where key, data or additional data do not belong
// together.
func Open(dst []byte, aead cipher.AEAD, sealed, additional []byte) (plaintext []byte, ok bool) {
	if len(sealed) < NonceSize+TagSize {
		return nil, false
	}
	plaintext, err := aead.Open(dst, sealed[:NonceSize], sealed[NonceSize:], additional)
	return plaintext, err == nil
}
