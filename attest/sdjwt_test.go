package attest

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var flagGolden = flag.Bool("rewrite-golden", false, "write the golden files of this package anew")

// counter is a source of "salts" that counts up, for golden bytes and nothing else.
type counter struct{ next byte }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = c.next
		c.next++
	}
	return len(p), nil
}

// exampleTree has everything: visible and hidden, objects and arrays in one another, decoys.
func exampleTree() []Node {
	return []Node{
		{Name: "iss", Value: []byte(`"https://gd.example/issuers/1"`)},
		{Name: "certificateName", Hidden: true, Value: []byte(`"二级建造师注册证书"`)},
		{Name: "address", Object: []Node{
			{Name: "region", Value: []byte(`"440000"`)},
			{Name: "street", Hidden: true, Value: []byte(`"S"`)},
		}, Decoys: 1},
		{Name: "scope", Array: []Node{
			{Value: []byte(`"public"`)},
			{Hidden: true, Value: []byte(`"房屋建筑"`)},
			{Hidden: true, Object: []Node{{Name: "deep", Hidden: true, Value: []byte(`7`)}}},
		}, Decoys: 1},
		{Name: "holder", Hidden: true, Object: []Node{
			{Name: "name", Hidden: true, Value: []byte(`"张三"`)},
			{Name: "a/b~c", Hidden: true, Value: []byte(`[1,2]`)},
		}},
		{Name: "empty", Object: []Node{}},
	}
}

func issueExample(t testing.TB, suite Suite) *SDJWT {
	t.Helper()
	sd, err := IssueSDJWT(newMemorySigner(t, suite, "k"), "dc+sd-jwt", exampleTree(), 2, &counter{})
	require.NoError(t, err)
	return sd
}

// TestIssueGolden pins the bytes of payload and disclosures; the signature has randomness of its own.
func TestIssueGolden(t *testing.T) {
	t.Parallel()
	for _, suite := range []Suite{SuiteStd, SuiteGM} {
		sd := issueExample(t, suite)
		lines := []string{string(sd.Issuer.Header.Raw()), string(sd.Issuer.Payload)}
		for _, d := range sd.Disclosures {
			lines = append(lines, decode64(string(d.Encoded)))
		}
		got := strings.Join(lines, "\n") + "\n"
		path := "testdata/issue_" + string(suite) + ".golden"
		if *flagGolden {
			require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, string(want), got)
	}
}

func TestIssuedDisclosesEverything(t *testing.T) {
	t.Parallel()
	for _, suite := range []Suite{SuiteStd, SuiteGM} {
		sd := issueExample(t, suite)
		c, err := sd.Process()
		require.NoError(t, err)
		assert.JSONEq(t, `{"iss":"https://gd.example/issuers/1","certificateName":"二级建造师注册证书","address":{"region":"440000",
			"street":"S"},"scope":["public","房屋建筑",{"deep":7}],"holder":{"name":"张三","a/b~c":[1,2]},"empty":{}}`, string(c.JSON()))
		assert.Equal(t, []string{"certificateName", "address/street", "scope/1", "scope/2/deep", "scope/2", "holder/name",
			"holder/a~1b~0c", "holder"}, c.Disclosed())
		name, ok := c.Get("certificateName")
		assert.True(t, ok)
		assert.Equal(t, "二级建造师注册证书", name.Str())
		for _, hidden := range []string{"二级", "房屋", "张三", "street", "holder", "deep"} {
			assert.NotContains(t, string(sd.Issuer.Payload), hidden)
		}
	}
}

func TestPresent(t *testing.T) {
	t.Parallel()
	sd := issueExample(t, SuiteStd)
	for _, c := range []struct {
		paths, disclosed []string
		want             string
	}{
		{nil, []string{}, `{"iss":"https://gd.example/issuers/1","address":{"region":"440000"},"scope":["public"],"empty":{}}`},
		{[]string{"certificateName"}, []string{"certificateName"}, `{"iss":"https://gd.example/issuers/1",
			"address":{"region":"440000"},"scope":["public"],"empty":{},"certificateName":"二级建造师注册证书"}`},
		{[]string{"scope/2/deep", "scope/2/deep"}, []string{"scope/1/deep", "scope/1"}, `{"iss":"https://gd.example/issuers/1",
			"address":{"region":"440000"},"scope":["public",{"deep":7}],"empty":{}}`},
		{[]string{"holder"}, []string{"holder"}, `{"iss":"https://gd.example/issuers/1","address":{"region":"440000"},
			"scope":["public"],"empty":{},"holder":{}}`},
		{[]string{"holder/a~1b~0c"}, []string{"holder/a~1b~0c", "holder"}, `{"iss":"https://gd.example/issuers/1",
			"address":{"region":"440000"},"scope":["public"],"empty":{},"holder":{"a/b~c":[1,2]}}`},
	} {
		raw, err := sd.Present(c.paths...)
		require.NoError(t, err)
		p, err := ParseSDJWT(raw, Limits{})
		require.NoError(t, err)
		assert.Equal(t, sd.IssuerJWT(), p.IssuerJWT())
		assert.Equal(t, string(raw), p.String())
		claims, err := p.Process()
		require.NoError(t, err)
		assert.JSONEq(t, c.want, string(claims.JSON()))
		assert.Equal(t, c.disclosed, claims.Disclosed())
	}
	for _, path := range []string{"iss", "address", "nobody", "", "scope/0", "holder/a/b~c"} {
		_, err := sd.Present(path)
		assert.Equal(t, CodeDisclosurePath, CodeOf(err), path)
	}
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	one := []byte("1")
	for name, c := range map[string]struct {
		tree []Node
		code Code
	}{
		"reserved _sd":            {[]Node{{Name: "_sd", Value: one}}, CodeClaimReserved},
		"reserved ...":            {[]Node{{Name: "...", Hidden: true, Value: one}}, CodeClaimReserved},
		"reserved _sd_alg inside": {[]Node{{Name: "o", Object: []Node{{Name: "_sd_alg", Value: one}}}}, CodeClaimReserved},
		"reserved in a leaf":      {[]Node{{Name: "o", Value: []byte(`[{"x":{"_sd":[]}}]`)}}, CodeClaimReserved},
		"reserved by an escape":   {[]Node{{Name: "o", Hidden: true, Value: []byte(`{"\u002e..":""}`)}}, CodeClaimReserved},
		"same name twice":         {[]Node{{Name: "a", Value: one}, {Name: "a", Hidden: true, Value: one}}, CodeClaimConflict},
		"no name":                 {[]Node{{Value: one}}, CodeClaimTree},
		"name in an array":        {[]Node{{Name: "l", Array: []Node{{Name: "x", Value: one}}}}, CodeClaimTree},
		"nothing":                 {[]Node{{Name: "a"}}, CodeClaimTree},
		"two things":              {[]Node{{Name: "a", Value: one, Array: []Node{}}}, CodeClaimTree},
		"decoys of a value":       {[]Node{{Name: "a", Value: one, Decoys: 1}}, CodeClaimTree},
		"decoys below zero":       {[]Node{{Name: "a", Object: []Node{}, Decoys: -1}}, CodeClaimTree},
		"leaf that injects":       {[]Node{{Name: "a", Value: []byte(`1,"admin":true`)}}, CodeJSONTrailing},
		"hidden leaf that injects": {[]Node{{Name: "l", Array: []Node{{Hidden: true, Value: []byte(`"n",1`)}}}},
			CodeJSONTrailing},
		"leaf empty":           {[]Node{{Name: "a", Value: []byte{}}}, CodeJSONSyntax},
		"leaf with duplicates": {[]Node{{Name: "a", Hidden: true, Value: []byte(`{"a":1,"a":2}`)}}, CodeJSONDuplicate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := IssueSDJWT(newMemorySigner(t, SuiteStd, ""), "t", c.tree, 0, &counter{})
			require.Error(t, err)
			assert.Equal(t, c.code, CodeOf(err), err.Error())
		})
	}
}

func TestIssueNeedsGoodSalts(t *testing.T) {
	t.Parallel()
	signer := newMemorySigner(t, SuiteStd, "")
	empty := errors.New("no entropy")
	_, err := IssueSDJWT(signer, "t", exampleTree(), 0, iotest.ErrReader(empty))
	require.ErrorIs(t, err, empty)
	_, err = IssueSDJWT(signer, "t", exampleTree(), 0, bytes.NewReader(make([]byte, 20)))
	require.Error(t, err, "too few")
	_, err = IssueSDJWT(signer, "t", exampleTree(), 0, bytes.NewReader(make([]byte, 1<<12)))
	require.ErrorContains(t, err, "repeats itself")
	offline := errors.New("the module is offline")
	_, err = IssueSDJWT(brokenSigner{signer, nil, offline}, "t", exampleTree(), 0, &counter{})
	require.ErrorIs(t, err, offline)
}

// sdjwtOf makes an SD-JWT whose signature nobody will look at.
func sdjwtOf(payload string, disclosures ...string) string {
	out := encode64(`{"alg":"ES256"}`) + "." + encode64(payload) + "." + encode64("signature") + "~"
	for _, d := range disclosures {
		out += encode64(d) + "~"
	}
	return out
}

func digestOf(disclosure string) string { return digestText(SuiteStd, []byte(encode64(disclosure))) }

func TestSDJWTRefusals(t *testing.T) {
	t.Parallel()
	const a, b, x = `["salt","a",1]`, `["salt2","a",2]`, `["salt",7]`
	sd := func(digests ...string) string { return `{"_sd":["` + strings.Join(digests, `","`) + `"]}` }
	deep := `["salt","d",` + nestedArrays(14) + `]`
	inner := `["salt","inner",1]`
	outer := `["salt","outer",{"_sd":["` + digestOf(inner) + `"]}]`
	for name, c := range map[string]struct {
		raw  string
		code Code
	}{
		"good":                           {sdjwtOf(sd(digestOf(a)), a), ""},
		"good default hash":              {sdjwtOf(`{"_sd_alg":"sha-256","l":[{"...":"`+digestOf(x)+`"}]}`, x), ""},
		"good nested":                    {sdjwtOf(sd(digestOf(outer)), inner, outer), ""},
		"no tilde":                       {strings.TrimSuffix(sdjwtOf(`{}`), "~"), CodeSDJWTFormat},
		"empty":                          {"", CodeSDJWTFormat},
		"no JWT":                         {"~", CodeJWSFormat},
		"too large":                      {sdjwtOf(`{}`) + strings.Repeat("A", 1<<20) + "~", CodeSDJWTSize},
		"too many disclosures":           {sdjwtOf(`{}`) + strings.Repeat("e30~", maxDisclosures+1), CodeSDJWTSize},
		"too many values in all":         {sdjwtOf(`[`+strings.Repeat("0,", 1<<13)+`0]`, a) + "~", CodeSDJWTFormat},
		"values add up":                  {sdjwtOf(`{"x":[`+strings.Repeat("0,", 1<<13)+`0]}`, `["s",[`+strings.Repeat("0,", 1<<13)+`0]]`), CodeJSONSize},
		"alg none":                       {encode64(`{"alg":"none"}`) + ".e30.AAAA~", CodeAlgNone},
		"payload no object":              {sdjwtOf(`[]`), CodeSDJWTFormat},
		"payload truncated":              {sdjwtOf(`{"a":`), CodeJSONSyntax},
		"payload with duplicates":        {sdjwtOf(`{"iss":1,"iss":2}`), CodeJSONDuplicate},
		"payload with a hidden double":   {sdjwtOf(`{"_sd":[],"\u005fsd":[]}`), CodeJSONDuplicate},
		"disclosure empty":               {sdjwtOf(`{}`) + "~", CodeDisclosure},
		"disclosure not base64":          {sdjwtOf(`{}`) + "W10=~", CodeDisclosure},
		"disclosure an object":           {sdjwtOf(`{}`, `{}`), CodeDisclosure},
		"disclosure of one":              {sdjwtOf(`{}`, `["s"]`), CodeDisclosure},
		"disclosure of four":             {sdjwtOf(`{}`, `["s","a",1,2]`), CodeDisclosure},
		"salt a number":                  {sdjwtOf(`{}`, `[1,2]`), CodeDisclosure},
		"name a number":                  {sdjwtOf(`{}`, `["s",1,2]`), CodeDisclosure},
		"disclosure truncated":           {sdjwtOf(`{}`, `["s",1`), CodeJSONSyntax},
		"disclosure with duplicates":     {sdjwtOf(`{}`, `["s","a",{"x":1,"x":1}]`), CodeJSONDuplicate},
		"unknown hash":                   {sdjwtOf(`{"_sd_alg":"sha-512"}`), CodeHashUnknown},
		"hash of the wrong type":         {sdjwtOf(`{"_sd_alg":1}`), CodeSDJWTFormat},
		"hash of the other suite":        {sdjwtOf(`{"_sd_alg":"sm3","_sd":["`+digestOf(a)+`"]}`, a), CodeDisclosureExtra},
		"added disclosure":               {sdjwtOf(sd(digestOf(a)), a, b), CodeDisclosureExtra},
		"doubled disclosure":             {sdjwtOf(sd(digestOf(a)), a, a), CodeDisclosureTwice},
		"altered disclosure":             {sdjwtOf(sd(digestOf(a)), `["salt","a",2]`), CodeDisclosureExtra},
		"same disclosure other spelling": {sdjwtOf(sd(digestOf(a)), `["salt","a", 1]`), CodeDisclosureExtra},
		"inner without outer":            {sdjwtOf(sd(digestOf(outer)), inner), CodeDisclosureExtra},
		"digest twice in one list":       {sdjwtOf(sd(digestOf(a), digestOf(a)), a), CodeDigestTwice},
		"digest twice undisclosed":       {sdjwtOf(sd(digestOf(a), digestOf(a))), CodeDigestTwice},
		"digest in two objects":          {sdjwtOf(`{"o":`+sd(digestOf(a))+`,"p":`+sd(digestOf(a))+`}`, a), CodeDigestTwice},
		"digest again in a disclosure":   {sdjwtOf(`{"_sd":["`+digestOf(outer)+`","`+digestOf(inner)+`"]}`, outer), CodeDigestTwice},
		"name is there":                  {sdjwtOf(`{"a":0,"_sd":["`+digestOf(a)+`"]}`, a), CodeClaimConflict},
		"name disclosed twice":           {sdjwtOf(sd(digestOf(a), digestOf(b)), a, b), CodeClaimConflict},
		"name _sd":                       {sdjwtOf(sd(digestOf(`["s","_sd",1]`)), `["s","_sd",1]`), CodeClaimReserved},
		"name ...":                       {sdjwtOf(sd(digestOf(`["s","...",1]`)), `["s","...",1]`), CodeClaimReserved},
		"name _sd_alg":                   {sdjwtOf(sd(digestOf(`["s","_sd_alg",1]`)), `["s","_sd_alg",1]`), CodeClaimReserved},
		"_sd_alg inside":                 {sdjwtOf(`{"o":{"_sd_alg":"sha-256"}}`), CodeClaimReserved},
		"_sd_alg under an empty name":    {sdjwtOf(`{"":{"_sd_alg":"sha-256"}}`), CodeClaimReserved},
		"... in an object":               {sdjwtOf(`{"o":{"...":"x"}}`), CodeClaimReserved},
		"... with company":               {sdjwtOf(`{"l":[{"...":"x","a":1}]}`), CodeClaimReserved},
		"... of the wrong type":          {sdjwtOf(`{"l":[{"...":1}]}`), CodeSDJWTFormat},
		"_sd of the wrong type":          {sdjwtOf(`{"_sd":"x"}`), CodeSDJWTFormat},
		"_sd with a number":              {sdjwtOf(`{"_sd":[1]}`), CodeSDJWTFormat},
		"_sd null":                       {sdjwtOf(`{"_sd":null}`), CodeSDJWTFormat},
		"claim moved to an array":        {sdjwtOf(`{"l":[{"...":"`+digestOf(a)+`"}]}`, a), CodeDisclosure},
		"element moved to an object":     {sdjwtOf(sd(digestOf(x)), x), CodeDisclosure},
		"too deep when in place":         {sdjwtOf(`{"o":{"p":`+sd(digestOf(deep))+`}}`, deep), CodeJSONDepth},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := func() error {
				p, err := ParseSDJWT([]byte(c.raw), Limits{})
				if err == nil {
					_, err = p.Process()
				}
				return err
			}()
			assert.Equal(t, c.code, CodeOf(err), "%v", err)
		})
	}
}

func TestManyDisclosures(t *testing.T) {
	t.Parallel()
	tree := make([]Node, 300)
	for i := range tree {
		tree[i] = Node{Name: "n" + strings.Repeat("x", i), Hidden: true, Value: []byte("1")}
	}
	sd, err := IssueSDJWT(newMemorySigner(t, SuiteStd, ""), "t", tree, 40, randomSalts())
	require.NoError(t, err)
	c, err := sd.Process()
	require.NoError(t, err)
	assert.Len(t, c.Root().Members(), 300)
	raw, err := sd.Present("nxxx")
	require.NoError(t, err)
	p, err := ParseSDJWT(raw, Limits{})
	require.NoError(t, err)
	assert.Len(t, p.Disclosures, 1)
}

func FuzzParseSDJWT(f *testing.F) {
	sd := issueExample(f, SuiteStd)
	f.Add(sd.Bytes())
	f.Add([]byte(sdjwtOf(`{"_sd":["`+digestOf(`["s","a",1]`)+`"]}`, `["s","a",1]`)))
	f.Add([]byte(sdjwtOf(`{"l":[{"...":"x"}],"o":{"_sd":[]}}`) + encode64(`{"alg":"ES256"}`) + ".e30.AAAA"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := ParseSDJWT(raw, Limits{})
		if err == nil {
			_, err = p.Process()
		}
		require.NotEqual(t, CodeInternal, CodeOf(err))
		if err == nil {
			accepted, err := agree(p.Bytes()) // the second implementation takes no key binding
			require.NoError(t, err)
			require.True(t, accepted)
		}
	})
}

// FuzzProcess fuzzes behind base64url and digests: #0 and #1 in the texts stand for the digests of the two disclosures.
func FuzzProcess(f *testing.F) {
	f.Add(`{"_sd":["#0","#1"],"_sd_alg":"sha-256"}`, `["s","a",1]`, `["t","b",{"c":[]}]`)
	f.Add(`{"l":[{"...":"#0"},[{"...":"#1"}]]}`, `["s",null]`, `["t",{"x":1}]`)
	f.Add(`{"o":{"_sd":["#1"]}}`, `["s","a",{"_sd":[]}]`, `["t","b",[{"...":"#0"}]]`)
	f.Fuzz(func(t *testing.T, payload, first, second string) {
		second = strings.ReplaceAll(second, "#0", digestOf(first))
		payload = strings.NewReplacer("#0", digestOf(first), "#1", digestOf(second)).Replace(payload)
		for _, raw := range []string{sdjwtOf(payload), sdjwtOf(payload, first), sdjwtOf(payload, second), sdjwtOf(payload, first, second)} {
			require.NotEqual(t, CodeInternal, codeOfDocument([]byte(raw)))
			_, err := agree([]byte(raw))
			require.NoError(t, err)
		}
	})
}
