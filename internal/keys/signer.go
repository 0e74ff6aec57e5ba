package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"io"

	"github.com/emmansun/gmsm/sm2"

	"github.com/huzheng-ledger/huzheng/attest"
)

// PrivateSize is the length of a private key of either suite in bytes: a big-endian scalar.
const PrivateSize = 32

// signatureSize is the length of a raw signature r ‖ s in bytes (RFC 7518, 3.4).
const signatureSize = 64

type signer struct {
	id     string
	public *attest.PublicKey
	key    crypto.Signer
	sm2    bool
}

// deterministic is an ECDSA key in memory that derives each nonce from key and digest with HMAC-SHA-256 (RFC 6979; FIPS
// 186-5, A.3.3). The nonces that crypto/ecdsa hedges with randomness pass through HMAC-SHA-512 instead, a quarter of a
// signature's time. The hedge is against who can make this machine err while it signs the same message twice: what is
// signed here at speed holds fresh randomness itself, a certificate its salts and a receipt its id, and is signed once.
type deterministic struct{ *ecdsa.PrivateKey }

// Sign implements crypto.Signer; crypto/ecdsa is deterministic where no source of randomness is given.
func (d deterministic) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return d.PrivateKey.Sign(nil, digest, opts)
}

// FromCryptoSigner makes a signer of any private key that Go can sign with, in memory or in an HSM: ECDSA on P-256 for
// std, SM2 for gm. The key must answer Sign as crypto/ecdsa (a SHA-256 digest) or as gmsm's sm2.PrivateKey (the message
// itself with [sm2.DefaultSM2SignerOpts]: SM3 and the default user id of GB/T 32918.2) does, with an ASN.1 signature,
// and from several goroutines at once. Errors: KEY_FORMAT for another kind of key.
func FromCryptoSigner(id string, s crypto.Signer) (attest.Signer, error) {
	ec, ok := s.Public().(*ecdsa.PublicKey)
	if !ok {
		return nil, attest.Errorf(attest.CodeKeyFormat, "key %s is not of an elliptic curve", id)
	}
	isSM2 := ec.Curve == sm2.P256()
	if !isSM2 && ec.Curve != elliptic.P256() {
		return nil, attest.Errorf(attest.CodeKeyFormat, "key %s lies on neither P-256 nor the SM2 curve", id)
	}
	public, err := attest.NewPublicKey(ec)
	if err != nil {
		return nil, err
	}
	return &signer{id: id, public: public, key: s, sm2: isSM2}, nil
}

func (s *signer) Public() *attest.PublicKey { return s.public }

func (s *signer) KeyID() string { return s.id }

// Sign gives r ‖ s over message, 64 bytes.
func (s *signer) Sign(message []byte) ([]byte, error) {
	var der []byte
	var err error
	if s.sm2 {
		der, err = s.key.Sign(rand.Reader, message, sm2.DefaultSM2SignerOpts)
	} else {
		digest := sha256.Sum256(message)
		der, err = s.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
	if err != nil {
		return nil, attest.Errorf(attest.CodeKeySign, "key %s cannot sign: %v", s.id, err)
	}
	raw, ok := rawSignature(der)
	if !ok {
		return nil, attest.Errorf(attest.CodeKeySign, "key %s answered with a malformed signature", s.id)
	}
	return raw, nil
}

// rawSignature turns SEQUENCE { INTEGER r, INTEGER s } (RFC 3279, 2.2.3) of 256-bit numbers into r ‖ s. Numbers of
// this size need only short-form lengths.
func rawSignature(der []byte) ([]byte, bool) {
	const tagSequence = 0x30
	if len(der) < 2 || der[0] != tagSequence || int(der[1]) != len(der)-2 {
		return nil, false
	}
	raw := make([]byte, signatureSize)
	rest, ok := scalar(raw[:signatureSize/2], der[2:])
	if !ok {
		return nil, false
	}
	rest, ok = scalar(raw[signatureSize/2:], rest)
	return raw, ok && len(rest) == 0
}

func scalar(dst, der []byte) (rest []byte, ok bool) {
	const tagInteger = 0x02
	if len(der) < 2 || der[0] != tagInteger {
		return nil, false
	}
	size := int(der[1])
	if size == 0 || size > len(dst)+1 || size > len(der)-2 {
		return nil, false
	}
	number, rest := der[2:2+size], der[2+size:]
	if number[0] >= 0x80 {
		return nil, false // negative
	}
	if size == len(dst)+1 {
		if number[0] != 0 {
			return nil, false
		}
		number = number[1:]
	}
	copy(dst[len(dst)-len(number):], number)
	return rest, true
}

// Generate makes a fresh private key in memory and gives its signer and its scalar of PrivateSize bytes, for a caller
// that seals it.
func Generate(suite attest.Suite, id string) (attest.Signer, []byte, error) {
	switch suite {
	case attest.SuiteStd:
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, nil, attest.Errorf(attest.CodeInternal, "key generation: %v", err)
		}
		private, err := key.Bytes()
		if err != nil {
			return nil, nil, attest.Errorf(attest.CodeInternal, "key generation: %v", err)
		}
		s, err := FromCryptoSigner(id, deterministic{key})
		return s, private, err
	case attest.SuiteGM:
		key, err := sm2.GenerateKey(rand.Reader)
		if err != nil {
			return nil, nil, attest.Errorf(attest.CodeInternal, "key generation: %v", err)
		}
		s, err := FromCryptoSigner(id, key)
		return s, key.D.FillBytes(make([]byte, PrivateSize)), err
	}
	return nil, nil, attest.Errorf(attest.CodeAlgUnknown, "no key of this suite")
}

// FromPrivate makes a signer of a scalar that Generate gave. Errors: KEY_FORMAT.
func FromPrivate(suite attest.Suite, id string, private []byte) (attest.Signer, error) {
	var key crypto.Signer
	var err error
	switch suite {
	case attest.SuiteStd:
		var ec *ecdsa.PrivateKey
		ec, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), private)
		key = deterministic{ec}
	case attest.SuiteGM:
		key, err = sm2.ParseRawPrivateKey(private)
	default:
		return nil, attest.Errorf(attest.CodeAlgUnknown, "no key of this suite")
	}
	if err != nil {
		return nil, attest.Errorf(attest.CodeKeyFormat, "key %s is not a private key of its suite", id)
	}
	return FromCryptoSigner(id, key)
}
