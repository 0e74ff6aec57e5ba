package portable

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// b64 is base64url as attest reads it: one byte string, one spelling.
var b64 = base64.RawURLEncoding.Strict()

// packer turns texts into packed text and raw bytes.
type packer struct {
	text []byte
	raw  []byte
	refs map[string][]byte // what is known already, in base64url, and the token that stands for it
}

// segment packs one text: base64url of JSON is opened, and what looks like random bytes goes to the raw part.
func (p *packer) segment(text []byte) error {
	return eachRun(text, func(run []byte, plain bool) error {
		switch {
		case plain:
			return p.literal(run)
		case p.nested(run):
			return nil
		}
		return p.value(run)
	})
}

// nested packs a run that is JSON in base64url, and tells whether it was one.
func (p *packer) nested(run []byte) bool {
	if _, known := p.refs[string(run)]; known {
		return false
	}
	inner, err := b64.AppendDecode(nil, run)
	if err != nil || len(inner) < 2 || inner[0] != '{' && inner[0] != '[' || bytes.ContainsFunc(inner, isToken) {
		return false
	}
	p.text = append(p.text, tokenOpen)
	_ = eachRun(inner, func(run []byte, plain bool) error { // no literal of it is refused: that was just looked at
		if plain {
			return p.literal(run)
		}
		return p.value(run)
	})
	p.text = append(p.text, tokenClose)
	return true
}

func isToken(r rune) bool { return r <= tokenLast }

func (p *packer) literal(text []byte) error {
	if bytes.ContainsFunc(text, isToken) {
		return attest.Errorf(attest.CodePortableFormat, "a control character stands in what is to be presented")
	}
	p.text = append(p.text, text...)
	return nil
}

// value packs a run of the base64url alphabet: a reference, raw bytes, or as it is.
func (p *packer) value(run []byte) error {
	if token, ok := p.refs[string(run)]; ok {
		p.text = append(p.text, token...)
		return nil
	}
	if raw, ok := random(run); ok {
		p.text = append(p.text, tokenRaw, byte(len(raw))) //nolint:gosec // 16, 32 or 64
		p.raw = append(p.raw, raw...)
		return nil
	}
	return p.literal(run)
}

// random decodes a run of the length of a salt or id, a digest or coordinate, or a signature. A word that has such a length by
// chance loses a little space and nothing else.
func random(run []byte) ([]byte, bool) {
	switch len(run) {
	case 22, 43, 86:
	default:
		return nil, false
	}
	if strings.Contains(dictionary, string(run)) {
		return nil, false
	}
	raw, err := b64.AppendDecode(nil, run)
	return raw, err == nil
}

// eachRun walks text in longest runs of characters of base64url, and of others (plain).
func eachRun(text []byte, do func(run []byte, plain bool) error) error {
	for len(text) > 0 {
		plain := !isBase64(text[0])
		n := 1
		for n < len(text) && isBase64(text[n]) != plain {
			n++
		}
		if err := do(text[:n], plain); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

func isBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
