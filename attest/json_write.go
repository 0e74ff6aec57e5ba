package attest

import (
	"strconv"
	"unicode/utf8"
)

// AppendString appends s as a JSON string with the fewest escapes that RFC 8259, 7 allows: quote, backslash and control
// characters; everything else stands as UTF-8. Bytes that are not UTF-8 become U+FFFD, as ParseJSON takes no others.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	clean := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < 0x20 || c == '"' || c == '\\' {
				dst = appendEscape(append(dst, s[clean:i]...), c)
				clean = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(append(dst, s[clean:i]...), "\uFFFD"...)
			clean = i + 1
		}
		i += size
	}
	return append(append(dst, s[clean:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// ObjectWriter writes one compact JSON object, its members in the order of the calls: the same calls give the same
// bytes. It does not watch for names that repeat.
type ObjectWriter struct {
	dst  []byte
	next byte // what comes before the next member
}

// NewObjectWriter begins an object at the end of dst, which may be nil.
func NewObjectWriter(dst []byte) *ObjectWriter { return &ObjectWriter{dst: dst, next: '{'} }

func (w *ObjectWriter) name(name string) {
	w.dst = append(AppendString(append(w.dst, w.next), name), ':')
	w.next = ','
}

// String writes a string.
func (w *ObjectWriter) String(name, value string) {
	w.name(name)
	w.dst = AppendString(w.dst, value)
}

// OptString writes a string, or nothing where it is empty.
func (w *ObjectWriter) OptString(name, value string) {
	if value != "" {
		w.String(name, value)
	}
}

// Int64 writes an integer.
func (w *ObjectWriter) Int64(name string, value int64) {
	w.name(name)
	w.dst = strconv.AppendInt(w.dst, value, 10)
}

// Bool writes a boolean.
func (w *ObjectWriter) Bool(name string, value bool) {
	w.name(name)
	w.dst = strconv.AppendBool(w.dst, value)
}

// Strings writes an array of strings.
func (w *ObjectWriter) Strings(name string, values []string) {
	w.name(name)
	w.dst = append(w.dst, '[')
	for i, s := range values {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.dst = AppendString(w.dst, s)
	}
	w.dst = append(w.dst, ']')
}

// Raw writes a member whose value is JSON already; it is not checked.
func (w *ObjectWriter) Raw(name string, json []byte) {
	w.name(name)
	w.dst = append(w.dst, json...)
}

// Object writes an object, its members by write.
func (w *ObjectWriter) Object(name string, write func(w *ObjectWriter)) {
	w.name(name)
	w.object(write)
}

func (w *ObjectWriter) object(write func(w *ObjectWriter)) {
	w.next = '{'
	write(w)
	w.dst = w.Close()
	w.next = ','
}

// Objects writes an array of n objects, each by write.
func (w *ObjectWriter) Objects(name string, n int, write func(i int, w *ObjectWriter)) {
	w.name(name)
	w.dst = append(w.dst, '[')
	for i := range n {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.object(func(w *ObjectWriter) { write(i, w) })
	}
	w.dst = append(w.dst, ']')
}

// Close ends the object and returns dst with the object appended.
func (w *ObjectWriter) Close() []byte {
	if w.next == '{' {
		w.dst = append(w.dst, '{')
	}
	return append(w.dst, '}')
}
