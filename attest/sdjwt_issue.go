package attest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
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
// in it, those of signer, and INTERNAL where salts fails or repeats itself. What is returned has passed ParseSDJWT.
func IssueSDJWT(signer Signer, typ string, root []Node, decoys int, salts io.Reader) (*SDJWT, error) {
	tree := Node{Object: root, Decoys: decoys}
	w := sdIssue{suite: signer.Public().Suite()}
	if err := w.drawSalts(&tree, salts); err != nil {
		return nil, err
	}
	payload, err := w.object(make([]byte, 0, 2048), &tree, true)
	if err != nil {
		return nil, err
	}
	jwt, err := signJWS(signer, typ, payload, 1+len(w.disclosures))
	if err != nil {
		return nil, err
	}
	return ParseSDJWT(append(append(jwt, '~'), w.disclosures...), Limits{})
}

// sdIssue is one run of IssueSDJWT.
type sdIssue struct {
	suite       Suite
	salts       []byte // not yet used
	disclosures []byte // each with the tilde after it
	leaf        jsonDoc
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

// object appends an object: its visible members in their order, then the digests of the hidden ones.
func (w *sdIssue) object(dst []byte, n *Node, top bool) ([]byte, error) {
	if err := checkMembers(n.Object); err != nil {
		return nil, err
	}
	out := NewObjectWriter(dst)
	digests := make([]string, 0, len(n.Object)+n.Decoys)
	for i := range n.Object {
		m := &n.Object[i]
		if !m.Hidden {
			out.name(m.Name)
			var err error
			if out.dst, err = w.node(out.dst, m); err != nil {
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
	if len(digests) > 0 {
		slices.Sort(digests)
		out.Strings(claimDigests, digests)
	}
	if top {
		out.String(claimHash, w.suite.HashName())
	}
	return out.Close(), nil
}

// checkMembers refuses names that are reserved, empty or there twice.
func checkMembers(members []Node) error {
	names := make([]string, len(members))
	for i := range members {
		name := members[i].Name
		names[i] = name
		switch {
		case name == "":
			return Errorf(CodeClaimTree, "a claim has no name")
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
func (w *sdIssue) node(dst []byte, n *Node) ([]byte, error) {
	if !n.wellFormed() {
		return nil, Errorf(CodeClaimTree, "a node is not exactly one of value, object and array, or its decoys have no place")
	}
	switch {
	case n.Object != nil:
		return w.object(dst, n, false)
	case n.Array != nil:
		return w.array(dst, n)
	}
	return w.appendLeaf(dst, n.Value)
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
func (w *sdIssue) appendLeaf(dst, leaf []byte) ([]byte, error) {
	if _, err := w.leaf.parse(leaf, Limits{}); err != nil {
		return nil, within("the value of a claim", err)
	}
	if hasReservedName(Value{doc: &w.leaf}) {
		return nil, Errorf(CodeClaimReserved, "the value of a claim has a member with a reserved name")
	}
	return append(dst, leaf...), nil
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
	const around = 40 // brackets, quotes, commas and salt
	text := append(make([]byte, 0, around+len(n.Name)+len(n.Value)), '[', '"')
	text = append(appendBase64(text, w.salt()), '"', ',')
	if n.Name != "" {
		text = append(AppendString(text, n.Name), ',')
	}
	text, err := w.node(text, n)
	if err != nil {
		return "", err
	}
	start := len(w.disclosures)
	w.disclosures = appendBase64(w.disclosures, append(text, ']'))
	digest := digestText(w.suite, w.disclosures[start:])
	w.disclosures = append(w.disclosures, '~')
	return digest, nil
}

// array appends an array; a hidden element stands as the object {"...": digest}.
func (w *sdIssue) array(dst []byte, n *Node) ([]byte, error) {
	elems := make([][]byte, 0, len(n.Array)+n.Decoys)
	for i := range n.Array {
		e, err := w.element(&n.Array[i])
		if err != nil {
			return nil, err
		}
		elems = append(elems, e)
	}
	for range n.Decoys {
		decoy := digestElement(digestText(w.suite, w.salt()))
		at := binary.BigEndian.Uint64(w.salt()) % uint64(len(elems)+1)
		elems = slices.Insert(elems, int(at), decoy) //nolint:gosec // at most the length of a slice
	}
	dst = append(dst, '[')
	dst = append(dst, bytes.Join(elems, []byte{','})...)
	return append(dst, ']'), nil
}

func (w *sdIssue) element(n *Node) ([]byte, error) {
	if n.Name != "" {
		return nil, Errorf(CodeClaimTree, "an element of an array has a name")
	}
	if !n.Hidden {
		return w.node(nil, n)
	}
	digest, err := w.hide(n)
	return digestElement(digest), err
}

func digestElement(digest string) []byte {
	w := NewObjectWriter(nil)
	w.String(claimElement, digest)
	return w.Close()
}
