package portable

import (
	"bytes"

	"github.com/huzheng-ledger/huzheng/attest"
)

// unpacker turns packed text and raw bytes back.
type unpacker struct {
	raw     []byte
	digests [][]byte // of the disclosures so far, in base64url
	whole   []byte   // sd_hash, once it is known
	room    int      // bytes that may still come out
}

// segment expands one segment of the packed text.
func (u *unpacker) segment(text []byte) ([]byte, error) {
	var out []byte
	for len(text) > 0 {
		part, rest, err := u.next(text)
		if err != nil {
			return nil, err
		}
		out, text = append(out, part...), rest
	}
	return out, nil
}

// next expands what text begins with.
func (u *unpacker) next(text []byte) (part, rest []byte, err error) {
	if text[0] != tokenOpen {
		return u.value(text)
	}
	inner, rest, ok := bytes.Cut(text[1:], []byte{tokenClose})
	if !ok {
		return nil, nil, broken("an opened part is not closed")
	}
	var plain []byte
	for len(inner) > 0 {
		if part, inner, err = u.value(inner); err != nil {
			return nil, nil, err
		}
		plain = append(plain, part...)
	}
	if err := u.take(b64.EncodedLen(len(plain)) - len(plain)); err != nil {
		return nil, nil, err
	}
	return b64.AppendEncode(nil, plain), rest, nil
}

// value expands one token, or the text before the next one.
func (u *unpacker) value(text []byte) (part, rest []byte, err error) {
	switch text[0] {
	case tokenRaw, tokenDigest:
		part, rest, err = u.counted(text)
	case tokenWhole:
		if u.whole == nil {
			return nil, nil, broken("the digest of the whole stands before its end")
		}
		part, rest = u.whole, text[1:]
	default:
		n := bytes.IndexFunc(text, isToken)
		if n == 0 {
			return nil, nil, broken("a control character stands for nothing")
		}
		if n < 0 {
			n = len(text)
		}
		part, rest = text[:n], text[n:]
	}
	if err != nil {
		return nil, nil, err
	}
	return part, rest, u.take(len(part))
}

// counted expands a token that a number follows.
func (u *unpacker) counted(text []byte) (part, rest []byte, err error) {
	if len(text) < 2 {
		return nil, nil, broken("a number is missing")
	}
	number := int(text[1])
	if text[0] == tokenDigest {
		if number -= firstDigest; number < 0 || number >= len(u.digests) {
			return nil, nil, broken("a digest is of no disclosure")
		}
		return u.digests[number], text[2:], nil
	}
	if number == 0 || number > len(u.raw) {
		return nil, nil, broken("more random bytes are asked for than there are")
	}
	part = b64.AppendEncode(nil, u.raw[:number])
	u.raw = u.raw[number:]
	return part, text[2:], nil
}

// take holds the bound on what comes out.
func (u *unpacker) take(n int) error {
	if u.room -= n; u.room < 0 {
		return attest.Errorf(attest.CodePortableTooLarge, "it expands to more than %d bytes", MaxExpanded)
	}
	return nil
}

func broken(what string) error {
	return attest.Errorf(attest.CodePortableFormat, "%s", what)
}
