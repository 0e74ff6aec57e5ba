package statuslist

import (
	"encoding/base64"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Type is the typ header of the JWT that carries a list (draft, 5.1).
const Type = "statuslist+jwt"

// Token is the payload of a status list token (draft, 5.1). Times are Unix seconds. Its signature is made and checked
// by who holds the keys.
type Token struct {
	Subject  string // sub: the address of the list, the same as the uri in a certificate's status claim
	Issuer   string // iss; optional
	IssuedAt int64  // iat
	Expires  int64  // exp; zero: none
	TTL      int64  // ttl, seconds for which a copy may be used; zero: none stated
	List     *List
}

// Payload is the token's claims as one compact JSON object, members in the order iss, sub, iat, exp, ttl, status_list.
func (t *Token) Payload() ([]byte, error) {
	lst, err := t.List.Compress()
	if err != nil {
		return nil, err
	}
	w := attest.NewObjectWriter(make([]byte, 0, 256+2*len(lst)))
	w.OptString("iss", t.Issuer)
	w.String("sub", t.Subject)
	w.Int64("iat", t.IssuedAt)
	if t.Expires != 0 {
		w.Int64("exp", t.Expires)
	}
	if t.TTL != 0 {
		w.Int64("ttl", t.TTL)
	}
	w.Object("status_list", func(w *attest.ObjectWriter) {
		w.Int64("bits", int64(t.List.Bits()))
		w.String("lst", base64.RawURLEncoding.EncodeToString(lst))
	})
	return w.Close(), nil
}

// ParsePayload reads the claims of a status list token. Claims that it does not know are passed over, as a JWT asks
// (RFC 7519, 4); repeated ones are refused. Whether the token is current is for the caller to judge. Errors: the JSON_
// codes, STATUS_LIST_FORMAT, STATUS_LIST_TOO_LARGE.
func ParsePayload(data []byte) (*Token, error) {
	v, err := attest.ParseJSON(data, attest.Limits{Bytes: 2 * MaxBytes, Depth: 8, Members: 256})
	if err != nil {
		return nil, err
	}
	f := v.Fields()
	t := &Token{Subject: f.String("sub"), IssuedAt: f.Int64("iat")}
	t.Issuer, _ = f.OptString("iss")
	t.Expires, _ = f.OptInt64("exp")
	t.TTL, _ = f.OptInt64("ttl")
	list := f.Object("status_list")
	bits, lst := list.Int64("bits"), list.String("lst")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if t.Subject == "" || t.IssuedAt < 0 || t.Expires < 0 || t.TTL < 0 {
		return nil, attest.Errorf(attest.CodeStatusListFormat, "sub is empty, or a time is negative")
	}
	if t.List, err = decodeText(bits, lst); err != nil {
		return nil, err
	}
	return t, nil
}

func decodeText(bits int64, lst string) (*List, error) {
	if bits < 1 || bits > 8 {
		return nil, checkBits(0)
	}
	compressed, err := base64.RawURLEncoding.Strict().DecodeString(lst)
	if err != nil {
		return nil, attest.Errorf(attest.CodeStatusListFormat, "lst is not base64url without padding")
	}
	return Decode(int(bits), compressed)
}
