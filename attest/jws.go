package attest

import (
	"bytes"
	"errors"
)

// MaxJWSBytes bounds a compact JWS, encoded. It leaves room for the largest command of the ledger.
const MaxJWSBytes = 2 << 20

// jwsHeaderLimits bounds the protected header, which a stranger fills before any signature is checked.
var jwsHeaderLimits = Limits{Bytes: 16 << 10, Depth: 8, Members: 256}

// JWS is a compact JWS (RFC 7515, 7.1) that was parsed but not verified. It refers to the bytes that it was parsed
// from, which must not change; it is safe for concurrent use.
type JWS struct {
	Header    Value  // the protected header
	Alg       string // never empty
	KeyID     string // kid, or empty: a hint which key to try, no more
	Type      string // typ, or empty
	Payload   []byte // decoded
	Signature []byte // decoded
	input     []byte // header.payload as received: what is signed
}

// ParseJWS reads a compact JWS: three parts of canonical base64url, the first a strict JSON object with alg. Extensions
// that must be understood (crit, RFC 7515, 4.1.11) are refused, as there are none here.
//
// Errors: JWS_FORMAT, JWS_HEADER, ALG_NONE, and those of ParseJSON about the header.
func ParseJWS(raw []byte) (*JWS, error) {
	if len(raw) > MaxJWSBytes {
		return nil, Errorf(CodeJWSFormat, "%d bytes, the limit is %d", len(raw), MaxJWSBytes)
	}
	first := bytes.IndexByte(raw, '.')
	last := bytes.LastIndexByte(raw, '.')
	if first <= 0 || first == last || last == len(raw)-1 || bytes.IndexByte(raw[first+1:last], '.') >= 0 {
		return nil, Errorf(CodeJWSFormat, "not three parts with header and signature")
	}
	header, ok := decodeBase64(raw[:first])
	if !ok {
		return nil, Errorf(CodeJWSFormat, "the header is not canonical base64url")
	}
	j := &JWS{input: raw[:last:last]}
	if err := j.readHeader(header); err != nil {
		return nil, err
	}
	if j.Payload, ok = decodeBase64(raw[first+1 : last]); !ok {
		return nil, Errorf(CodeJWSFormat, "the payload is not canonical base64url")
	}
	if j.Signature, ok = decodeBase64(raw[last+1:]); !ok {
		return nil, Errorf(CodeJWSFormat, "the signature is not canonical base64url")
	}
	return j, nil
}

func (j *JWS) readHeader(header []byte) (err error) {
	if j.Header, err = ParseJSON(header, jwsHeaderLimits); err != nil {
		return within("the JWS header", err)
	}
	f := j.Header.Fields()
	j.Alg = f.String("alg")
	j.KeyID, _ = f.OptString("kid")
	j.Type, _ = f.OptString("typ")
	_, critical := f.OptValue("crit")
	switch {
	case f.Err() != nil:
		return Errorf(CodeJWSHeader, "%s", detailOf(f.Err()))
	case critical:
		return Errorf(CodeJWSHeader, "crit names extensions, and none is known here")
	case j.Alg == "":
		return Errorf(CodeJWSHeader, "alg is empty")
	}
	if _, err := SuiteByAlg(j.Alg); CodeOf(err) == CodeAlgNone {
		return err
	}
	return nil
}

// SigningInput is what the signature is over: header and payload as they were received.
func (j *JWS) SigningInput() []byte { return j.input }

// Verify checks the signature with k, and only with k: keys and addresses of keys in the token (jwk, jku, x5c …) are
// never looked at. Errors: ALG_UNKNOWN where alg is none of ours, so that nothing can be said; ALG_MISMATCH where it is
// not the alg of k; SIGNATURE_INVALID; KEY_FORMAT where k is nil.
func (j *JWS) Verify(k *PublicKey) error {
	if k == nil {
		return Errorf(CodeKeyFormat, "there is no key to verify with")
	}
	suite, err := SuiteByAlg(j.Alg)
	if err != nil {
		return err
	}
	if suite != k.suite {
		return Errorf(CodeAlgMismatch, "the token says %s, the key is for %s", suite.Alg(), k.Alg())
	}
	return k.Verify(j.input, j.Signature)
}

// SignJWS makes a compact JWS over payload. The header has the members alg, kid and typ in this order; kid and typ
// are left out where they are empty. Errors: those of s, and INTERNAL where its signature has another length.
func SignJWS(s Signer, typ string, payload []byte) ([]byte, error) {
	return signJWS(s, typ, payload, 0)
}

// appendHeader does without an ObjectWriter, which would move a buffer on the stack to the heap.
func appendHeader(dst []byte, alg, kid, typ string) []byte {
	dst = AppendString(append(dst, `{"alg":`...), alg)
	if kid != "" {
		dst = AppendString(append(dst, `,"kid":`...), kid)
	}
	if typ != "" {
		dst = AppendString(append(dst, `,"typ":`...), typ)
	}
	return append(dst, '}')
}

// signJWS leaves room bytes of capacity behind the token.
func signJWS(s Signer, typ string, payload []byte, room int) ([]byte, error) {
	var buf [256]byte
	header := appendHeader(buf[:0], s.Public().Alg(), s.KeyID(), typ)
	if len(header) > jwsHeaderLimits.Bytes {
		return nil, Errorf(CodeJWSHeader, "the header has %d bytes, the limit is %d", len(header), jwsHeaderLimits.Bytes)
	}
	size := b64.EncodedLen(len(header)) + b64.EncodedLen(len(payload)) + b64.EncodedLen(SignatureSize) + 2
	out := make([]byte, 0, size+room)
	out = append(appendBase64(out, header), '.')
	out = appendBase64(out, payload)
	sig, err := s.Sign(out)
	if err != nil {
		return nil, err
	}
	if len(sig) != SignatureSize {
		return nil, Errorf(CodeInternal, "the signer returned %d bytes, not %d", len(sig), SignatureSize)
	}
	return appendBase64(append(out, '.'), sig), nil
}

// within says where an error arose and keeps its code.
func within(where string, err error) error {
	return Errorf(CodeOf(err), "%s: %s", where, detailOf(err))
}

// detailOf is the text of err without its code.
func detailOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return err.Error()
}
