package attest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	flagDocuments = flag.Int("documents", 2000, "how many random SD-JWTs both implementations must agree on")
	flagSeed      = flag.Uint64("seed", 1, "where the random SD-JWTs begin")
)

// unsigned stands for a signature where a test is about claims alone.
type unsigned struct{ public *PublicKey }

func (s unsigned) Public() *PublicKey          { return s.public }
func (s unsigned) KeyID() string               { return "" }
func (s unsigned) Sign([]byte) ([]byte, error) { return make([]byte, SignatureSize), nil }

// randomDocument is one source of randomness with the generators over it.
type randomDocument struct{ *rand.Rand }

// Read makes it a source of salts.
func (r randomDocument) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return len(p), nil
}

var randomNames = []string{"a", "b", "c", "iss", "互证", "with/slash", "with~tilde", "", "quote\"", "x\ny"}

func (r randomDocument) leaf() []byte {
	leaves := []string{`1`, `-2.5e3`, `"text"`, `"\u4e92"`, `null`, `true`, `[]`, `{}`, `[1,[2]]`, `{"k":{"l":0}}`, `"~."`}
	return []byte(leaves[r.IntN(len(leaves))])
}

// nodes makes members of an object or elements of an array.
func (r randomDocument) nodes(depth int, named bool) []Node {
	out := []Node{}
	for i, at := range r.Perm(len(randomNames))[:r.IntN(5)] {
		n := r.node(depth)
		if n.Hidden = r.IntN(2) == 0; named {
			if n.Name = randomNames[at]; n.Name == "" {
				n.Name = fmt.Sprint("n", i)
			}
		}
		out = append(out, n)
	}
	return out
}

func (r randomDocument) node(depth int) Node {
	kind := r.IntN(4)
	if depth == 0 {
		kind = 0
	}
	switch kind {
	case 1:
		return Node{Object: r.nodes(depth-1, true), Decoys: r.IntN(3)}
	case 2:
		return Node{Array: r.nodes(depth-1, false), Decoys: r.IntN(3)}
	}
	return Node{Value: r.leaf()}
}

// mutate returns a changed copy of an SD-JWT; other is another document's.
func (r randomDocument) mutate(t *testing.T, raw, other string) string {
	parts, others := strings.Split(raw, "~"), strings.Split(other, "~")
	last := len(parts) - 1 // the empty part after the last tilde
	i := 1 + r.IntN(max(last-1, 1))
	if last < 2 {
		return r.mutatePayload(t, parts)
	}
	switch r.IntN(10) {
	case 0:
		parts = slices.Delete(parts, i, i+1)
	case 1:
		parts = slices.Insert(parts, i, parts[1+r.IntN(last-1)])
	case 2:
		j := 1 + r.IntN(last-1)
		parts[i], parts[j] = parts[j], parts[i]
	case 3:
		parts[i] = r.flip(parts[i])
	case 4:
		parts = slices.Insert(parts, i, others[r.IntN(len(others))])
	case 5:
		parts[i] = encode64(r.mutateJSON(decode64(parts[i])))
	case 6:
		parts = slices.Insert(parts, i, encode64(`["salt","added",1]`))
	default:
		return r.mutatePayload(t, parts)
	}
	return strings.Join(parts, "~")
}

func decode64(s string) string {
	out, ok := decodeBase64([]byte(s))
	if !ok {
		return ""
	}
	return string(out)
}

// flip changes one byte, most often within the alphabet.
func (r randomDocument) flip(s string) string {
	if s == "" {
		return "A"
	}
	b := []byte(s)
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~=\n"
	b[r.IntN(len(b))] = alphabet[r.IntN(len(alphabet))]
	return string(b)
}

// mutateJSON replaces a random stretch of a document by a random piece of JSON.
func (r randomDocument) mutateJSON(doc string) string {
	pieces := []string{`{"_sd":[]}`, `{"...":"x"}`, `"_sd"`, `"..."`, `"_sd_alg"`, `"a"`, `,`, `:`, `[`, `}`, `1`, `null`, `0`, " ", `\u0061`, `\ud800`, `"`}
	i := r.IntN(len(doc) + 1)
	j := min(len(doc), i+r.IntN(4))
	return doc[:i] + pieces[r.IntN(len(pieces))] + doc[j:]
}

func (r randomDocument) mutatePayload(t *testing.T, parts []string) string {
	jwt := strings.Split(parts[0], ".")
	payload := decode64(jwt[1])
	if r.IntN(4) == 0 {
		payload = r.mutateJSON(payload)
	} else {
		v, err := decodeAny([]byte(payload))
		require.NoError(t, err)
		changed, err := json.Marshal(r.mutateTree(v, collectDigests(v, nil)))
		require.NoError(t, err)
		payload = string(changed)
	}
	parts[0] = jwt[0] + "." + encode64(payload) + "." + jwt[2]
	return strings.Join(parts, "~")
}

// collectDigests is every string that could be a digest.
func collectDigests(v any, out []string) []string {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range sortedNames(v) {
			out = collectDigests(v[name], out)
		}
	case []any:
		for _, e := range v {
			out = collectDigests(e, out)
		}
	case string:
		if len(v) == 43 {
			out = append(out, v)
		}
	}
	return out
}

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// mutateTree changes one place of a payload, on the way down or at a leaf.
func (r randomDocument) mutateTree(v any, digests []string) any {
	object, isObject := v.(map[string]any)
	array, isArray := v.([]any)
	switch {
	case isObject && len(object) > 0 && r.IntN(2) == 0:
		names := sortedNames(object)
		name := names[r.IntN(len(names))]
		object[name] = r.mutateTree(object[name], digests)
		return object
	case isArray && len(array) > 0 && r.IntN(2) == 0:
		i := r.IntN(len(array))
		array[i] = r.mutateTree(array[i], digests)
		return array
	case isObject:
		names := []string{"_sd", "...", "_sd_alg", "a", "b", "iss"}
		object[names[r.IntN(len(names))]] = r.strange(digests)
		return object
	case isArray:
		return append(array, r.strange(digests))
	}
	return r.strange(digests)
}

func (r randomDocument) strange(digests []string) any {
	digest := "none"
	if len(digests) > 0 {
		digest = digests[r.IntN(len(digests))]
	}
	all := []any{digest, []any{digest}, map[string]any{"...": digest}, map[string]any{"_sd": []any{digest}}, 1, nil, "sha-256", "sm3",
		map[string]any{"...": digest, "a": 1}, []any{map[string]any{"...": digest}}, map[string]any{"_sd": digest}, []any{1}}
	return all[r.IntN(len(all))]
}

// TestImplementationsAgree is promise 10 from outside: whatever is done to an SD-JWT, both implementations take it for
// the same or both refuse it. The figure of a longer run: go test ./attest -run Agree -documents 1000000.
func TestImplementationsAgree(t *testing.T) {
	t.Parallel()
	std, gm := newMemorySigner(t, SuiteStd, "").public, newMemorySigner(t, SuiteGM, "").public
	other, accepted, refused := "", 0, map[Code]int{}
	for i := range *flagDocuments {
		r := randomDocument{rand.New(rand.NewPCG(*flagSeed, uint64(i)))}
		signer := unsigned{std}
		if i%4 == 0 {
			signer.public = gm
		}
		sd, err := IssueSDJWT(signer, "test", r.nodes(4, true), r.IntN(3), r)
		require.NoError(t, err)
		raw := sd.String()
		if ok, err := agree([]byte(raw)); err != nil || !ok {
			require.NoError(t, err, "seed %d document %d", *flagSeed, i)
			require.True(t, ok, "seed %d document %d as issued", *flagSeed, i)
		}
		changed := r.mutate(t, raw, other)
		ok, err := agree([]byte(changed))
		require.NoError(t, err, "seed %d document %d\n%s", *flagSeed, i, changed)
		if ok {
			accepted++
		} else {
			refused[codeOfDocument([]byte(changed))]++
		}
		other = raw
	}
	t.Logf("%d documents, changed ones: %d accepted, refused: %v", *flagDocuments, accepted, refused)
	if *flagDocuments >= 2000 {
		assert.Greater(t, accepted, *flagDocuments/50)
		for _, code := range []Code{CodeDisclosure, CodeDisclosureExtra, CodeDisclosureTwice, CodeDigestTwice, CodeClaimReserved,
			CodeClaimConflict, CodeSDJWTFormat, CodeHashUnknown} {
			assert.Positive(t, refused[code], "the changes never led to %s", code)
		}
	}
}

func codeOfDocument(raw []byte) Code {
	p, err := ParseSDJWT(raw, Limits{})
	if err == nil {
		_, err = p.Process()
	}
	return CodeOf(err)
}

// TestEverySingleByteOfDisclosuresIsBound flips each bit of each disclosure's bytes: nothing may pass.
func TestEverySingleByteOfDisclosuresIsBound(t *testing.T) {
	t.Parallel()
	r := randomDocument{rand.New(rand.NewPCG(*flagSeed, 0))}
	tree := []Node{{Name: "a", Hidden: true, Value: []byte(`"x"`)}, {Name: "l", Array: []Node{{Hidden: true, Value: []byte(`1`)}}}}
	sd, err := IssueSDJWT(newMemorySigner(t, SuiteStd, ""), "test", tree, 1, r)
	require.NoError(t, err)
	for i := len(sd.IssuerJWT()) + 1; i < len(sd.Bytes()); i++ {
		for bit := range 8 {
			changed := bytes.Clone(sd.Bytes())
			changed[i] ^= 1 << bit
			p, err := ParseSDJWT(changed, Limits{})
			if err == nil {
				_, err = p.Process()
			}
			require.Error(t, err, "byte %d bit %d", i, bit)
		}
	}
}
