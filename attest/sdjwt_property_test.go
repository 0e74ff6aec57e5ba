package attest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func randomSalts() io.Reader { return randomDocument{rand.New(rand.NewPCG(1, 2))} }

// drawNodes draws members of an object or elements of an array.
func drawNodes(t *rapid.T, depth int, named bool) []Node {
	names := rapid.SliceOfNDistinct(rapid.SampledFrom(slices.DeleteFunc(slices.Clone(randomNames),
		func(s string) bool { return s == "" })), 0, 5, rapid.ID[string]).Draw(t, "names")
	out := []Node{}
	for _, name := range names {
		n := drawNode(t, depth)
		n.Hidden = rapid.Bool().Draw(t, "hidden")
		if named {
			n.Name = name
		}
		out = append(out, n)
	}
	return out
}

func drawNode(t *rapid.T, depth int) Node {
	kinds := []string{"value", "object", "array"}
	if depth == 0 {
		kinds = kinds[:1]
	}
	decoys := rapid.IntRange(0, 2)
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case "object":
		return Node{Object: drawNodes(t, depth-1, true), Decoys: decoys.Draw(t, "decoys")}
	case "array":
		return Node{Array: drawNodes(t, depth-1, false), Decoys: decoys.Draw(t, "decoys")}
	}
	text := rapid.StringN(0, 5, -1).Draw(t, "text")
	leaf := rapid.SampledFrom([]string{"0", "-1.5e9", "null", "false", "[]", "{}", `{"x":[1]}`, ""}).Draw(t, "leaf")
	if leaf == "" {
		return Node{Value: AppendString(nil, text)}
	}
	return Node{Value: []byte(leaf)}
}

// hiddenPaths is the path of everything hidden in a tree, by the definition in Disclosed.
func hiddenPaths(nodes []Node, named bool, prefix string) (paths []string) {
	for i := range nodes {
		n := &nodes[i]
		path := prefix + strconv.Itoa(i)
		if named {
			path = prefix + strings.NewReplacer("~", "~0", "/", "~1").Replace(n.Name)
		}
		if n.Hidden {
			paths = append(paths, path)
		}
		paths = append(paths, hiddenPaths(n.Object, true, path+"/")...)
		paths = append(paths, hiddenPaths(n.Array, false, path+"/")...)
	}
	return paths
}

// shownJSON is what a presentation of the chosen paths must say, straight from the tree.
func shownJSON(n *Node, path string, chosen []string) string {
	shown := func(child *Node, at string) bool {
		return !child.Hidden || slices.ContainsFunc(chosen, func(c string) bool { return c == at || strings.HasPrefix(c, at+"/") })
	}
	parts := []string{}
	for i := range n.Object {
		child := &n.Object[i]
		at := strings.TrimPrefix(path+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(child.Name), "/")
		if shown(child, at) {
			parts = append(parts, string(AppendString(nil, child.Name))+":"+shownJSON(child, at, chosen))
		}
	}
	for i := range n.Array {
		at := strings.TrimPrefix(path+"/"+strconv.Itoa(i), "/")
		if shown(&n.Array[i], at) {
			parts = append(parts, shownJSON(&n.Array[i], at, chosen))
		}
	}
	switch {
	case n.Object != nil:
		return "{" + strings.Join(parts, ",") + "}"
	case n.Array != nil:
		return "[" + strings.Join(parts, ",") + "]"
	}
	return string(n.Value)
}

// TestPresentationShowsExactlyTheChosen is promise 10 from inside: issue any tree, present any subset, and the claims are
// the visible ones and the chosen ones with what they lie in, no more and no less; anything done to a disclosure of the
// presentation is refused.
func TestPresentationShowsExactlyTheChosen(t *testing.T) {
	t.Parallel()
	signers := []Signer{newMemorySigner(t, SuiteStd, ""), newMemorySigner(t, SuiteGM, "")}
	rapid.Check(t, func(t *rapid.T) {
		root := drawNodes(t, 3, true)
		decoys := rapid.IntRange(0, 3).Draw(t, "decoys")
		signer := rapid.SampledFrom(signers).Draw(t, "signer")
		sd, err := IssueSDJWT(signer, "t", root, decoys, randomDocument{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "salts"), 0))})
		if err != nil {
			t.Fatal(err)
		}
		all := hiddenPaths(root, true, "")
		chosen := []string{}
		for _, path := range all {
			if rapid.Bool().Draw(t, path) {
				chosen = append(chosen, path)
			}
		}
		p, c := presented(t, sd, signer.Public(), chosen)
		want, err := decodeAny([]byte(shownJSON(&Node{Object: root}, "", chosen)))
		if err != nil {
			t.Fatal(err)
		}
		if got := anyOf(c.Root()); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("chosen %q: have %v, want %v", chosen, got, want)
		}
		refuseTampering(t, p)
	})
}

// presented makes a presentation and reads it as a verifier would.
func presented(t *rapid.T, sd *SDJWT, issuer *PublicKey, chosen []string) (*SDJWT, *Claims) {
	raw, err := sd.Present(chosen...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParseSDJWT(raw, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Issuer.Verify(issuer); err != nil {
		t.Fatal(err)
	}
	c, err := p.Process()
	if err != nil {
		t.Fatal(err)
	}
	return p, c
}

// refuseTampering alters, adds, moves and doubles disclosures of a presentation.
func refuseTampering(t *rapid.T, p *SDJWT) {
	if len(p.Disclosures) == 0 {
		return
	}
	i := rapid.IntRange(0, len(p.Disclosures)-1).Draw(t, "which")
	d := p.Disclosures[i]
	value := func(v string) []byte {
		name := ""
		if !d.IsArray {
			name = string(AppendString(nil, d.Name)) + ","
		}
		return []byte(encode64(`["` + d.Salt + `",` + name + v + `]`))
	}
	changes := map[string][]byte{
		"altered": bytes.Replace(p.Bytes(), d.Encoded, value(`"another value"`), 1),
		"added":   append(bytes.Clone(p.Bytes()), append(value(`"added"`), '~')...),
		"doubled": append(bytes.Clone(p.Bytes()), append(bytes.Clone(d.Encoded), '~')...),
		"moved": append(append(bytes.Clone(p.IssuerJWT()), '~'),
			bytes.Replace(p.Bytes()[len(p.IssuerJWT())+1:], d.Encoded, []byte(encode64(`["`+d.Salt+`","moved",1]`)), 1)...),
		"into another document": []byte(sdjwtOf(`{"_sd":["`+digestOf("x")+`"]}`) + string(d.Encoded) + "~"),
	}
	for what, raw := range changes {
		if code := codeOfDocument(raw); code == "" {
			t.Fatalf("%s: accepted", what)
		}
	}
}
