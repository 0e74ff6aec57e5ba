package attest

import (
	"bytes"
	"strings"
)

// Names that RFC 9901, 4.1 keeps for itself.
const (
	claimDigests = "_sd"
	claimElement = "..."
	claimHash    = "_sd_alg"
)

// maxDisclosures bounds the disclosures of one SD-JWT.
const maxDisclosures = 1024

// SDJWT is an SD-JWT in compact serialisation (RFC 9901, 4), or an SD-JWT+KB where KeyBinding is not nil. It was parsed:
// signatures, digests and binding are checked by Issuer.Verify, Process and VerifyBinding. It refers to the bytes that it
// was parsed from, which must not change; it is read-only and safe for concurrent use.
type SDJWT struct {
	Issuer      *JWS
	Payload     Value // of the issuer-signed JWT, with its digests
	Disclosures []Disclosure
	KeyBinding  *JWS

	raw []byte // up to the last tilde, without key binding
	jwt []byte
	lim Limits
}

// Disclosure is one disclosure (RFC 9901, 4.2): salt, name and value of an object's claim, or salt and value of an
// array's element.
type Disclosure struct {
	Encoded []byte // as received: the digest is over these bytes
	Salt    string
	Name    string // empty for an element of an array
	Value   Value
	IsArray bool // an element of an array
}

// ParseSDJWT reads `<issuer-signed JWT>~<disclosure>~…~<key binding JWT>`, where disclosures and key binding JWT may be
// missing but never the tilde after the issuer-signed JWT. lim.Bytes bounds the whole, lim.Members the values in payload
// and disclosures together, lim.Depth each of them and what Process makes of them.
//
// Errors: SDJWT_TOO_LARGE, SDJWT_FORMAT, DISCLOSURE_FORMAT, and those of ParseJWS and ParseJSON.
func ParseSDJWT(raw []byte, lim Limits) (*SDJWT, error) {
	lim = lim.withDefaults()
	if len(raw) > lim.Bytes {
		return nil, Errorf(CodeSDJWTSize, "%d bytes, the limit is %d", len(raw), lim.Bytes)
	}
	end := bytes.LastIndexByte(raw, '~') + 1
	if end == 0 {
		return nil, Errorf(CodeSDJWTFormat, "no tilde: this is not an SD-JWT")
	}
	p := &SDJWT{raw: raw[:end:end], lim: lim}
	jwt, disclosures, _ := bytes.Cut(p.raw, []byte("~"))
	p.jwt = jwt[:len(jwt):len(jwt)]
	left := lim
	if err := p.parseIssuer(&left); err != nil {
		return nil, within("the issuer-signed JWT", err)
	}
	if err := p.parseDisclosures(disclosures, left); err != nil {
		return nil, err
	}
	if end < len(raw) {
		var err error
		if p.KeyBinding, err = ParseJWS(raw[end:]); err != nil {
			return nil, within("the key binding JWT", err)
		}
	}
	return p, nil
}

func (p *SDJWT) parseIssuer(left *Limits) (err error) {
	if p.Issuer, err = ParseJWS(p.jwt); err != nil {
		return err
	}
	doc := new(jsonDoc)
	used, err := doc.parse(p.Issuer.Payload, *left)
	if err != nil {
		return err
	}
	p.Payload = Value{doc: doc}
	left.Members = max(left.Members-used, 1) // zero would mean the default
	if p.Payload.Kind() != JSONObject {
		return Errorf(CodeSDJWTFormat, "the payload is not an object")
	}
	return nil
}

func (p *SDJWT) parseDisclosures(list []byte, left Limits) error {
	n := bytes.Count(list, []byte("~"))
	if n > maxDisclosures {
		return Errorf(CodeSDJWTSize, "%d disclosures, the limit is %d", n, maxDisclosures)
	}
	p.Disclosures = make([]Disclosure, n)
	docs := make([]jsonDoc, n)
	texts := make([]byte, 0, b64.DecodedLen(len(list)))
	for i := range p.Disclosures {
		size := bytes.IndexByte(list, '~')
		d := &p.Disclosures[i]
		d.Encoded = list[:size:size]
		var ok bool
		start := len(texts)
		if texts, ok = appendDecodedBase64(texts, d.Encoded); !ok || len(texts) == start {
			return Errorf(CodeDisclosure, "disclosure %d is not canonical base64url", i)
		}
		used, err := docs[i].parse(texts[start:len(texts):len(texts)], left)
		if err == nil {
			err = d.read(Value{doc: &docs[i]})
		}
		if err != nil {
			return Errorf(CodeOf(err), "disclosure %d: %s", i, detailOf(err))
		}
		left.Members = max(left.Members-used, 1)
		list = list[size+1:]
	}
	return nil
}

// read takes a disclosure's parts from its array.
func (d *Disclosure) read(list Value) error {
	n := 0
	var parts [3]Value
	for part := range list.each {
		if n < len(parts) {
			parts[n] = part
		}
		n++
	}
	if n != 2 && n != 3 {
		return Errorf(CodeDisclosure, "not an array of two or three elements")
	}
	d.Salt, d.Value, d.IsArray = parts[0].Str(), parts[n-1], n == 2
	if !d.IsArray {
		d.Name = parts[1].Str()
	}
	for _, text := range parts[:n-1] {
		if text.Kind() != JSONString {
			return Errorf(CodeDisclosure, "salt and name are not strings")
		}
	}
	return nil
}

// IssuerJWT is the issuer-signed JWT as received: what a commitment is made over.
func (p *SDJWT) IssuerJWT() []byte { return p.jwt }

// Bytes is the SD-JWT as received, up to its last tilde: without key binding.
func (p *SDJWT) Bytes() []byte { return p.raw }

// String is Bytes as a string.
func (p *SDJWT) String() string { return string(p.raw) }

// Suite is the suite whose hash _sd_alg names; the default is sha-256 (RFC 9901, 4.1.1). Errors: HASH_UNKNOWN,
// SDJWT_FORMAT where it is not a string.
func (p *SDJWT) Suite() (Suite, error) {
	v, ok := p.Payload.Get(claimHash)
	switch {
	case !ok:
		return SuiteStd, nil
	case v.Kind() != JSONString:
		return "", Errorf(CodeSDJWTFormat, "%s is not a string", claimHash)
	}
	return SuiteByHash(v.Str())
}

// Present makes a presentation that discloses what paths name, and the disclosures that these lie in. Paths are those
// that Disclosed of p's processed claims reports. Without paths nothing is disclosed. Disclosures keep their order, and a
// key binding of p is left out.
//
// Errors: DISCLOSURE_UNKNOWN for a path that p cannot disclose, and those of Process.
func (p *SDJWT) Present(paths ...string) ([]byte, error) {
	c, err := p.Process()
	if err != nil {
		return nil, err
	}
	chosen := make([]bool, len(p.Disclosures))
	for _, path := range paths {
		i := c.find(path)
		if i < 0 {
			return nil, Errorf(CodeDisclosurePath, "there is no disclosure at one of the %d paths", len(paths))
		}
		for ; i >= 0 && !chosen[i]; i = c.places[i].parent {
			chosen[i] = true
		}
	}
	out := append(make([]byte, 0, len(p.raw)), p.jwt...)
	out = append(out, '~')
	for i := range p.Disclosures {
		if chosen[i] {
			out = append(append(out, p.Disclosures[i].Encoded...), '~')
		}
	}
	return out, nil
}

// escapePath makes a name one step of a path, as in a JSON Pointer (RFC 6901, 3).
func escapePath(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}
