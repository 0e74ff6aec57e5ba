package attest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/subtle"

	"github.com/emmansun/gmsm/sm2"

	"github.com/huzheng-ledger/huzheng/attest/internal/p256"
)

// SignatureSize is the length in bytes of a signature of either suite: r and s, 32 bytes each (RFC 7518, 3.4).
const SignatureSize = 64

// Names of the curves in a JWK. SM2 is private to this project, like its alg.
const (
	curveP256 = "P-256"
	curveSM2  = "SM2"
)

// PublicKey is a signature key of one suite. It is checked once, when it is made, and never changes; it is safe for
// concurrent use.
type PublicKey struct {
	suite Suite
	pub   *ecdsa.PublicKey
	point [65]byte // SEC 1, 2.3.3 uncompressed: 4, x, y
	za    []byte   // SM2 only: Z_A of GB/T 32918.2, 5.5 for the default user ID
}

// Signer signs with one private key, wherever that lives: in memory or in a hardware module. Sign returns r||s of
// SignatureSize bytes over the message itself; the suite's hash, and for SM2 Z_A, is the signer's work. A signer must be
// safe for concurrent use, and an error means that nothing was signed, so that a caller may try again.
type Signer interface {
	Public() *PublicKey
	// KeyID is what goes into the kid header, or empty for none.
	KeyID() string
	Sign(message []byte) ([]byte, error)
}

// NewPublicKey takes an *ecdsa.PublicKey on P-256 or on the SM2 curve. Error: KEY_FORMAT.
func NewPublicKey(pub crypto.PublicKey) (*PublicKey, error) {
	k, ok := pub.(*ecdsa.PublicKey)
	//nolint:staticcheck // the coordinates are looked at because the library panics where they are missing
	if !ok || k == nil || k.Curve == nil || k.X == nil || k.Y == nil {
		return nil, Errorf(CodeKeyFormat, "not an elliptic curve key")
	}
	var point []byte
	var err error
	suite := SuiteStd
	switch {
	case sm2.IsSM2PublicKey(k):
		suite = SuiteGM
		point, err = sm2Point(k)
	case k.Curve == elliptic.P256():
		point, err = k.Bytes()
	default:
		return nil, Errorf(CodeKeyFormat, "the curve is neither P-256 nor SM2")
	}
	if err != nil {
		return nil, Errorf(CodeKeyFormat, "not a point of the curve")
	}
	return keyFromPoint(suite, [65]byte(point))
}

func sm2Point(k *ecdsa.PublicKey) ([]byte, error) {
	p, err := sm2.PublicKeyToECDH(k)
	if err != nil {
		return nil, err
	}
	return p.Bytes(), nil
}

// keyFromPoint checks that the point is on the suite's curve (and not at infinity, which has no such encoding).
func keyFromPoint(suite Suite, point [65]byte) (*PublicKey, error) {
	k := &PublicKey{suite: suite, point: point}
	var err error
	if suite == SuiteGM {
		if k.pub, err = sm2.NewPublicKey(point[:]); err == nil {
			k.za, err = sm2.CalculateZA(k.pub, nil)
		}
	} else {
		k.pub, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point[:])
	}
	if err != nil {
		return nil, Errorf(CodeKeyFormat, "not a point of the curve")
	}
	return k, nil
}

// Suite is the suite that the key belongs to.
func (k *PublicKey) Suite() Suite { return k.suite }

// Alg is the alg of the tokens that the key verifies.
func (k *PublicKey) Alg() string { return k.suite.Alg() }

// Equal reports whether both are the same key of the same suite; two nil keys are not equal.
func (k *PublicKey) Equal(other *PublicKey) bool {
	if k == nil || other == nil || k.suite != other.suite {
		return false
	}
	return subtle.ConstantTimeCompare(k.point[:], other.point[:]) == 1
}

// Verify checks sig, r||s of SignatureSize bytes, over message. Error: SIGNATURE_INVALID.
func (k *PublicKey) Verify(message, sig []byte) error {
	if len(sig) != SignatureSize {
		return Errorf(CodeSignature, "the signature has %d bytes, not %d", len(sig), SignatureSize)
	}
	if !k.fits(message, sig) {
		return Errorf(CodeSignature, "the signature does not fit the key and the message")
	}
	return nil
}

// tables are of the keys on P-256 that are used again and again, whichever PublicKey they come as. They change no answer.
var tables p256.Tables

func (k *PublicKey) fits(message, sig []byte) bool {
	var buf [maxSignatureDER]byte
	if k.suite == SuiteGM {
		digest := SuiteGM.Sum(k.za, message)
		return sm2.VerifyASN1(k.pub, digest[:], appendSignatureDER(buf[:0], sig))
	}
	digest := SuiteStd.Sum(message)
	if table := tables.For(&k.point); table != nil {
		return table.Verify(&digest, (*[SignatureSize]byte)(sig))
	}
	return ecdsa.VerifyASN1(k.pub, digest[:], appendSignatureDER(buf[:0], sig))
}

// maxSignatureDER is a SEQUENCE of two INTEGERs of 33 bytes.
const maxSignatureDER = 2 + 2*(2+33)

// appendSignatureDER appends r||s as the DER that both curve libraries take (RFC 3279, 2.2.3; GM/T 0009, 7.3).
func appendSignatureDER(dst, sig []byte) []byte {
	start := len(dst)
	dst = append(dst, 0x30, 0)
	dst = appendIntegerDER(dst, sig[:32])
	dst = appendIntegerDER(dst, sig[32:])
	dst[start+1] = byte(len(dst) - start - 2) //nolint:gosec // at most 70
	return dst
}

func appendIntegerDER(dst, n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	if n[0] >= 0x80 {
		dst = append(dst, 0x02, byte(len(n)+1), 0) //nolint:gosec // at most 33
	} else {
		dst = append(dst, 0x02, byte(len(n))) //nolint:gosec // at most 32
	}
	return append(dst, n...)
}
