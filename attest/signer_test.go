package attest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/stretchr/testify/require"
)

// memorySigner is a Signer with its key in memory.
type memorySigner struct {
	public *PublicKey
	id     string
	std    *ecdsa.PrivateKey
	gm     *sm2.PrivateKey
}

// newMemorySigner makes a key of its own; tests that need fixed bytes fix the key by other means.
func newMemorySigner(t testing.TB, suite Suite, id string) *memorySigner {
	t.Helper()
	s := &memorySigner{id: id}
	var err error
	if suite == SuiteGM {
		s.gm, err = sm2.GenerateKey(rand.Reader)
		require.NoError(t, err)
		s.public, err = NewPublicKey(&s.gm.PublicKey)
	} else {
		s.std, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		s.public, err = NewPublicKey(&s.std.PublicKey)
	}
	require.NoError(t, err)
	return s
}

func (s *memorySigner) Public() *PublicKey { return s.public }

func (s *memorySigner) KeyID() string { return s.id }

func (s *memorySigner) Sign(message []byte) ([]byte, error) {
	var der []byte
	var err error
	if s.gm != nil {
		der, err = s.gm.SignWithSM2(rand.Reader, nil, message)
	} else {
		digest := sha256.Sum256(message)
		der, err = ecdsa.SignASN1(rand.Reader, s.std, digest[:])
	}
	if err != nil {
		return nil, err
	}
	return rawSignature(der)
}

// rawSignature turns the DER of a signature into r||s.
func rawSignature(der []byte) ([]byte, error) {
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &sig); err != nil {
		return nil, err
	}
	raw := make([]byte, SignatureSize)
	sig.R.FillBytes(raw[:32])
	sig.S.FillBytes(raw[32:])
	return raw, nil
}
