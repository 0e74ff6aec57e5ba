package attest

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Numbers and strings of the parser.

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? (RFC 8259, 6).
func (p *jsonParser) number() error {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	if p.peek() == '0' {
		p.pos++
	} else if !p.digits() {
		return p.syntax()
	}
	if isDigit(p.peek()) {
		return p.refuse(CodeJSONSyntax, "leading zero")
	}
	if !p.fraction() || !p.exponent() {
		return p.syntax()
	}
	p.node(JSONNumber, start)
	return nil
}

func (p *jsonParser) fraction() bool {
	if p.peek() != '.' {
		return true
	}
	p.pos++
	return p.digits()
}

func (p *jsonParser) exponent() bool {
	if p.peek()|0x20 != 'e' {
		return true
	}
	p.pos++
	if c := p.peek(); c == '+' || c == '-' {
		p.pos++
	}
	return p.digits()
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// digits takes one digit or more.
func (p *jsonParser) digits() bool {
	start := p.pos
	for isDigit(p.peek()) {
		p.pos++
	}
	return p.pos > start
}

// str reads a string whose opening quote is next.
func (p *jsonParser) str() error {
	start := p.pos
	for i := start + 1; i < len(p.data); i++ {
		c := p.data[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		p.pos = i
		switch c {
		case '"':
			p.pos++
			p.node(JSONString, start)
			return nil
		case '\\':
			return p.escapedStr(start)
		}
		return p.refuse(CodeJSONSyntax, "raw control character")
	}
	p.pos = len(p.data)
	return p.syntax()
}

// escapedStr goes on where str met the first backslash of the string that starts at start.
func (p *jsonParser) escapedStr(start int) error {
	text := append(make([]byte, 0, 2*(p.pos-start)+16), p.data[start+1:p.pos]...)
	for p.pos < len(p.data) {
		c := p.data[p.pos]
		switch {
		case c == '"':
			p.pos++
			p.node(JSONString, start)
			p.doc.unescaped = append(p.doc.unescaped, string(text))
			p.doc.nodes[len(p.doc.nodes)-1].link = uint32(len(p.doc.unescaped)) //nolint:gosec // below maxJSONBytes
			return nil
		case c < 0x20:
			return p.refuse(CodeJSONSyntax, "raw control character")
		case c != '\\':
			text = append(text, c)
			p.pos++
		default:
			r, err := p.escape()
			if err != nil {
				return err
			}
			text = utf8.AppendRune(text, r)
		}
	}
	return p.syntax()
}

// escape reads one escape sequence (RFC 8259, 7), or two that make a surrogate pair.
func (p *jsonParser) escape() (rune, error) {
	p.pos++
	c := p.peek()
	if c != 'u' {
		const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
		i := strings.IndexByte(from, c)
		if i < 0 {
			return 0, p.syntax()
		}
		p.pos++
		return rune(to[i]), nil
	}
	r, err := p.hex4()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if p.peek() == '\\' && p.pos+1 < len(p.data) && p.data[p.pos+1] == 'u' {
		p.pos++
		low, err := p.hex4()
		if err != nil {
			return 0, err
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, nil
		}
	}
	return 0, p.refuse(CodeJSONEncoding, "escape of a lone surrogate")
}

// hex4 reads the u and the four hexadecimal digits of an escape.
func (p *jsonParser) hex4() (rune, error) {
	p.pos++
	var r rune
	for range 4 {
		c := p.peek()
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, p.syntax()
		}
		r = r<<4 | rune(c)
		p.pos++
	}
	return r, nil
}
