package attest

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// ambiguousJSON is input that two readers could take in two ways, or that is too much to read, with the code it gets.
var ambiguousJSON = []struct {
	name, doc string
	code      Code
}{
	{"empty", ``, CodeJSONSyntax},
	{"only space", " \n", CodeJSONSyntax},
	{"truncated object", `{"a":1`, CodeJSONSyntax},
	{"truncated array", `[1,2`, CodeJSONSyntax},
	{"truncated string", `"abc`, CodeJSONSyntax},
	{"truncated escape", `"ab\`, CodeJSONSyntax},
	{"truncated unicode escape", `"\u12"`, CodeJSONSyntax},
	{"truncated literal", `tru`, CodeJSONSyntax},
	{"literal in capitals", `True`, CodeJSONSyntax},
	{"comma before the end of an array", `[1,]`, CodeJSONSyntax},
	{"comma and space before the end", `[1, ]`, CodeJSONSyntax},
	{"comma before the end of an object", `{"a":1,}`, CodeJSONSyntax},
	{"comma first", `[,1]`, CodeJSONSyntax},
	{"two commas", `[1,,2]`, CodeJSONSyntax},
	{"no comma", `[1 2]`, CodeJSONSyntax},
	{"no colon", `{"a" 1}`, CodeJSONSyntax},
	{"name without quotes", `{a:1}`, CodeJSONSyntax},
	{"single quotes", `{'a':1}`, CodeJSONSyntax},
	{"brackets crossed", `[{"a":1]}`, CodeJSONSyntax},
	{"comment", `{"a":1/* no */}`, CodeJSONSyntax},
	{"leading zero", `[01]`, CodeJSONSyntax},
	{"minus and leading zero", `[-01]`, CodeJSONSyntax},
	{"plus", `[+1]`, CodeJSONSyntax},
	{"only minus", `[-]`, CodeJSONSyntax},
	{"no digit after the point", `[1.]`, CodeJSONSyntax},
	{"no digit before the point", `[.5]`, CodeJSONSyntax},
	{"no digit in the exponent", `[1e+]`, CodeJSONSyntax},
	{"hexadecimal", `[0x10]`, CodeJSONSyntax},
	{"NaN", `[NaN]`, CodeJSONSyntax},
	{"Infinity", `[-Infinity]`, CodeJSONSyntax},
	{"raw line break in a string", "\"a\nb\"", CodeJSONSyntax},
	{"raw line break after an escape", "\"a\\tb\nc\"", CodeJSONSyntax},
	{"raw zero byte", "\x00", CodeJSONSyntax},
	{"unknown escape", `"\x41"`, CodeJSONSyntax},
	{"form feed between values", "[1,\f2]", CodeJSONSyntax},
	{"duplicate member", `{"a":1,"a":1}`, CodeJSONDuplicate},
	{"duplicate member behind an escape", `{"a":1,"\u0061":2}`, CodeJSONDuplicate},
	{"duplicate member inside", `[{"b":{"a":1,"c":2,"a":3}}]`, CodeJSONDuplicate},
	{"duplicate among many", `{` + manyMembers(200) + `,"m7":0}`, CodeJSONDuplicate},
	{"second document", `{} {}`, CodeJSONTrailing},
	{"bracket too many", `[1]]`, CodeJSONTrailing},
	{"zero byte after the end", "{}\x00", CodeJSONTrailing},
	{"byte order mark", "\xef\xbb\xbf{}", CodeJSONEncoding},
	{"GBK", "[\"\xbb\xa5\xd6\xa4\"]", CodeJSONEncoding},
	{"UTF-16", "[\x00]\x00\xff\xfe", CodeJSONEncoding},
	{"overlong UTF-8", "[\"\xc0\xaf\"]", CodeJSONEncoding},
	{"surrogate as UTF-8", "[\"\xed\xa0\x80\"]", CodeJSONEncoding},
	{"truncated in a character", "[\"\xe4\xba", CodeJSONEncoding},
	{"lone high surrogate", `["\ud83d"]`, CodeJSONEncoding},
	{"lone low surrogate", `["\ude00"]`, CodeJSONEncoding},
	{"surrogates the wrong way round", `["\ude00\ud83d"]`, CodeJSONEncoding},
	{"high surrogate and a letter", `["\ud83d\u0041"]`, CodeJSONEncoding},
	{"lone surrogate in a name", `{"\ud800":1}`, CodeJSONEncoding},
	{"too deep by one", nestedArrays(17), CodeJSONDepth},
	{"absurdly deep", strings.Repeat("[", 500_000), CodeJSONDepth},
	{"absurdly deep objects", strings.Repeat(`{"a":`, 100_000), CodeJSONDepth},
	{"too many values", `[` + strings.Repeat("1,", 1<<14) + `1]`, CodeJSONSize},
	{"too large", `"` + strings.Repeat("a", 1<<20) + `"`, CodeJSONSize},
}

func nestedArrays(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func manyMembers(n int) string {
	var parts []string
	for i := range n {
		parts = append(parts, `"m`+strconv.Itoa(i)+`":0`)
	}
	return strings.Join(parts, ",")
}

func TestParseJSONRefusesAmbiguousInput(t *testing.T) {
	t.Parallel()
	for _, c := range ambiguousJSON {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, err := ParseJSON([]byte(c.doc), Limits{})
			require.Error(t, err)
			assert.Equal(t, c.code, CodeOf(err), err.Error())
			assert.Equal(t, JSONInvalid, v.Kind())
			assert.Less(t, len(err.Error()), 100, "an error text does not carry the document")
		})
	}
}

func TestParseJSONAcceptsWhatIsPlain(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`null`, `true`, `false`, `0`, `-0`, `-1.5e-3`, `1E5`, `""`, `"\""`, `[]`, `{}`, ` [ ] `, "\t{ }\r\n",
		`{"a":[1,{"b":null}],"c":"互证"}`, `"\ud83d\ude00"`, `"\u0000"`, `{"":1}`, `["\b\f\n\r\t\/\\"]`, nestedArrays(16),
		`{` + manyMembers(200) + `}`, `[",",",]","}"]`,
	} {
		v, err := ParseJSON([]byte(doc), Limits{})
		require.NoError(t, err, doc)
		assertSameJSON(t, []byte(doc), v)
	}
}

// assertSameJSON checks v against what encoding/json makes of doc.
func assertSameJSON(t testing.TB, doc []byte, v Value) {
	t.Helper()
	want, err := decodeAny(doc)
	require.NoError(t, err, "encoding/json refuses what ParseJSON accepts")
	require.Equal(t, want, anyOf(v))
	require.Equal(t, bytes.Trim(doc, " \t\r\n"), v.Raw())
}

func decodeAny(doc []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var out any
	err := d.Decode(&out)
	return out, err
}

func anyOf(v Value) any {
	switch v.Kind() {
	case JSONBool:
		return v.BoolValue()
	case JSONNumber:
		return json.Number(v.Raw())
	case JSONString:
		return v.Str()
	case JSONArray:
		out := []any{}
		for _, e := range v.Elems() {
			out = append(out, anyOf(e))
		}
		return out
	case JSONObject:
		out := map[string]any{}
		for _, m := range v.Members() {
			out[m.Name] = anyOf(m.Value)
			if got, ok := v.Get(m.Name); !ok || got != m.Value {
				panic("Get does not find a member that Members lists")
			}
		}
		return out
	}
	return nil
}

func TestParseJSONKeepsTheOrderOfMembers(t *testing.T) {
	t.Parallel()
	v, err := ParseJSON([]byte(`{"z":1,"a":{"y":2},"\u006d":3}`), Limits{})
	require.NoError(t, err)
	var names []string
	for _, m := range v.Members() {
		names = append(names, m.Name)
	}
	assert.Equal(t, []string{"z", "a", "m"}, names)
}

func TestInt64TakesIntegersOnly(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]int64{"0": 0, "-1": -1, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63} {
		v, err := ParseJSON([]byte(doc), Limits{})
		require.NoError(t, err)
		got, err := v.Int64()
		require.NoError(t, err, doc)
		assert.Equal(t, want, got)
	}
	for doc, code := range map[string]Code{"1.0": CodeJSONNumber, "1e2": CodeJSONNumber, "-0": CodeJSONNumber,
		"9223372036854775808": CodeJSONNumber, `"1"`: CodeJSONType, "null": CodeJSONType} {
		v, err := ParseJSON([]byte(doc), Limits{})
		require.NoError(t, err)
		_, err = v.Int64()
		assert.Equal(t, code, CodeOf(err), doc)
	}
}

func TestZeroValueIsNothing(t *testing.T) {
	t.Parallel()
	var v Value
	_, ok := v.Get("a")
	assert.False(t, ok)
	assert.Equal(t, JSONInvalid, v.Kind())
	assert.Empty(t, v.Str())
	assert.Nil(t, v.Raw())
	assert.Nil(t, v.Elems())
	assert.Nil(t, v.Members())
	assert.Equal(t, CodeJSONType, CodeOf(v.Fields().Done()))
	assert.Equal(t, "nothing", JSONKind(200).String())
}

func TestLimitsAreTheCallers(t *testing.T) {
	t.Parallel()
	doc := []byte(`{"a":[1,[2]]}`)
	for _, c := range []struct {
		lim  Limits
		code Code
	}{
		{Limits{Bytes: len(doc), Depth: 3, Members: 5}, ""},
		{Limits{Bytes: len(doc) - 1}, CodeJSONSize},
		{Limits{Depth: 2}, CodeJSONDepth},
		{Limits{Members: 4}, CodeJSONSize},
	} {
		_, err := ParseJSON(doc, c.lim)
		assert.Equal(t, c.code, CodeOf(err))
	}
	_, err := ParseJSON([]byte(nestedArrays(maxJSONDepth+1)), Limits{Depth: 1 << 30})
	assert.Equal(t, CodeJSONDepth, CodeOf(err), "no caller can switch the depth off")
}

func TestWriterIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		n := rapid.Int64().Draw(t, "n")
		list := rapid.SliceOf(rapid.String()).Draw(t, "list")
		w := NewObjectWriter([]byte("before"))
		w.String("s", s)
		w.OptString("none", "")
		w.Int64(s+"!", n)
		w.Bool("b", n > 0)
		w.Strings("list", list)
		w.Object("o", func(w *ObjectWriter) { w.String("in", s) })
		w.Object("empty", func(*ObjectWriter) {})
		w.Raw("raw", AppendString(nil, s))
		w.Objects("os", len(list), func(i int, w *ObjectWriter) { w.String("v", list[i]) })
		doc, ok := bytes.CutPrefix(w.Close(), []byte("before"))
		if !ok {
			t.Fatal("what stood before is gone")
		}

		v, err := ParseJSON(doc, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		f := v.Fields()
		same := f.String("s") == s && f.Int64(s+"!") == n && f.Bool("b") == (n > 0) && f.Object("o").String("in") == s && f.String("raw") == s
		for i, item := range f.Strings("list") {
			same = same && item == list[i]
		}
		for i, o := range f.Objects("os") {
			same = same && o.String("v") == list[i]
		}
		f.Object("empty")
		if err := f.Done(); err != nil || !same {
			t.Fatalf("%s: %v", doc, err)
		}
	})
}

func TestAppendStringEscapesLittle(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `"互证 </&>\"\\\n\u0001`+"\u2028\x7f"+`"`, string(AppendString(nil, "互证 </&>\"\\\n\x01\u2028\x7f")))
	assert.Equal(t, `"a`+"\uFFFD"+`b"`, string(AppendString(nil, "a\xffb")), "what is not UTF-8 is not written")
}

func FuzzParseJSON(f *testing.F) {
	for _, c := range ambiguousJSON {
		if len(c.doc) < 1000 {
			f.Add([]byte(c.doc))
		}
	}
	f.Add([]byte(`{"a":[1.5e3,-0,true,null,"\ud83d\ude00x"],"b":{"c":{}}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		v, err := ParseJSON(doc, Limits{})
		if err != nil {
			require.NotEqual(t, CodeInternal, CodeOf(err))
			return
		}
		assertSameJSON(t, doc, v)
	})
}
