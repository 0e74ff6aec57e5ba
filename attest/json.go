package attest

import "strconv"

// JSONKind is the JSON type of a Value (RFC 8259, 3).
type JSONKind uint8

// The kinds of a Value. The zero Value, which no document contains, has kind JSONInvalid.
const (
	JSONInvalid JSONKind = iota
	JSONNull
	JSONBool
	JSONNumber
	JSONString
	JSONArray
	JSONObject
)

// String names the kind as error texts do.
func (k JSONKind) String() string {
	names := [...]string{"nothing", "null", "boolean", "number", "string", "array", "object"}
	if int(k) < len(names) {
		return names[k]
	}
	return names[JSONInvalid]
}

// Limits bounds what a parser takes from a stranger. A field that is zero takes its value from DefaultLimits.
type Limits struct {
	Bytes   int // length of the whole document
	Depth   int // arrays and objects inside one another, at most maxJSONDepth
	Members int // values in the whole document: it bounds memory, as two bytes of input can make a value
}

// DefaultLimits returns the bounds used where nothing else is said.
func DefaultLimits() Limits { return Limits{Bytes: 1 << 20, Depth: 16, Members: 1 << 14} }

// maxJSONDepth bounds the recursion of parser and processor whatever a caller asks for.
const maxJSONDepth = 256

// maxJSONBytes keeps offsets within 32 bits.
const maxJSONBytes = 1 << 30

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	if l.Bytes <= 0 {
		l.Bytes = d.Bytes
	}
	if l.Depth <= 0 {
		l.Depth = d.Depth
	}
	if l.Members <= 0 {
		l.Members = d.Members
	}
	l.Depth = min(l.Depth, maxJSONDepth)
	l.Bytes = min(l.Bytes, maxJSONBytes)
	return l
}

// Value is one JSON value of a parsed document, with the order of members kept. Values are small, read-only and safe for
// concurrent use; the slices that their methods return must not be changed.
type Value struct {
	doc *jsonDoc
	at  uint32 // of its node
}

// Member is one member of an object; Name is unescaped.
type Member struct {
	Name  string
	Value Value
}

// jsonDoc is a parsed document: one node for each value and each member's name, in the order in which they begin. The
// nodes of an array follow its own, those of an object are name, value, name, value.
type jsonDoc struct {
	data      []byte
	text      string // the same bytes: strings without escapes are parts of it
	nodes     []jsonNode
	unescaped []string    // of the strings that have escapes
	few       [8]jsonNode // where nodes begins, so that a small document is one piece of memory
}

type jsonNode struct {
	start, end uint32 // of the value as written
	link       uint32 // of a container: the node after its last; of a string with escapes: 1 + its place in unescaped
	kind       JSONKind
}

// after is the node after all that belongs to node i.
func (d *jsonDoc) after(i uint32) uint32 {
	if n := &d.nodes[i]; n.kind >= JSONArray {
		return n.link
	}
	return i + 1
}

// str is the unescaped text of a string's node.
func (d *jsonDoc) str(i uint32) string {
	n := &d.nodes[i]
	if n.link != 0 {
		return d.unescaped[n.link-1]
	}
	return d.text[n.start+1 : n.end-1]
}

// each goes through the elements of an array; anything else has none.
func (v Value) each(yield func(Value) bool) {
	if v.Kind() != JSONArray {
		return
	}
	for i, end := v.at+1, v.doc.after(v.at); i < end; i = v.doc.after(i) {
		if !yield(Value{v.doc, i}) {
			return
		}
	}
}

// count is the number of elements of an array; anything else has none.
func (v Value) count() (n int) {
	for range v.each {
		n++
	}
	return n
}

// pairs goes through the names and values of an object; anything else has none.
func (v Value) pairs(yield func(name, value Value) bool) {
	if v.Kind() != JSONObject {
		return
	}
	for i, end := v.at+1, v.doc.after(v.at); i < end; i = v.doc.after(i + 1) {
		if !yield(Value{v.doc, i}, Value{v.doc, i + 1}) {
			return
		}
	}
}

// Kind is the JSON type of v.
func (v Value) Kind() JSONKind {
	if v.doc == nil {
		return JSONInvalid
	}
	return v.doc.nodes[v.at].kind
}

// Raw is v as it was written: a slice of the input.
func (v Value) Raw() []byte {
	if v.doc == nil {
		return nil
	}
	n := &v.doc.nodes[v.at]
	return v.doc.data[n.start:n.end:n.end]
}

// Str is the unescaped text of a string, and empty for any other kind.
func (v Value) Str() string {
	if v.Kind() != JSONString {
		return ""
	}
	return v.doc.str(v.at)
}

// BoolValue is true for the literal true and false for everything else.
func (v Value) BoolValue() bool { return v.Kind() == JSONBool && v.Raw()[0] == 't' }

// Elems is the elements of an array in a slice of their own, nil for any other kind.
func (v Value) Elems() []Value {
	if v.Kind() != JSONArray {
		return nil
	}
	out := []Value{}
	for e := range v.each {
		out = append(out, e)
	}
	return out
}

// Members is the members of an object, in the order of the document and in a slice of their own; nil for any other kind.
func (v Value) Members() []Member {
	if v.Kind() != JSONObject {
		return nil
	}
	out := []Member{}
	for name, value := range v.pairs {
		out = append(out, Member{Name: name.Str(), Value: value})
	}
	return out
}

// Get finds a member of an object by its unescaped name. Any other kind has no members.
func (v Value) Get(name string) (Value, bool) {
	for n, value := range v.pairs {
		if v.doc.str(n.at) == name {
			return value, true
		}
	}
	return Value{}, false
}

// Int64 reads a number that is written as an integer: no fraction, no exponent, no minus before zero, within 64 bits.
// Errors: JSON_WRONG_TYPE where v is not a number, JSON_NUMBER_RANGE where it is another number.
func (v Value) Int64() (int64, error) {
	if v.Kind() != JSONNumber {
		return 0, Errorf(CodeJSONType, "want an integer, have %s", v.Kind())
	}
	text := string(v.Raw())
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || text == "-0" {
		return 0, Errorf(CodeJSONNumber, "not an integer of 64 bits")
	}
	return n, nil
}
