package attest

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func encode64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestStandardJWS(t *testing.T) {
	t.Parallel()
	s := loadStandards(t).JWS
	j, err := ParseJWS([]byte(s.JWS))
	require.NoError(t, err)
	assert.Equal(t, "ES256", j.Alg)
	assert.Equal(t, s.JWS[:strings.LastIndexByte(s.JWS, '.')], string(j.SigningInput()))
	const payload = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
	assert.Equal(t, payload, string(j.Payload)) //nolint:testifylint // the bytes are what is signed
	require.NoError(t, j.Verify(parseKey(t, string(s.JWK))))
}

func TestSignJWSOfBothSuites(t *testing.T) {
	t.Parallel()
	for _, suite := range []Suite{SuiteStd, SuiteGM} {
		s := newMemorySigner(t, suite, "owner#1")
		raw, err := SignJWS(s, "huzheng+jws", []byte(`{"n":1}`))
		require.NoError(t, err)
		j, err := ParseJWS(raw)
		require.NoError(t, err)
		assert.Equal(t, `{"alg":"`+suite.Alg()+`","kid":"owner#1","typ":"huzheng+jws"}`, string(j.Header.Raw()))
		assert.Equal(t, []string{suite.Alg(), "owner#1", "huzheng+jws"}, []string{j.Alg, j.KeyID, j.Type})
		assert.Equal(t, `{"n":1}`, string(j.Payload))
		require.NoError(t, j.Verify(s.public))
		assert.Equal(t, CodeSignature, CodeOf(j.Verify(newMemorySigner(t, suite, "").public)))
		assert.Equal(t, CodeKeyFormat, CodeOf(j.Verify(nil)))

		s.id = ""
		raw, err = SignJWS(s, "", nil)
		require.NoError(t, err)
		j, err = ParseJWS(raw)
		require.NoError(t, err)
		assert.Equal(t, `{"alg":"`+suite.Alg()+`"}`, string(j.Header.Raw()))
		require.NoError(t, j.Verify(s.public))
	}
}

func TestVerifyTellsUnknownFromWrong(t *testing.T) {
	t.Parallel()
	std, gm := newMemorySigner(t, SuiteStd, ""), newMemorySigner(t, SuiteGM, "")
	raw, err := SignJWS(std, "", []byte("{}"))
	require.NoError(t, err)
	j, err := ParseJWS(raw)
	require.NoError(t, err)
	assert.Equal(t, CodeAlgMismatch, CodeOf(j.Verify(gm.public)))
	j, err = ParseJWS([]byte(encode64(`{"alg":"EdDSA"}`) + ".e30." + encode64(strings.Repeat("s", 64))))
	require.NoError(t, err)
	assert.Equal(t, CodeAlgUnknown, CodeOf(j.Verify(std.public)))
}

// TestKeyInTheTokenIsNotLookedAt signs with a key that the header itself offers.
func TestKeyInTheTokenIsNotLookedAt(t *testing.T) {
	t.Parallel()
	forger, issuer := newMemorySigner(t, SuiteStd, ""), newMemorySigner(t, SuiteStd, "")
	input := encode64(`{"alg":"ES256","jwk":`+string(forger.public.JWK())+`,"jku":"https://x.example/"}`) + "." + encode64("{}")
	sig, err := forger.Sign([]byte(input))
	require.NoError(t, err)
	j, err := ParseJWS([]byte(input + "." + base64.RawURLEncoding.EncodeToString(sig)))
	require.NoError(t, err)
	require.NoError(t, j.Verify(forger.public))
	assert.Equal(t, CodeSignature, CodeOf(j.Verify(issuer.public)))
}

func TestParseJWSRefuses(t *testing.T) {
	t.Parallel()
	head, sig := encode64(`{"alg":"ES256"}`), encode64("signature")
	withHeader := func(h string) string { return encode64(h) + ".e30." + sig }
	for name, c := range map[string]struct {
		raw  string
		code Code
	}{
		"empty":                    {"", CodeJWSFormat},
		"one part":                 {head, CodeJWSFormat},
		"two parts":                {head + ".e30", CodeJWSFormat},
		"four parts":               {head + ".e30.e30." + sig, CodeJWSFormat},
		"no header":                {".e30." + sig, CodeJWSFormat},
		"no signature":             {head + ".e30.", CodeJWSFormat},
		"too large":                {head + "." + strings.Repeat("A", MaxJWSBytes) + "." + sig, CodeJWSFormat},
		"padded header":            {head + "=.e30." + sig, CodeJWSFormat},
		"padded payload":           {head + ".e30=." + sig, CodeJWSFormat},
		"standard base64":          {head + ".+/+/." + sig, CodeJWSFormat},
		"line break in payload":    {head + ".e3\n0." + sig, CodeJWSFormat},
		"carriage return":          {head + ".e30." + sig + "\r", CodeJWSFormat},
		"space before":             {" " + head + ".e30." + sig, CodeJWSFormat},
		"unused bits set":          {head + ".e31." + sig, CodeJWSFormat},
		"unused bits in signature": {head + ".e30.AAB", CodeJWSFormat},
		"header no JSON":           {withHeader(`alg`), CodeJSONSyntax},
		"header twice":             {withHeader(`{"alg":"ES256"}{}`), CodeJSONTrailing},
		"header duplicate alg":     {withHeader(`{"alg":"ES256","alg":"none"}`), CodeJSONDuplicate},
		"header too large":         {withHeader(`{"alg":"` + strings.Repeat("x", 20<<10) + `"}`), CodeJSONSize},
		"header too deep":          {withHeader(`{"alg":"ES256","x":` + nestedArrays(8) + `}`), CodeJSONDepth},
		"header an array":          {withHeader(`["ES256"]`), CodeJWSHeader},
		"no alg":                   {withHeader(`{}`), CodeJWSHeader},
		"alg a number":             {withHeader(`{"alg":1}`), CodeJWSHeader},
		"alg empty":                {withHeader(`{"alg":""}`), CodeJWSHeader},
		"kid a number":             {withHeader(`{"alg":"ES256","kid":1}`), CodeJWSHeader},
		"crit":                     {withHeader(`{"alg":"ES256","crit":["b64"],"b64":false}`), CodeJWSHeader},
		"alg none":                 {withHeader(`{"alg":"none"}`), CodeAlgNone},
		"alg NONE":                 {withHeader(`{"alg":"NONE"}`), CodeAlgNone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseJWS([]byte(c.raw))
			require.Error(t, err)
			assert.Equal(t, c.code, CodeOf(err), err.Error())
		})
	}
}

// brokenSigner fails, or returns a signature of another length.
type brokenSigner struct {
	*memorySigner
	sig []byte
	err error
}

func (s brokenSigner) Sign([]byte) ([]byte, error) { return s.sig, s.err }

func TestSignJWSPassesTheSignersErrorOn(t *testing.T) {
	t.Parallel()
	offline := errors.New("the module is offline")
	_, err := SignJWS(brokenSigner{newMemorySigner(t, SuiteStd, ""), nil, offline}, "", nil)
	require.ErrorIs(t, err, offline)
	_, err = SignJWS(brokenSigner{newMemorySigner(t, SuiteStd, ""), make([]byte, 70), nil}, "", nil)
	assert.Equal(t, CodeInternal, CodeOf(err))
}

func FuzzParseJWS(f *testing.F) {
	s := loadStandards(f).JWS
	f.Add([]byte(s.JWS))
	f.Add([]byte(encode64(`{"alg":"none"}`) + ".e30."))
	f.Add([]byte(encode64(`{"alg":"ES256","kid":"a","typ":"b","crit":[]}`) + ".e30.AAAA"))
	key := parseKey(f, string(s.JWK))
	f.Fuzz(func(t *testing.T, raw []byte) {
		j, err := ParseJWS(raw)
		if err != nil {
			require.NotEqual(t, CodeInternal, CodeOf(err))
			return
		}
		enc := base64.RawURLEncoding
		again := enc.EncodeToString(j.Header.doc.data) + "." + enc.EncodeToString(j.Payload) + "." + enc.EncodeToString(j.Signature)
		require.Equal(t, string(raw), again, "one token has one spelling")
		if string(raw) != s.JWS {
			require.Error(t, j.Verify(key))
		}
	})
}
