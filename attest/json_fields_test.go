package attest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const fieldsDocument = `{"s":"x","n":7,"b":true,"a":[1],"o":{"in":"y"},"os":[{"k":1},{"k":2}],"ss":["p","q"],"any":null}`

func fieldsOf(t *testing.T, doc string) *Fields {
	t.Helper()
	v, err := ParseJSON([]byte(doc), Limits{})
	require.NoError(t, err)
	return v.Fields()
}

func TestFieldsReadEveryKind(t *testing.T) {
	t.Parallel()
	f := fieldsOf(t, fieldsDocument)
	assert.Equal(t, "x", f.String("s"))
	assert.Equal(t, int64(7), f.Int64("n"))
	assert.True(t, f.Bool("b"))
	assert.Len(t, f.Array("a"), 1)
	assert.Equal(t, "y", f.Object("o").String("in"))
	assert.Equal(t, int64(2), func() int64 { os := f.Objects("os"); os[0].Int64("k"); return os[1].Int64("k") }())
	assert.Equal(t, []string{"p", "q"}, f.Strings("ss"))
	assert.Equal(t, JSONNull, f.Value("any").Kind())
	require.NoError(t, f.Done())
}

func TestFieldsOptional(t *testing.T) {
	t.Parallel()
	f := fieldsOf(t, fieldsDocument)
	s, ok := f.OptString("s")
	assert.True(t, ok && s == "x")
	n, ok := f.OptInt64("n")
	assert.True(t, ok && n == 7)
	b, ok := f.OptBool("b")
	assert.True(t, ok && b)
	a, ok := f.OptArray("a")
	assert.True(t, ok && len(a) == 1)
	ss, ok := f.OptStrings("ss")
	assert.True(t, ok && len(ss) == 2)
	_, ok = f.OptValue("any")
	assert.True(t, ok)
	_, ok = f.OptString("absent")
	assert.False(t, ok)
	_, ok = f.OptInt64("absent")
	assert.False(t, ok)
	_, ok = f.OptObjects("absent")
	assert.False(t, ok)
	inner, ok := f.OptObject("absent")
	assert.False(t, ok)
	require.NotNil(t, inner)
	require.NoError(t, f.Err())
	inner.String("x")
	assert.Equal(t, CodeJSONMissing, CodeOf(f.Err()))
}

func TestFieldsRefuse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doc  string
		read func(f *Fields)
		want string
	}{
		"missing":           {`{}`, func(f *Fields) { f.String("s") }, "JSON_MISSING_MEMBER: s: missing"},
		"missing value":     {`{}`, func(f *Fields) { f.Value("s") }, "JSON_MISSING_MEMBER: s: missing"},
		"null is no string": {`{"s":null}`, func(f *Fields) { f.OptString("s") }, "JSON_WRONG_TYPE: s: want string, have null"},
		"string for number": {`{"n":"1"}`, func(f *Fields) { f.Int64("n") }, "JSON_WRONG_TYPE: n: want number, have string"},
		"fraction":          {`{"n":1.5}`, func(f *Fields) { f.OptInt64("n") }, "JSON_NUMBER_RANGE: n: not an integer of 64 bits"},
		"array of mixed":    {`{"a":["x",1]}`, func(f *Fields) { f.Strings("a") }, "JSON_WRONG_TYPE: a: want an array of strings, have number in it"},
		"array of no objects": {`{"a":[{},1]}`, func(f *Fields) { f.Objects("a") },
			"JSON_WRONG_TYPE: a/1: want an object, have number"},
		"inside": {`{"o":{"p":{"n":true}}}`, func(f *Fields) { f.Object("o").Object("p").Int64("n") },
			"JSON_WRONG_TYPE: o/p/n: want number, have boolean"},
		"no object":       {`[]`, func(f *Fields) { f.String("s") }, "JSON_WRONG_TYPE: want an object, have array"},
		"first one stays": {`{"a":1}`, func(f *Fields) { f.String("a"); f.String("b") }, "JSON_WRONG_TYPE: a: want string, have number"},
		"unknown":         {`{"a":"1","b":2,"c":3}`, func(f *Fields) { f.String("a") }, "JSON_UNKNOWN_MEMBER: b: unknown member"},
		"unknown inside": {`{"o":{"p":[{"q":1}]}}`, func(f *Fields) { f.Object("o").Objects("p") },
			"JSON_UNKNOWN_MEMBER: o/p/0/q: unknown member"},
		"unknown with a line break": {`{"x\ny":1}`, func(*Fields) {}, `JSON_UNKNOWN_MEMBER: x\ny: unknown member`},
		"rule of the caller":        {`{"a":"1"}`, func(f *Fields) { f.String("a"); f.Fail(CodeFieldInvalid, "a", "not good") }, "FIELD_INVALID: a: not good"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fieldsOf(t, c.doc)
			c.read(f)
			require.EqualError(t, f.Done(), c.want)
			require.EqualError(t, f.Err(), c.want)
		})
	}
}
