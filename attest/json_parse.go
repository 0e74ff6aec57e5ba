package attest

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// ParseJSON reads data as exactly one JSON document (RFC 8259) and refuses whatever two readers could take in two ways:
// invalid UTF-8, a byte order mark, escapes of lone surrogates, members of one name (compared unescaped), bytes after
// the document, and anything over lim. The values refer to data, which must not change while they are in use.
//
// Errors: JSON_TOO_LARGE, JSON_NOT_UTF8, JSON_SYNTAX, JSON_TOO_DEEP, JSON_DUPLICATE_MEMBER, JSON_TRAILING_BYTES. Their
// texts tell the offset in bytes, never the content.
func ParseJSON(data []byte, lim Limits) (Value, error) {
	doc := new(jsonDoc)
	if _, err := doc.parse(data, lim); err != nil {
		return Value{}, err
	}
	return Value{doc: doc}, nil
}

// parse fills d and tells how many values were read, so that several documents can share one limit.
func (d *jsonDoc) parse(data []byte, lim Limits) (int, error) {
	lim = lim.withDefaults()
	if len(data) > lim.Bytes {
		return 0, Errorf(CodeJSONSize, "%d bytes, the limit is %d", len(data), lim.Bytes)
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return 0, Errorf(CodeJSONEncoding, "the document begins with a byte order mark")
	}
	if !utf8.Valid(data) {
		return 0, Errorf(CodeJSONEncoding, "the document is not valid UTF-8")
	}
	d.data, d.text, d.nodes, d.unescaped = data, string(data), d.few[:0], nil
	const bytesPerNode, most = 24, 512 // of the documents that are usual here, and of those that hold long texts
	if n := min(len(data)/bytesPerNode, most); n > len(d.few) {
		d.nodes = make([]jsonNode, 0, n)
	}
	p := jsonParser{doc: d, data: data, left: lim.Members}
	if err := p.value(lim.Depth); err != nil {
		return 0, err
	}
	p.space()
	if p.pos != len(data) {
		return 0, p.refuse(CodeJSONTrailing, "the document is followed by something")
	}
	return lim.Members - p.left, nil
}

// jsonParser descends recursively, never deeper than the limit.
type jsonParser struct {
	doc   *jsonDoc
	data  []byte
	pos   int
	left  int      // values that may still come
	names []string // of the members of the objects that are open
}

func (p *jsonParser) refuse(code Code, what string) error {
	return Errorf(code, "%s at byte %d", what, p.pos)
}

func (p *jsonParser) syntax() error {
	if p.pos >= len(p.data) {
		return p.refuse(CodeJSONSyntax, "the document ends early")
	}
	return p.refuse(CodeJSONSyntax, "unexpected character")
}

func (p *jsonParser) space() {
	for p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek is the next byte, or 0 at the end: a raw zero byte is legal nowhere, so both are refused alike.
func (p *jsonParser) peek() byte {
	if p.pos < len(p.data) {
		return p.data[p.pos]
	}
	return 0
}

// node adds a node for a value that begins at start and ends here.
func (p *jsonParser) node(kind JSONKind, start int) {
	p.doc.nodes = append(p.doc.nodes, jsonNode{start: uint32(start), end: uint32(p.pos), kind: kind}) //nolint:gosec // below maxJSONBytes
}

// value reads one value with the white space before it; depth is how many levels may still open.
func (p *jsonParser) value(depth int) error {
	p.space()
	if p.left--; p.left < 0 {
		return p.refuse(CodeJSONSize, "too many values")
	}
	switch c := p.peek(); c {
	case '"':
		return p.str()
	case '{', '[':
		return p.container(c, depth)
	case 't':
		return p.literal("true", JSONBool)
	case 'f':
		return p.literal("false", JSONBool)
	case 'n':
		return p.literal("null", JSONNull)
	}
	return p.number()
}

func (p *jsonParser) literal(word string, kind JSONKind) error {
	start := p.pos
	for i := range len(word) {
		if p.peek() != word[i] {
			return p.syntax()
		}
		p.pos++
	}
	p.node(kind, start)
	return nil
}

func (p *jsonParser) container(open byte, depth int) (err error) {
	if depth == 0 {
		return p.refuse(CodeJSONDepth, "too many levels")
	}
	i := len(p.doc.nodes)
	start := p.pos
	p.pos++
	if open == '{' {
		p.node(JSONObject, start)
		err = p.object(depth - 1)
	} else {
		p.node(JSONArray, start)
		err = p.array(depth - 1)
	}
	n := &p.doc.nodes[i]
	n.end, n.link = uint32(p.pos), uint32(len(p.doc.nodes)) //nolint:gosec // below maxJSONBytes
	return err
}

func (p *jsonParser) array(depth int) (err error) {
	for more := !p.closes(']'); more; {
		if err = p.value(depth); err != nil {
			return err
		}
		if more, err = p.more(']'); err != nil {
			return err
		}
	}
	return nil
}

func (p *jsonParser) object(depth int) (err error) {
	base := len(p.names)
	if p.names == nil {
		p.names = make([]string, 0, 8)
	}
	for more := !p.closes('}'); more; {
		if err = p.member(depth); err != nil {
			return err
		}
		if more, err = p.more('}'); err != nil {
			return err
		}
	}
	if hasDuplicate(p.names[base:]) {
		return p.refuse(CodeJSONDuplicate, "a member name occurs twice in the object that ends")
	}
	p.names = p.names[:base]
	return nil
}

func (p *jsonParser) member(depth int) error {
	p.space()
	if p.peek() != '"' {
		return p.syntax()
	}
	if err := p.str(); err != nil {
		return err
	}
	p.names = append(p.names, p.doc.str(uint32(len(p.doc.nodes)-1))) //nolint:gosec // below maxJSONBytes
	p.space()
	if p.peek() != ':' {
		return p.syntax()
	}
	p.pos++
	return p.value(depth)
}

// closes takes the closing bracket of a container without children.
func (p *jsonParser) closes(bracket byte) bool {
	p.space()
	if p.peek() != bracket {
		return false
	}
	p.pos++
	return true
}

// more takes what follows a child: a comma, so that another must come, or the closing bracket.
func (p *jsonParser) more(bracket byte) (bool, error) {
	p.space()
	switch p.peek() {
	case ',':
		p.pos++
		return true, nil
	case bracket:
		p.pos++
		return false, nil
	}
	return false, p.syntax()
}

// hasDuplicate tells whether two names are equal: by comparing pairs where that is quicker than a map.
func hasDuplicate(names []string) bool {
	const few = 32
	if len(names) > few {
		seen := make(map[string]struct{}, len(names))
		for _, name := range names {
			seen[name] = struct{}{}
		}
		return len(seen) < len(names)
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return true
		}
	}
	return false
}
