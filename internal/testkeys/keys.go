// Package testkeys gives tests keys and salts that are the same in every run: a key follows from its id, salts from a
// seed, and signatures of the std suite are deterministic (RFC 6979), so that golden bytes can hold all of them.
package testkeys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

// Signer is the one key of that suite with that id: the private key follows from both. Its id may end in "@" and a word,
// which makes another key under the id before it: a forger's.
func Signer(t testing.TB, suite attest.Suite, id string) attest.Signer {
	t.Helper()
	scalar := sha256.Sum256([]byte("testledger\x00" + string(suite) + "\x00" + id))
	id, _, _ = strings.Cut(id, "@")
	if suite != attest.SuiteStd {
		s, err := keys.FromPrivate(suite, id, scalar[:])
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		t.Fatal(err)
	}
	s, err := keys.FromCryptoSigner(id, rfc6979{private})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rfc6979 signs deterministically: crypto/ecdsa does so where no source of randomness is given.
type rfc6979 struct{ key *ecdsa.PrivateKey }

func (k rfc6979) Public() crypto.PublicKey { return k.key.Public() }

func (k rfc6979) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.key.Sign(nil, digest, opts)
}

// Salts is a source of salts that gives the same bytes for the same seed.
func Salts(seed string) io.Reader { return rand.NewChaCha8(sha256.Sum256([]byte(seed))) }
