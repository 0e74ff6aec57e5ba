package attest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// saltSize is 128 bits, as RFC 9901, 9.3 recommends.
const saltSize = 16

// Node is one claim of an issuer's tree, or one element of an array. Exactly one of Value, Object and Array is not nil;
// an empty object or array is empty but not nil.
type Node struct {
	Name   string // of a claim; empty for an element of an array
	Hidden bool   // disclosed by its own disclosure only
	Value  []byte // JSON; what lies in it is shown or hidden as a whole
	Object []Node
	Array  []Node
	Decoys int // of Object or Array: how many digests of nothing stand among its digests
}

// IssueSDJWT signs a tree of claims (RFC 9901, 6.1). Every hidden node gets a disclosure with a salt of 128 bits of its
// own; a hidden node within a hidden node makes a recursive disclosure (4.2.6). decoys are those of the root. Digests in
// _sd are sorted, decoys of an array stand anywhere in it, so that position and number say nothing. The hash is that of
// the signer's suite, typ the type in the header. salts must be a cryptographic source of randomness; 16 bytes are read
// for each hidden node and decoy, 32 for each decoy of an array.
//
// Errors: CLAIM_TREE, CLAIM_RESERVED, CLAIM_CONFLICT for a tree that cannot be signed, the codes of ParseJSON for a Value
// in it, those of signer, SDJWT_TOO_LARGE, JSON_TOO_LARGE and JSON_TOO_DEEP for what ParseSDJWT would not read, and
// INTERNAL where salts fails or repeats itself.
func IssueSDJWT(signer Signer, typ string, root []Node, decoys int, salts io.Reader) (*SDJWT, error) {
	raw, _, err := issueSDJWT(signer, typ, root, decoys, salts)
	if err != nil {
		return nil, err
	}
	return ParseSDJWT(raw, Limits{})
}

// issueSDJWT is IssueSDJWT without reading back what it made, which costs a third of a signature: whatever ParseSDJWT
// would refuse in it is refused here, while it is written. It gives the whole and the issuer-signed JWT in it.
func issueSDJWT(signer Signer, typ string, root []Node, decoys int, salts io.Reader) (raw, jwt []byte, err error) {
	tree := Node{Object: root, Decoys: decoys}
	w := sdIssue{suite: signer.Public().Suite(), lim: DefaultLimits()}
	if err := w.drawSalts(&tree, salts); err != nil {
		return nil, nil, err
	}
	payload, err := w.object(make([]byte, 0, 2048), &tree, w.lim.Depth, true)
	if err != nil {
		return nil, nil, err
	}
	if jwt, err = signJWS(signer, typ, payload, 1+len(w.disclosures)); err != nil {
		return nil, nil, err
	}
	raw = append(append(jwt, '~'), w.disclosures...)
	return raw, raw[:len(jwt):len(jwt)], w.fits(len(raw))
}

// sdIssue is one run of issueSDJWT.
type sdIssue struct {
	suite       Suite
	lim         Limits // of a reader
	salts       []byte // not yet used
	disclosures []byte // each with the tilde after it
	hidden      int    // how many they are
	values      int    // JSON values in payload and disclosures
	text        []byte // of the disclosure that is being written; reused
	leaf        jsonDoc
}

// fits checks what ParseSDJWT bounds, beside the depth.
func (w *sdIssue) fits(size int) error {
	switch {
	case size > w.lim.Bytes:
		return Errorf(CodeSDJWTSize, "%d bytes, the limit is %d", size, w.lim.Bytes)
	case w.hidden > maxDisclosures:
		return Errorf(CodeSDJWTSize, "%d disclosures, the limit is %d", w.hidden, maxDisclosures)
	case w.values > w.lim.Members:
		return Errorf(CodeJSONSize, "%d values, the limit is %d", w.values, w.lim.Members)
	}
	return nil
}

// enter counts an object or array where depth levels may still open, and gives how many may in it.
func (w *sdIssue) enter(depth int) (int, error) {
	if depth == 0 {
		return 0, Errorf(CodeJSONDepth, "too many levels")
	}
	w.values++
	return depth - 1, nil
}

// drawSalts reads all salts at once.
func (w *sdIssue) drawSalts(tree *Node, source io.Reader) error {
	n := countSalts(tree)
	w.salts = make([]byte, n*saltSize)
	const usual = 192 // bytes of a disclosure
	w.disclosures = make([]byte, 0, n*usual)
	if _, err := io.ReadFull(source, w.salts); err != nil {
		return fmt.Errorf("reading salts: %w", err)
	}
	for i := saltSize; i < len(w.salts); i += saltSize {
		if bytes.Equal(w.salts[i-saltSize:i], w.salts[i:i+saltSize]) {
			return Errorf(CodeInternal, "the source of salts repeats itself")
		}
	}
	return nil
}

func countSalts(n *Node) int {
	count := max(n.Decoys, 0)
	if n.Array != nil {
		count *= 2
	}
	for _, children := range [][]Node{n.Object, n.Array} {
		for i := range children {
			if children[i].Hidden {
				count++
			}
			count += countSalts(&children[i])
		}
	}
	return count
}

func (w *sdIssue) salt() []byte {
	s := w.salts[:saltSize]
	w.salts = w.salts[saltSize:]
	return s
}

// object appends an object: its visible members in their order, then the digests of the hidden ones. depth is how many
// levels may still open, its own included, as for all that follow.
func (w *sdIssue) object(dst []byte, n *Node, depth int, top bool) ([]byte, error) {
	depth, err := w.enter(depth)
	if err != nil {
		return nil, err
	}
	if err := checkMembers(n.Object); err != nil {
		return nil, err
	}
	out := NewObjectWriter(dst)
	digests := make([]string, 0, len(n.Object)+n.Decoys)
	for i := range n.Object {
		m := &n.Object[i]
		if !m.Hidden {
			out.name(m.Name)
			if out.dst, err = w.node(out.dst, m, depth); err != nil {
				return nil, err
			}
			continue
		}
		digest, err := w.hide(m)
		if err != nil {
			return nil, err
		}
		digests = append(digests, digest)
	}
	for range n.Decoys {
		digests = append(digests, digestText(w.suite, w.salt()))
	}
	if err := w.digests(out, digests, depth); err != nil {
		return nil, err
	}
	if top {
		out.String(claimHash, w.suite.HashName())
		w.values++
	}
	return out.Close(), nil
}

// digests writes the member _sd, where there is anything to hide.
func (w *sdIssue) digests(out *ObjectWriter, digests []string, depth int) error {
	if len(digests) == 0 {
		return nil
	}
	if _, err := w.enter(depth); err != nil {
		return err
	}
	w.values += len(digests)
	slices.Sort(digests)
	out.Strings(claimDigests, digests)
	return nil
}

// checkMembers refuses names that are reserved, empty or there twice.
func checkMembers(members []Node) error {
	names := make([]string, len(members))
	for i := range members {
		name := members[i].Name
		names[i] = name
		switch {
		case name == "" || !utf8.ValidString(name): // others would be written alike
			return Errorf(CodeClaimTree, "a claim has no name, or one that is not UTF-8")
		case isReservedClaim(name):
			return Errorf(CodeClaimReserved, "a claim has a reserved name")
		}
	}
	if hasDuplicate(names) {
		return Errorf(CodeClaimConflict, "two claims of one object have the same name")
	}
	return nil
}

// node appends the JSON of a node, with digests for what is hidden in it.
func (w *sdIssue) node(dst []byte, n *Node, depth int) ([]byte, error) {
	if !n.wellFormed() {
		return nil, Errorf(CodeClaimTree, "a node is not exactly one of value, object and array, or its decoys have no place")
	}
	switch {
	case n.Object != nil:
		return w.object(dst, n, depth, false)
	case n.Array != nil:
		return w.array(dst, n, depth)
	}
	return w.appendLeaf(dst, n.Value, depth)
}

func (n *Node) wellFormed() bool {
	is := 0
	for _, given := range []bool{n.Value != nil, n.Object != nil, n.Array != nil} {
		if given {
			is++
		}
	}
	return is == 1 && n.Decoys >= 0 && (n.Decoys == 0 || n.Value == nil)
}

// appendLeaf checks that a leaf is one JSON value without anything that a verifier would take for a digest.
func (w *sdIssue) appendLeaf(dst, leaf []byte, depth int) ([]byte, error) {
	if isPlainString(leaf) {
		w.values++
		return append(dst, leaf...), nil
	}
	used, err := w.leaf.parse(leaf, Limits{Depth: max(depth, 1)}) // zero would mean the default
	if err != nil {
		return nil, within("the value of a claim", err)
	}
	v := Value{doc: &w.leaf}
	if depth == 0 && v.Kind() >= JSONArray {
		return nil, Errorf(CodeJSONDepth, "the value of a claim: too many levels")
	}
	if hasReservedName(v) {
		return nil, Errorf(CodeClaimReserved, "the value of a claim has a member with a reserved name")
	}
	w.values += used
	return append(dst, leaf...), nil
}

// isPlainString reports whether text is a JSON string without escapes, which most leaves are: it needs no parser.
func isPlainString(text []byte) bool {
	last := len(text) - 1
	if last < 1 || text[0] != '"' || text[last] != '"' {
		return false
	}
	for _, c := range text[1:last] {
		if c < 0x20 || c == '"' || c == '\\' {
			return false
		}
	}
	return utf8.Valid(text)
}

func hasReservedName(v Value) bool {
	for e := range v.each {
		if hasReservedName(e) {
			return true
		}
	}
	for name, value := range v.pairs {
		if isReservedClaim(name.Str()) || hasReservedName(value) {
			return true
		}
	}
	return false
}

// hide makes the disclosure of a node and returns its digest.
func (w *sdIssue) hide(n *Node) (string, error) {
	text := append(w.text[:0], '[', '"')
	w.text = nil // until it is written: a node within this one may be hidden as well
	text = append(appendBase64(text, w.salt()), '"', ',')
	w.values += 2 // array and salt
	if n.Name != "" {
		text = append(AppendString(text, n.Name), ',')
		w.values++
	}
	text, err := w.node(text, n, w.lim.Depth-1)
	if err != nil {
		return "", err
	}
	text = append(text, ']')
	start := len(w.disclosures)
	w.disclosures = appendBase64(w.disclosures, text)
	digest := digestText(w.suite, w.disclosures[start:])
	w.disclosures = append(w.disclosures, '~')
	w.text, w.hidden = text, w.hidden+1
	return digest, nil
}

// array appends an array; a hidden element stands as the object {"...": digest}.
func (w *sdIssue) array(dst []byte, n *Node, depth int) ([]byte, error) {
	depth, err := w.enter(depth)
	if err != nil {
		return nil, err
	}
	elems := make([][]byte, 0, len(n.Array)+n.Decoys)
	for i := range n.Array {
		e, err := w.element(&n.Array[i], depth)
		if err != nil {
			return nil, err
		}
		elems = append(elems, e)
	}
	for range n.Decoys {
		decoy, err := w.digestElement(digestText(w.suite, w.salt()), depth)
		if err != nil {
			return nil, err
		}
		at := binary.BigEndian.Uint64(w.salt()) % uint64(len(elems)+1)
		elems = slices.Insert(elems, int(at), decoy) //nolint:gosec // at most the length of a slice
	}
	dst = append(dst, '[')
	dst = append(dst, bytes.Join(elems, []byte{','})...)
	return append(dst, ']'), nil
}

func (w *sdIssue) element(n *Node, depth int) ([]byte, error) {
	if n.Name != "" {
		return nil, Errorf(CodeClaimTree, "an element of an array has a name")
	}
	if !n.Hidden {
		return w.node(nil, n, depth)
	}
	digest, err := w.hide(n)
	if err != nil {
		return nil, err
	}
	return w.digestElement(digest, depth)
}

func (w *sdIssue) digestElement(digest string, depth int) ([]byte, error) {
	if _, err := w.enter(depth); err != nil {
		return nil, err
	}
	w.values++
	out := NewObjectWriter(nil)
	out.String(claimElement, digest)
	return out.Close(), nil
}
