package attest

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// nest puts a node into levels objects or arrays, one in the other, hidden at the levels that hide says.
func nest(n Node, levels int, array, hide func(level int) bool) Node {
	for i := range levels {
		n.Hidden = hide(i)
		if array(i) {
			n.Name = ""
			n = Node{Array: []Node{n}}
			continue
		}
		n.Name = "n"
		n = Node{Object: []Node{n}}
	}
	return n
}

// TestIssuedIsReadable: an issuer does not read back what it signs, so everything that it lets through must be readable.
func TestIssuedIsReadable(t *testing.T) {
	signer := newMemorySigner(t, SuiteStd, "k")
	issued, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		arrays := rapid.SliceOfN(rapid.Bool(), 18, 18).Draw(t, "arrays")
		hidden := rapid.SliceOfN(rapid.IntRange(0, 17), 0, 2).Draw(t, "levels that are hidden")
		inner := nest(drawNode(t, 2), rapid.SampledFrom([]int{0, 1, 2, 12, 13, 14, 15, 16, 18}).Draw(t, "levels"),
			func(i int) bool { return arrays[i] }, func(i int) bool { return slices.Contains(hidden, i) })
		inner.Name, inner.Hidden = "deep", rapid.Bool().Draw(t, "hidden")
		root := []Node{inner}
		for _, n := range drawNodes(t, 2, true) {
			if n.Name != inner.Name {
				root = append(root, n)
			}
		}
		raw, jwt, err := issueSDJWT(signer, "t", root, 1, randomSalts())
		if err != nil {
			refused++
			require.Contains(t, []Code{CodeJSONDepth, CodeClaimReserved}, CodeOf(err))
			return
		}
		issued++
		p, err := ParseSDJWT(raw, Limits{})
		require.NoError(t, err)
		require.Equal(t, raw, p.Bytes())
		require.Equal(t, jwt, p.IssuerJWT())
	})
	require.Positive(t, issued)
	require.Positive(t, refused)
}

// TestIssuedReachesTheLimits: what is refused is what a reader refuses, and not one level, value or disclosure less.
func TestIssuedReachesTheLimits(t *testing.T) {
	signer := newMemorySigner(t, SuiteStd, "k")
	never := func(int) bool { return false }
	leaf := Node{Value: []byte("[1]")}
	chain := func(hidden bool) func(levels int) []Node {
		return func(levels int) []Node {
			n := nest(leaf, levels, never, never)
			n.Name, n.Hidden = "a", hidden
			return []Node{n}
		}
	}
	empty := func(levels int) []Node {
		n := nest(Node{Object: []Node{}, Decoys: 1}, levels, never, never)
		n.Name = "a"
		return []Node{n}
	}
	numbers := func(n int) []Node {
		return []Node{{Name: "a", Value: []byte("[" + strings.Repeat("1,", n-1) + "1]")}}
	}
	many := func(n int) []Node {
		out := make([]Node, n)
		for i := range out {
			out[i] = Node{Name: strconv.Itoa(i), Hidden: true, Value: []byte("1")}
		}
		return out
	}
	text := func(n int) []Node {
		return []Node{{Name: "a", Value: []byte(`"` + strings.Repeat("x", n) + `"`)}}
	}
	depth, members, size := DefaultLimits().Depth, DefaultLimits().Members, DefaultLimits().Bytes
	for _, c := range []struct {
		name string
		tree func(n int) []Node
		most int
		code Code
		less Limits // with which a reader refuses the most
	}{
		{"levels", chain(false), depth - 2, CodeJSONDepth, Limits{Depth: depth - 1}},
		{"levels of a disclosure", chain(true), depth - 2, CodeJSONDepth, Limits{Depth: depth - 1}},
		{"levels with digests", empty, depth - 3, CodeJSONDepth, Limits{Depth: depth - 1}},
		{"values", numbers, members - 3, CodeJSONSize, Limits{Members: members - 1}}, // beside them: payload, array, _sd_alg
		{"disclosures", many, maxDisclosures, CodeSDJWTSize, Limits{}},
		{"bytes", text, 0, CodeSDJWTSize, Limits{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			most := c.most
			if most == 0 { // by what one byte less takes: four characters hold three bytes
				raw, _, err := issueSDJWT(signer, "t", c.tree(1), 0, randomSalts())
				require.NoError(t, err)
				most = (size-len(raw))/4*3 - 3
			}
			raw, _, err := issueSDJWT(signer, "t", c.tree(most), 0, randomSalts())
			require.NoError(t, err)
			_, err = ParseSDJWT(raw, Limits{})
			require.NoError(t, err)
			if c.less != (Limits{}) {
				_, err = ParseSDJWT(raw, c.less)
				require.Equal(t, c.code, CodeOf(err))
			}
			beyond := 1
			if c.most == 0 {
				beyond = 9
			}
			_, _, err = issueSDJWT(signer, "t", c.tree(most+beyond), 0, randomSalts())
			require.Equal(t, c.code, CodeOf(err), fmt.Sprint(err))
		})
	}
}

func TestIssueRefusesWhatReadsAlike(t *testing.T) {
	signer := newMemorySigner(t, SuiteStd, "k")
	_, _, err := issueSDJWT(signer, "t", []Node{{Name: "\xff", Value: []byte("1")}, {Name: "\xfe", Value: []byte("1")}}, 0, randomSalts())
	require.Equal(t, CodeClaimTree, CodeOf(err))
	long := newMemorySigner(t, SuiteStd, strings.Repeat("k", jwsHeaderLimits.Bytes))
	_, _, err = issueSDJWT(long, "t", []Node{{Name: "a", Value: []byte("1")}}, 0, randomSalts())
	require.Equal(t, CodeJWSHeader, CodeOf(err))
}

func TestPlainStringIsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := append([]byte{'"'}, rapid.SliceOfN(rapid.SampledFrom([]byte("a\"\\\n\x1f \xe4\xba\x92\xff")), 0, 6).Draw(t, "text")...)
		text = append(text, rapid.SampledFrom([]string{`"`, ``, `" `}).Draw(t, "end")...)
		v, err := ParseJSON(text, Limits{})
		plain := err == nil && v.Kind() == JSONString && bytes.Equal(v.Raw(), text) && !bytes.Contains(text, []byte(`\`))
		require.Equal(t, plain, isPlainString(text))
	})
}
