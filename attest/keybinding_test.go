package attest

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const bindingTime = 1_767_225_600

func asked() Binding {
	return Binding{Audience: "huzheng:510000", Nonce: "n-0S6_WzA2Mj", Now: bindingTime, MaxAge: 300, Skew: 30}
}

// bound makes a presentation of one claim, bound to what asked asks for.
func bound(t *testing.T, suite Suite) (raw []byte, holder *memorySigner, sd *SDJWT) {
	t.Helper()
	holder = newMemorySigner(t, suite, "")
	sd = issueExample(t, suite)
	presentation, err := sd.Present("certificateName")
	require.NoError(t, err)
	raw, err = BindKey(presentation, holder, asked().Audience, asked().Nonce, bindingTime)
	require.NoError(t, err)
	return raw, holder, sd
}

func verifyBound(t *testing.T, raw []byte, holder *PublicKey, expect Binding) Code {
	t.Helper()
	p, err := ParseSDJWT(raw, Limits{})
	require.NoError(t, err)
	return CodeOf(VerifyBinding(p, holder, expect))
}

func TestBindingOfBothSuites(t *testing.T) {
	t.Parallel()
	for _, suite := range []Suite{SuiteStd, SuiteGM} {
		raw, holder, sd := bound(t, suite)
		assert.Empty(t, verifyBound(t, raw, holder.public, asked()))
		p, err := ParseSDJWT(raw, Limits{})
		require.NoError(t, err)
		assert.Equal(t, "kb+jwt", p.KeyBinding.Type)
		assert.True(t, bytes.HasPrefix(raw, p.Bytes()))
		assert.Equal(t, sd.IssuerJWT(), p.IssuerJWT())
		_, err = p.Process()
		require.NoError(t, err)
		_, err = BindKey(raw, holder, "a", "n", bindingTime)
		assert.Equal(t, CodeBindingFormat, CodeOf(err), "bound twice")
	}
}

func TestBindingMustBeWhatWasAsked(t *testing.T) {
	t.Parallel()
	raw, holder, _ := bound(t, SuiteStd)
	for name, c := range map[string]struct {
		change func(b *Binding)
		code   Code
	}{
		"audience":           {func(b *Binding) { b.Audience = "huzheng:430000" }, CodeBindingAudience},
		"nonce":              {func(b *Binding) { b.Nonce = "another" }, CodeBindingNonce},
		"nonce empty":        {func(b *Binding) { b.Nonce = "" }, CodeBindingNonce},
		"oldest":             {func(b *Binding) { b.Now += b.MaxAge + b.Skew }, ""},
		"too old":            {func(b *Binding) { b.Now += b.MaxAge + b.Skew + 1 }, CodeBindingStale},
		"clock just ahead":   {func(b *Binding) { b.Now -= b.Skew }, ""},
		"from the future":    {func(b *Binding) { b.Now -= b.Skew + 1 }, CodeBindingStale},
		"no age and no skew": {func(b *Binding) { b.MaxAge, b.Skew = 0, 0 }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect := asked()
			c.change(&expect)
			assert.Equal(t, c.code, verifyBound(t, raw, holder.public, expect))
		})
	}
}

func TestBindingHoldsThePresentationTogether(t *testing.T) {
	t.Parallel()
	raw, holder, sd := bound(t, SuiteStd)
	p, err := ParseSDJWT(raw, Limits{})
	require.NoError(t, err)
	jwt := raw[len(p.Bytes()):]

	more, err := sd.Present("certificateName", "holder")
	require.NoError(t, err)
	assert.Equal(t, CodeBindingHash, verifyBound(t, append(more, jwt...), holder.public, asked()), "a disclosure added")
	none, err := sd.Present()
	require.NoError(t, err)
	assert.Equal(t, CodeBindingHash, verifyBound(t, append(none, jwt...), holder.public, asked()), "a disclosure taken away")
	assert.Equal(t, CodeBindingMissing, verifyBound(t, p.Bytes(), holder.public, asked()), "the binding taken away")
	thief := newMemorySigner(t, SuiteStd, "")
	assert.Equal(t, CodeBindingSignature, verifyBound(t, raw, thief.public, asked()), "another holder")
	assert.Equal(t, CodeBindingSignature, verifyBound(t, raw, newMemorySigner(t, SuiteGM, "").public, asked()), "another suite")
	assert.Equal(t, CodeBindingSignature, verifyBound(t, raw, nil, asked()), "no key")
}

func TestBindingFormats(t *testing.T) {
	t.Parallel()
	holder := newMemorySigner(t, SuiteStd, "")
	presentation, err := issueExample(t, SuiteStd).Present()
	require.NoError(t, err)
	p, err := ParseSDJWT(presentation, Limits{})
	require.NoError(t, err)
	hash, err := p.bindingHash()
	require.NoError(t, err)
	const good = `{"iat":1767225600,"aud":"huzheng:510000","nonce":"n-0S6_WzA2Mj","sd_hash":"HASH"}`
	for name, c := range map[string]struct {
		typ, old, new string
		code          Code
	}{
		"good":              {"kb+jwt", "", "", ""},
		"more members":      {"kb+jwt", `{`, `{"more":[],`, ""},
		"type of an SD-JWT": {"dc+sd-jwt", "", "", CodeBindingFormat},
		"no type":           {"", "", "", CodeBindingFormat},
		"no JSON":           {"kb+jwt", `{`, ``, CodeBindingFormat},
		"duplicate nonce":   {"kb+jwt", `{`, `{"nonce":"n-0S6_WzA2Mj",`, CodeBindingFormat},
		"audience a list":   {"kb+jwt", `"huzheng:510000"`, `["huzheng:510000"]`, CodeBindingFormat},
		"no nonce":          {"kb+jwt", `nonce`, `nonsense`, CodeBindingFormat},
		"iat a text":        {"kb+jwt", `1767225600`, `"1767225600"`, CodeBindingFormat},
		"iat a fraction":    {"kb+jwt", `1767225600`, `1767225600.0`, CodeBindingFormat},
		"iat at the end":    {"kb+jwt", `1767225600`, `9223372036854775807`, CodeBindingStale},
		"iat at the start":  {"kb+jwt", `1767225600`, `-9223372036854775808`, CodeBindingStale},
		"hash empty":        {"kb+jwt", `HASH`, ``, CodeBindingHash},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			payload := strings.Replace(strings.Replace(good, c.old, c.new, 1), "HASH", hash, 1)
			jwt, err := SignJWS(holder, c.typ, []byte(payload))
			require.NoError(t, err)
			assert.Equal(t, c.code, verifyBound(t, append(bytes.Clone(presentation), jwt...), holder.public, asked()))
		})
	}
	unknown := encode64(`{"alg":"EdDSA","typ":"kb+jwt"}`) + "." + encode64(good) + ".AAAA"
	assert.Equal(t, CodeAlgUnknown, verifyBound(t, append(bytes.Clone(presentation), unknown...), holder.public, asked()))
	_, err = ParseSDJWT(append(bytes.Clone(presentation), encode64(`{"alg":"none","typ":"kb+jwt"}`)+".e30.AAAA"...), Limits{})
	assert.Equal(t, CodeAlgNone, CodeOf(err))
	_, err = BindKey([]byte(sdjwtOf(`{"_sd_alg":"md5"}`)), holder, "a", "n", math.MaxInt64)
	assert.Equal(t, CodeHashUnknown, CodeOf(err))
}
