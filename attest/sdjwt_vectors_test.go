package attest

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/vectors"
)

func TestStandardDisclosure(t *testing.T) {
	t.Parallel()
	s := loadStandards(t).Disclosure
	assert.Equal(t, s.Digest, digestText(SuiteStd, []byte(s.Encoded)))
}

func TestVectorsRFC9901(t *testing.T) {
	t.Parallel()
	var v struct {
		Object struct {
			Salt    string `json:"salt"`
			Key     string `json:"key"`
			Value   string `json:"value"`
			Encoded string `json:"encoded"`
			Digest  string `json:"sha256_digest"`
		} `json:"object_disclosure"`
		Array struct {
			Salt    string `json:"salt"`
			Value   string `json:"value"`
			Encoded string `json:"encoded"`
		} `json:"array_disclosure"`
		Same []string `json:"equivalent_encodings_same_disclosure"`
	}
	vectors.Load(t, "sdjwt_rfc9901_disclosures.json", &v)
	require.NotEmpty(t, v.Same)
	for _, encoded := range append(v.Same, v.Object.Encoded) {
		payload := `{"_sd":["` + digestText(SuiteStd, []byte(encoded)) + `"],"l":[{"...":"` + digestText(SuiteStd, []byte(v.Array.Encoded)) + `"}]}`
		p, err := ParseSDJWT([]byte(sdjwtOf(payload)+encoded+"~"+v.Array.Encoded+"~"), Limits{})
		require.NoError(t, err)
		d, e := p.Disclosures[0], p.Disclosures[1]
		assert.Equal(t, []string{v.Object.Salt, v.Object.Key, v.Object.Value}, []string{d.Salt, d.Name, d.Value.Str()})
		assert.Equal(t, []string{v.Array.Salt, "", v.Array.Value}, []string{e.Salt, e.Name, e.Value.Str()})
		assert.Equal(t, []bool{false, true}, []bool{d.IsArray, e.IsArray})
		c, err := p.Process()
		require.NoError(t, err)
		assert.JSONEq(t, `{"family_name":"Möbius","l":["FR"]}`, string(c.JSON()))
	}
	assert.Equal(t, v.Object.Digest, digestText(SuiteStd, []byte(v.Object.Encoded)))
}

// owfCase is one case of the reference implementation of the OpenWallet Foundation.
type owfCase struct {
	Name         string          `json:"name"`
	Source       string          `json:"source"`
	Format       string          `json:"serialization_format"`
	Issuer       json.RawMessage `json:"issuer_public_key_jwk"`
	Holder       json.RawMessage `json:"holder_public_key_jwk"`
	Aud          string          `json:"kb_aud"`
	Nonce        string          `json:"kb_nonce"`
	KeyBinding   bool            `json:"key_binding"`
	Presentation json.RawMessage `json:"sd_jwt_presentation"`
	Want         json.RawMessage `json:"expected_verified_claims"`
}

func TestVectorsOWF(t *testing.T) {
	t.Parallel()
	var v struct {
		Cases []owfCase `json:"cases"`
	}
	vectors.Load(t, "sdjwt_owf_cases.json", &v)
	require.NotEmpty(t, v.Cases)
	for _, c := range v.Cases {
		t.Run(c.Source+"/"+c.Name, func(t *testing.T) {
			t.Parallel()
			if c.Format != "compact" {
				t.Skip("skipped: the case is in JSON serialisation (RFC 9901, 8), which this project does not speak")
			}
			c.check(t)
		})
	}
}

func (c *owfCase) check(t *testing.T) {
	t.Helper()
	var raw string
	require.NoError(t, json.Unmarshal(c.Presentation, &raw))
	p, err := ParseSDJWT([]byte(raw), Limits{})
	if c.Name == "header_mod" {
		assert.Equal(t, CodeJWSHeader, CodeOf(err), "its kid is a number, where RFC 7515, 4.1.4 demands a string")
		return
	}
	require.NoError(t, err)
	require.NoError(t, p.Issuer.Verify(parseKey(t, string(c.Issuer))))
	claims, err := p.Process()
	require.NoError(t, err)
	got, ok := anyOf(claims.Root()).(map[string]any)
	require.True(t, ok)
	decoded, err := decodeAny(c.Want)
	require.NoError(t, err)
	want, ok := decoded.(map[string]any)
	require.True(t, ok)
	for _, name := range []string{"iat", "exp", "cnf"} {
		if _, told := want[name]; !told {
			delete(got, name) // the cases leave out what their issuer adds to every token
		}
	}
	assert.Equal(t, want, got)
	require.Equal(t, c.KeyBinding, p.KeyBinding != nil)
	if c.KeyBinding {
		payload, err := ParseJSON(p.KeyBinding.Payload, Limits{})
		require.NoError(t, err)
		expect := Binding{Audience: c.Aud, Nonce: c.Nonce, Now: payload.Fields().Int64("iat")} // when the case was made
		require.NoError(t, VerifyBinding(p, parseKey(t, string(c.Holder)), expect))
	}
}
