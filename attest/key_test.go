package attest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/vectors"
)

// standards is testdata/standards.json: the few numbers that the standards print themselves.
type standards struct {
	JWS struct {
		JWK json.RawMessage `json:"jwk"`
		JWS string          `json:"jws"`
	} `json:"rfc7515_a3"`
	Disclosure struct {
		Encoded string `json:"encoded"`
		Digest  string `json:"digest"`
	} `json:"rfc9901_4_2"`
	SM3 struct {
		Message string `json:"message"`
		Digest  string `json:"digest"`
	} `json:"gbt32905_a1"`
	SM2 struct {
		X       string `json:"x"`
		Y       string `json:"y"`
		Message string `json:"message"`
		R       string `json:"r"`
		S       string `json:"s"`
	} `json:"gbt32918_5_a2"`
}

func loadStandards(t testing.TB) standards {
	t.Helper()
	data, err := os.ReadFile("testdata/standards.json")
	require.NoError(t, err)
	var s standards
	require.NoError(t, json.Unmarshal(data, &s))
	return s
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func parseKey(t testing.TB, jwk string) *PublicKey {
	t.Helper()
	k, err := keyFromJWK(jwk)
	require.NoError(t, err)
	return k
}

func keyFromJWK(jwk string) (*PublicKey, error) {
	v, err := ParseJSON([]byte(jwk), Limits{})
	if err != nil {
		return nil, err
	}
	return ParseJWK(v)
}

// sm2JWK writes the JWK of an SM2 point given in hexadecimal.
func sm2JWK(t testing.TB, x, y string) string {
	t.Helper()
	enc := base64.RawURLEncoding
	return `{"kty":"EC","crv":"SM2","x":"` + enc.EncodeToString(unhex(t, x)) + `","y":"` + enc.EncodeToString(unhex(t, y)) + `"}`
}

func TestStandardSM2Signature(t *testing.T) {
	t.Parallel()
	s := loadStandards(t).SM2
	k := parseKey(t, sm2JWK(t, s.X, s.Y))
	assert.Equal(t, SuiteGM, k.Suite())
	assert.Equal(t, "SM2-SM3", k.Alg())
	sig := unhex(t, s.R+s.S)
	require.NoError(t, k.Verify([]byte(s.Message), sig))
	assert.Equal(t, CodeSignature, CodeOf(k.Verify([]byte(s.Message+"."), sig)))
}

func TestStandardSM3Digest(t *testing.T) {
	t.Parallel()
	s := loadStandards(t).SM3
	sum := SuiteGM.Sum([]byte(s.Message))
	assert.Equal(t, s.Digest, hex.EncodeToString(sum[:]))
}

func TestVectorsGBT32918(t *testing.T) {
	t.Parallel()
	var v struct {
		Sign struct {
			X   string `json:"px"`
			Y   string `json:"py"`
			Msg string `json:"msg_ascii"`
			ZA  string `json:"za"`
			R   string `json:"r"`
			S   string `json:"s"`
		} `json:"sign"`
		SM3 []struct {
			In  string `json:"in_ascii"`
			Out string `json:"out"`
		} `json:"sm3"`
	}
	vectors.Load(t, "gm_sm2_gbt32918_5.json", &v)
	k := parseKey(t, sm2JWK(t, v.Sign.X, v.Sign.Y))
	assert.Equal(t, strings.ToLower(v.Sign.ZA), hex.EncodeToString(k.za))
	require.NoError(t, k.Verify([]byte(v.Sign.Msg), unhex(t, v.Sign.R+v.Sign.S)))
	require.NotEmpty(t, v.SM3)
	for _, c := range v.SM3 {
		sum := SuiteGM.Sum([]byte(c.In))
		assert.Equal(t, c.Out, hex.EncodeToString(sum[:]))
	}
}

// TestVectorsBotan takes the SM3 digests, and of the SM2 signatures those on the standard's curve with SM3: with their
// user ID, which is not the default one, so the hash over Z_A is made here and the rest by the key's own library.
func TestVectorsBotan(t *testing.T) {
	t.Parallel()
	var raw struct {
		SM3 []struct {
			In  string `json:"in"`
			Out string `json:"out"`
		} `json:"sm3"`
		Sig []struct {
			Oid, Hash, Ident, Msg, Signature string
			X                                string `json:"x"`
		} `json:"sm2_sig"`
	}
	vectors.Load(t, "gm_botan.json", &raw)
	require.NotEmpty(t, raw.SM3)
	for i, c := range raw.SM3 {
		in := unhex(t, c.In)
		cut := len(in) / 3
		whole, parts := SuiteGM.Sum(in), SuiteGM.Sum(in[:cut], in[cut:], nil)
		require.Equal(t, strings.ToLower(c.Out), hex.EncodeToString(whole[:]), i)
		require.Equal(t, whole, parts, i)
	}
	checked := 0
	for _, c := range raw.Sig {
		if c.Oid != "1.2.156.10197.1.301" || c.Hash != "SM3" {
			continue
		}
		private, err := sm2.NewPrivateKey(unhex(t, strings.TrimPrefix(c.X, "0x")))
		require.NoError(t, err)
		k, err := NewPublicKey(&private.PublicKey)
		require.NoError(t, err)
		k.za, err = sm2.CalculateZA(k.pub, []byte(c.Ident))
		require.NoError(t, err)
		require.NoError(t, k.Verify(unhex(t, c.Msg), unhex(t, c.Signature)))
		checked++
	}
	assert.Positive(t, checked, "no signature of the file fits")
}

func TestSumOfPartsIsSumOfTheWhole(t *testing.T) {
	t.Parallel()
	long := make([]byte, 2000)
	for _, s := range []Suite{SuiteStd, SuiteGM} {
		h := s.New()
		h.Write(long)
		assert.Equal(t, h.Sum(nil), sliceOf(s.Sum(long[:700], long[700:])))
		assert.Equal(t, s.Sum(long[:300]), s.Sum(long[:1], long[:0], long[:299]))
	}
	assert.Equal(t, sha256.Sum256(nil), SuiteStd.Sum())
}

func sliceOf(sum [32]byte) []byte { return sum[:] }

func TestSumDoesNotAllocate(t *testing.T) {
	a, b := make([]byte, 40), make([]byte, 60)
	assert.Zero(t, testing.AllocsPerRun(100, func() { SuiteStd.Sum(a, b) }))
	assert.Zero(t, testing.AllocsPerRun(100, func() { SuiteStd.Sum(a) }))
}

func TestSuiteNames(t *testing.T) {
	t.Parallel()
	for _, s := range []Suite{SuiteStd, SuiteGM} {
		assert.True(t, s.Valid())
		byAlg, err := SuiteByAlg(s.Alg())
		require.NoError(t, err)
		byHash, err := SuiteByHash(s.HashName())
		require.NoError(t, err)
		assert.Equal(t, []Suite{s, s}, []Suite{byAlg, byHash})
	}
	assert.False(t, Suite("").Valid())
	for alg, code := range map[string]Code{"none": CodeAlgNone, "nOnE": CodeAlgNone, "": CodeAlgUnknown, "RS256": CodeAlgUnknown,
		"es256": CodeAlgUnknown} {
		_, err := SuiteByAlg(alg)
		assert.Equal(t, code, CodeOf(err), alg)
	}
	_, err := SuiteByHash("sha-512")
	assert.Equal(t, CodeHashUnknown, CodeOf(err))
}

func TestKeyOfBothSuites(t *testing.T) {
	t.Parallel()
	for _, suite := range []Suite{SuiteStd, SuiteGM} {
		s, other := newMemorySigner(t, suite, ""), newMemorySigner(t, suite, "")
		back := parseKey(t, string(s.public.JWK()))
		assert.True(t, back.Equal(s.public))
		assert.False(t, back.Equal(other.public))
		assert.False(t, back.Equal(nil))
		assert.Equal(t, s.public.JWK(), back.JWK())
		assert.Len(t, back.Thumbprint(SuiteStd), 43)
		assert.NotEqual(t, back.Thumbprint(SuiteStd), back.Thumbprint(SuiteGM))

		message := []byte("message")
		sig, err := s.Sign(message)
		require.NoError(t, err)
		require.NoError(t, back.Verify(message, sig))
		assert.Equal(t, CodeSignature, CodeOf(other.public.Verify(message, sig)))
		assert.Equal(t, CodeSignature, CodeOf(back.Verify(message, sig[:63])))
		assert.Equal(t, CodeSignature, CodeOf(back.Verify(message, append(slices.Clone(sig), 0))))
		assert.Equal(t, CodeSignature, CodeOf(back.Verify(message, make([]byte, 64))), "r and s are zero")
		for i := range sig {
			bad := slices.Clone(sig)
			bad[i] ^= 1
			require.Equal(t, CodeSignature, CodeOf(back.Verify(message, bad)), i)
		}
	}
}

func TestThumbprintHashesTheRequiredMembersInOrder(t *testing.T) {
	t.Parallel()
	const canonical = `{"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",` +
		`"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	k := parseKey(t, string(loadStandards(t).JWS.JWK))
	assert.Equal(t, canonical, string(k.JWK())) //nolint:testifylint // the bytes are what is hashed
	sum := sha256.Sum256([]byte(canonical))
	assert.Equal(t, base64.RawURLEncoding.EncodeToString(sum[:]), k.Thumbprint(SuiteStd))
}

func TestParseJWKRefuses(t *testing.T) {
	t.Parallel()
	const x, y = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
	jwk := func(kty, crv, x, y, more string) string {
		return `{"kty":"` + kty + `","crv":"` + crv + `","x":"` + x + `","y":"` + y + `"` + more + `}`
	}
	_, err := keyFromJWK(jwk("EC", "P-256", x, y, `,"kid":"1","alg":"ES256","use":"sig","x5c":[]`))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		doc  string
		code Code
	}{
		"no object":          {`[]`, CodeJSONType},
		"no kty":             {`{"crv":"P-256"}`, CodeJSONMissing},
		"no y":               {`{"kty":"EC","crv":"P-256","x":"` + x + `"}`, CodeJSONMissing},
		"x is a number":      {`{"kty":"EC","crv":"P-256","x":1,"y":"` + y + `"}`, CodeJSONType},
		"another type":       {`{"kty":"OKP","crv":"Ed25519","x":"` + x + `"}`, CodeAlgUnknown},
		"another curve":      {jwk("EC", "P-384", x, y, ""), CodeAlgUnknown},
		"private part":       {jwk("EC", "P-256", x, y, `,"d":"`+x+`"`), CodeKeyFormat},
		"not on the curve":   {jwk("EC", "P-256", x, x, ""), CodeKeyFormat},
		"on the other curve": {jwk("EC", "SM2", x, y, ""), CodeKeyFormat},
		"at infinity":        {jwk("EC", "P-256", strings.Repeat("A", 43), strings.Repeat("A", 43), ""), CodeKeyFormat},
		"x too short":        {jwk("EC", "P-256", x[:42], y, ""), CodeKeyFormat},
		"x too long":         {jwk("EC", "P-256", x[:42]+"UAA", y, ""), CodeKeyFormat},
		"x padded":           {jwk("EC", "P-256", x+"=", y, ""), CodeKeyFormat},
		"y not canonical":    {jwk("EC", "P-256", x, y[:42]+"1", ""), CodeKeyFormat},
		"y with line break":  {jwk("EC", "P-256", x, y[:20]+`\n`+y[20:], ""), CodeKeyFormat},
		"x empty":            {jwk("EC", "P-256", "", y, ""), CodeKeyFormat},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := keyFromJWK(c.doc)
			require.Error(t, err)
			assert.Equal(t, c.code, CodeOf(err), err.Error())
		})
	}
}

func TestNewPublicKeyRefuses(t *testing.T) {
	t.Parallel()
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	for _, k := range []any{nil, ed, (*ecdsa.PublicKey)(nil), &ecdsa.PublicKey{}, &p384.PublicKey,
		&ecdsa.PublicKey{Curve: elliptic.P256()}, &ecdsa.PublicKey{Curve: sm2.P256()}} {
		_, err := NewPublicKey(k)
		assert.Equal(t, CodeKeyFormat, CodeOf(err), "%T", k)
	}
}

func FuzzParseJWK(f *testing.F) {
	f.Add([]byte(loadStandards(f).JWS.JWK))
	s := loadStandards(f).SM2
	f.Add([]byte(sm2JWK(f, s.X, s.Y)))
	f.Add([]byte(`{"kty":"EC","crv":"P-256","x":"","y":"","d":""}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		k, err := keyFromJWK(string(doc))
		if err != nil {
			require.NotEqual(t, CodeInternal, CodeOf(err))
			return
		}
		require.True(t, parseKey(t, string(k.JWK())).Equal(k))
		require.Equal(t, CodeSignature, CodeOf(k.Verify(doc, make([]byte, SignatureSize))))
	})
}
