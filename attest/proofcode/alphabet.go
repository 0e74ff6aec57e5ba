package proofcode

import (
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// alphabet leaves out I, L, O and U, which people read as 1, 1, 0 and V. All of it is in the alphanumeric mode of a QR code.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// valueOf is a character's place in the alphabet, with what is taken for it; negative for any other.
func valueOf(c byte) int {
	switch c {
	case 'O':
		c = '0'
	case 'I', 'L':
		c = '1'
	case 'U':
		c = 'V'
	}
	return strings.IndexByte(alphabet, c)
}

// normalise brings what was typed or pasted to the characters that count: full-width forms become ASCII, letters become
// capitals, spaces and dashes of every kind go.
func normalise(typed string) string {
	var b strings.Builder
	for _, r := range typed {
		if r >= 0xFF01 && r <= 0xFF5E { // full-width forms of ASCII
			r -= 0xFEE0
		}
		switch {
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		case separates(r):
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// separates tells what people and keyboards put between groups.
func separates(r rune) bool {
	switch r {
	case ' ', '\t', '\r', '\n', '-', '_', '.', 0xA0, 0xAD, 0xB7, 0x2212, 0x30FB, 0x30FC, 0x3000, 0xFE58, 0xFE63, 0xFEFF:
		return true
	}
	return r >= 0x2000 && r <= 0x2015
}

// encode writes bits as characters of five bits, the first being the highest; the first character is filled up with zeros.
func encode(bits []byte, characters int) string {
	out := make([]byte, characters)
	var buffer, have uint
	at := len(bits)
	for i := characters - 1; i >= 0; i-- {
		for have < 5 && at > 0 {
			at--
			buffer |= uint(bits[at]) << have
			have += 8
		}
		out[i] = alphabet[buffer&31]
		buffer >>= 5
		have -= min(have, 5)
	}
	return string(out)
}

// decode is encode's way back. It takes no other spelling of the same bits: what does not fit into bits is refused.
func decode(text string, bits []byte) bool {
	var buffer, have uint
	at := len(bits)
	for i := len(text) - 1; i >= 0; i-- {
		v := valueOf(text[i])
		if v < 0 {
			return false
		}
		buffer |= uint(v) << have
		have += 5
		for have >= 8 && at > 0 {
			at--
			bits[at] = byte(buffer)
			buffer >>= 8
			have -= 8
		}
	}
	return at == 0 && buffer == 0
}

func decodeAll(text string, characters int, bits []byte) bool {
	return len(text) == characters && decode(text, bits)
}

func malformed(format string, args ...any) error {
	return attest.Errorf(attest.CodeProofCodeFormat, format, args...)
}
