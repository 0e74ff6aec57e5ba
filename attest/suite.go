package attest

import (
	"crypto/sha256"
	"hash"
	"strings"

	"github.com/emmansun/gmsm/sm3"
)

// Suite is a pair of hash function and signature algorithm. A deployment chooses one; a verifier handles both.
type Suite string

// The two suites.
const (
	// SuiteStd is SHA-256 with ES256: ECDSA on P-256 (RFC 7518, 3.4).
	SuiteStd Suite = "std"
	// SuiteGM is SM3 (GB/T 32905) with SM2 (GB/T 32918.2, curve of 32918.5), user ID 1234567812345678 (GM/T 0009).
	SuiteGM Suite = "gm"
)

// Names in tokens. Those of the gm suite are private to this project: no registry lists SM2 for JOSE or SM3 for SD-JWT,
// and RFC 9901, 4.1.1 lets a profile define names of its own.
const (
	algES256   = "ES256"
	algSM2     = "SM2-SM3"
	algNone    = "none"
	hashSHA256 = "sha-256"
	hashSM3    = "sm3"
)

// Valid reports whether s is one of the two suites.
func (s Suite) Valid() bool { return s == SuiteStd || s == SuiteGM }

// New makes the suite's hash. A suite that is not valid hashes like std; records of the ledger are checked with Valid
// before anything is computed from them.
func (s Suite) New() hash.Hash {
	if s == SuiteGM {
		return sm3.New()
	}
	return sha256.New()
}

// Sum hashes the parts one after the other. Callers separate domains and lengths themselves.
func (s Suite) Sum(parts ...[]byte) [32]byte {
	if len(parts) == 1 {
		return s.sumOne(parts[0])
	}
	total := 0
	for _, p := range parts {
		total += len(p)
	}
	var short [512]byte // most of what is hashed fits, and stays off the heap
	joined := short[:0]
	if total > len(short) {
		return s.sumLong(parts)
	}
	for _, p := range parts {
		joined = append(joined, p...)
	}
	return s.sumOne(joined)
}

func (s Suite) sumOne(data []byte) [32]byte {
	if s == SuiteGM {
		return sm3.Sum(data)
	}
	return sha256.Sum256(data)
}

func (s Suite) sumLong(parts [][]byte) (out [32]byte) {
	h := s.New()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(out[:0])
	return out
}

// HashName is the suite's name in _sd_alg.
func (s Suite) HashName() string {
	if s == SuiteGM {
		return hashSM3
	}
	return hashSHA256
}

// Alg is the suite's name in the alg header of a JWS.
func (s Suite) Alg() string {
	if s == SuiteGM {
		return algSM2
	}
	return algES256
}

// SuiteByAlg finds the suite of a JWS alg. Errors: ALG_NONE for "none" however it is spelt, as that is an attack and
// not a format from the future; ALG_UNKNOWN for any other name, about which nothing can be said.
func SuiteByAlg(alg string) (Suite, error) {
	switch {
	case alg == algES256:
		return SuiteStd, nil
	case alg == algSM2:
		return SuiteGM, nil
	case strings.EqualFold(alg, algNone):
		return "", Errorf(CodeAlgNone, "the token is not signed")
	}
	return "", Errorf(CodeAlgUnknown, "the signature algorithm is neither %s nor %s", algES256, algSM2)
}

// SuiteByHash finds the suite of an _sd_alg value. Error: HASH_UNKNOWN.
func SuiteByHash(name string) (Suite, error) {
	switch name {
	case hashSHA256:
		return SuiteStd, nil
	case hashSM3:
		return SuiteGM, nil
	}
	return "", Errorf(CodeHashUnknown, "the hash algorithm is neither %s nor %s", hashSHA256, hashSM3)
}
