package portable_test

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/qr"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/internal/testkeys"
)

const (
	issuer = "https://gw.440000.example/v1/authorities/11440000MB2D01234X"
	issued = 1767196800
)

// certificate is a sample certificate of all its fields.
func certificate(t testing.TB, suite attest.Suite, kind gbt.TypeCode) (*attest.SDJWT, []string) {
	t.Helper()
	authorities, err := sample.Authorities("440000")
	require.NoError(t, err)
	g, err := sample.New(1, authorities[0].Code, authorities[0].Name, authorities[0].Division)
	require.NoError(t, err)
	r, err := g.On(time.Unix(issued, 0)).Record(kind, 7)
	require.NoError(t, err)
	typ, err := sample.TypeOf(kind)
	require.NoError(t, err)
	schema, err := attest.ParseJSON(typ.CertificateType().Schema, attest.DefaultLimits())
	require.NoError(t, err)
	properties, _ := schema.Get("properties")
	c := &attest.Certificate{Issuer: issuer, Type: string(kind), TypeVersion: 1, IssuedAt: issued, NotBefore: issued,
		Expires: issued + 5*365*86400, StatusIndex: 70_001, Holder: testkeys.Signer(t, suite, "holder").Public()}
	var names []string
	for _, m := range properties.Members() {
		if value := r.Get(m.Name); value != "" {
			text, err := json.Marshal(value)
			require.NoError(t, err)
			c.Fields = append(c.Fields, attest.Field{Name: m.Name, Value: text})
			names = append(names, m.Name)
		}
	}
	sd, err := attest.SignCertificate(c, testkeys.Signer(t, suite, "11440000MB2D01234X#issue-1"), testkeys.Salts("portable"))
	require.NoError(t, err)
	return sd, names
}

func receipt(t testing.TB, suite attest.Suite, jwt []byte, size int) []byte {
	t.Helper()
	leaves := make([][32]byte, size)
	for i := range leaves {
		leaves[i] = suite.Sum([]byte{byte(i), byte(i >> 8)})
	}
	leaves[size/2] = attest.CommitCertificate(suite, jwt)
	r, err := merkle.NewReceipt(attest.KindCertificate, suite, "3q2-7wAAAAAAAAAAAAAAAA", merkle.NewTree(suite, leaves), uint64(size/2))
	require.NoError(t, err)
	return r.JSON()
}

// presented discloses the first n fields and binds them to minutes, as a telephone would.
func presented(t testing.TB, suite attest.Suite, n, batch int, bound bool) *portable.Presentation {
	t.Helper()
	sd, names := certificate(t, suite, sample.TypeConstructor)
	p, err := sd.Present(names[:n]...)
	require.NoError(t, err)
	if bound {
		p, err = attest.BindKey(p, testkeys.Signer(t, suite, "holder"), portable.Audience, portable.NonceNone, issued+100)
		require.NoError(t, err)
	}
	return &portable.Presentation{SDJWT: p, Receipt: receipt(t, suite, sd.IssuerJWT(), batch)}
}

func TestWhatGoesInComesOut(t *testing.T) {
	trips := 0
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		for _, n := range []int{0, 1, 5, 12, 15} {
			for _, bound := range []bool{false, true} {
				in := presented(t, suite, n, 300, bound)
				if n == 5 {
					in.Receipt = nil
				}
				text, err := portable.Encode(in)
				require.NoError(t, err)
				out, err := portable.Decode([]byte("\r\n" + text + "\n"))
				require.NoError(t, err)
				require.Equal(t, string(in.SDJWT), string(out.SDJWT))
				require.Equal(t, string(in.Receipt), string(out.Receipt))
				require.Equal(t, bound, out.Bound())
				trips++
			}
		}
	}
	t.Logf("%d presentations came through unchanged", trips)
}

// TestAnySpellingComesOut holds that a certificate of another hand is carried as it is, however it is written.
func TestAnySpellingComesOut(t *testing.T) {
	signer := testkeys.Signer(t, attest.SuiteStd, "k")
	for _, payload := range []string{
		`{ "_sd_alg" : "sha-256", "x":"AAAAAAAAAAAAAAAAAAAAAB", "y":"////AAAA", "n":[1,2]}`,
		`{"eyJhIjoxfQ":"eyJhIjoxfQ","s":"` + strings.Repeat("A", 43) + `","d":"字"}`,
		"{\n\t\"a\":1}",
	} {
		jwt, err := attest.SignJWS(signer, attest.TypeCertificate, []byte(payload))
		require.NoError(t, err)
		in := &portable.Presentation{SDJWT: append(jwt, '~'), Receipt: []byte(`{"eyJ":"e30"}`)}
		text, err := portable.Encode(in)
		require.NoError(t, err, payload)
		out, err := portable.Decode([]byte(text))
		require.NoError(t, err, payload)
		assert.Equal(t, string(in.SDJWT), string(out.SDJWT))
		assert.Equal(t, string(in.Receipt), string(out.Receipt))
	}
}

var rewrite = flag.Bool("rewrite", false, "write the golden text of a version that has none yet")

// TestGolden reads the frozen text: a reader of today must read what was printed yesterday. Other libraries may compress
// otherwise, so what is frozen is how it is read.
func TestGolden(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		name := filepath.Join("testdata", "hzp1-"+string(suite))
		if *rewrite {
			in := presented(t, suite, 3, 5, true)
			text, err := portable.Encode(in)
			require.NoError(t, err)
			freeze(t, name+".hzp", text+"\n")
			freeze(t, name+".sdjwt", string(in.SDJWT))
			freeze(t, name+".receipt.json", string(in.Receipt))
		}
		out, err := portable.Decode([]byte(frozen(t, name+".hzp")))
		require.NoError(t, err)
		assert.Equal(t, frozen(t, name+".sdjwt"), string(out.SDJWT))
		assert.Equal(t, frozen(t, name+".receipt.json"), string(out.Receipt))
	}
	dictionary := filepath.Join("testdata", "hzp1-dictionary.bin")
	if *rewrite {
		freeze(t, dictionary, portable.Dictionary)
	}
	assert.Equal(t, portable.Dictionary, frozen(t, dictionary))
	sum := sha256.Sum256([]byte(portable.Dictionary))
	assert.Equal(t, "c257f5d909a64da34e22dae9ccefda3ab5996cfebdc1c90207ec2fdba521a200", hex.EncodeToString(sum[:]))
}

func freeze(t *testing.T, file, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
}

func frozen(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(content)
}

// TestSizes prints what docs/format.md says about what fits, and holds its promises.
func TestSizes(t *testing.T) {
	for _, batch := range []int{1, 256, 4096, 65536} {
		for n := 1; n <= 12; n++ {
			text, err := portable.Encode(presented(t, attest.SuiteStd, n, batch, true))
			require.NoError(t, err)
			words := ""
			for _, level := range []qr.Level{qr.Low, qr.Medium} {
				code, err := qr.Encode(text, level)
				if err != nil {
					words += " ---"
					continue
				}
				words += fmt.Sprintf(" v%d", code.Version())
			}
			t.Logf("batch %5d, %2d fields: %4d characters, QR L, M:%s", batch, n, len(text), words)
			if n <= 12 {
				_, err = qr.Encode(text, qr.Low)
				assert.NoError(t, err, "promised to fit")
			}
		}
	}
}

func TestBrokenTextsAreRefused(t *testing.T) {
	good, err := portable.Encode(presented(t, attest.SuiteStd, 3, 5, true))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		text string
		code attest.Code
	}{
		"nothing":       {"", attest.CodePortableFormat},
		"other version": {"HZP2:" + good[5:], attest.CodePortableFormat},
		"lower case":    {strings.ToLower(good), attest.CodePortableFormat},
		"cut off":       {good[:len(good)-3], attest.CodePortableFormat},
		"in the middle": {good[:len(good)/2], attest.CodePortableFormat},
		"one more":      {good + "00", attest.CodePortableFormat},
		"beyond a byte": {good + "::", attest.CodePortableFormat},
		"beyond two":    {good + ":::", attest.CodePortableFormat},
		"one character": {good[:5] + "0", attest.CodePortableFormat},
		"only prefix":   {good[:5], attest.CodePortableFormat},
		"far too long":  {good + strings.Repeat("0", portable.MaxText), attest.CodePortableTooLarge},
	} {
		_, err := portable.Decode([]byte(c.text))
		assert.Equal(t, c.code, attest.CodeOf(err), name)
	}
}

// TestBombsAreRefused inflates nothing beyond the bound, whether by DEFLATE or by references.
func TestBombsAreRefused(t *testing.T) {
	frame := func(packed []byte) []byte {
		var small bytes.Buffer
		w, err := flate.NewWriter(&small, flate.BestCompression) // the dictionary may go unused
		require.NoError(t, err)
		_, err = w.Write(packed)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		out := []byte{1}
		for n := small.Len(); ; n >>= 7 {
			if n < 0x80 {
				out = append(out, byte(n))
				break
			}
			out = append(out, byte(n)|0x80)
		}
		return append(out, small.Bytes()...)
	}
	separator := []byte{6}
	digests := append([]byte("\x06\x04[1]\x05\x06\x04"), bytes.Repeat([]byte{2, 0x20}, 40_000)...)
	for name, packed := range map[string][]byte{
		"deflate":    bytes.Repeat([]byte("A"), 64<<20),
		"references": append(append(digests, 5), separator...),
		"encodings":  append(append([]byte("\x06\x04"), bytes.Repeat([]byte("A"), 90<<10)...), 5, 6),
	} {
		text := portable.Prefix + string(portable.Base45(frame(packed)))
		_, err := portable.Decode([]byte(text))
		assert.Equal(t, attest.CodePortableTooLarge, attest.CodeOf(err), name)
	}
	_, err := portable.Encode(&portable.Presentation{SDJWT: []byte("e30.e30.AA~"), Receipt: bytes.Repeat([]byte("A"), 9<<10)})
	assert.Error(t, err)
}

// TestExpect says what a verifier asks of the binding.
func TestExpect(t *testing.T) {
	bound, paper := presented(t, attest.SuiteStd, 1, 1, true), presented(t, attest.SuiteStd, 1, 1, false)
	for _, c := range []struct {
		p     *portable.Presentation
		given attest.Request
		aud   string
		nonce string
	}{
		{paper, attest.Request{}, "", ""},
		{paper, attest.Request{Nonce: "n"}, portable.Audience, "n"}, // asked for, and missing: the verdict says so
		{bound, attest.Request{}, portable.Audience, portable.NonceNone},
		{bound, attest.Request{Nonce: "n"}, portable.Audience, "n"},
	} {
		c.p.Expect(&c.given)
		assert.Equal(t, c.aud, c.given.Audience)
		assert.Equal(t, c.nonce, c.given.Nonce)
	}
}

func FuzzDecode(f *testing.F) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		text, err := portable.Encode(presented(f, suite, 2, 3, true))
		require.NoError(f, err)
		f.Add([]byte(text))
	}
	f.Add([]byte("HZP1:0000"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := portable.Decode(data)
		if err != nil {
			code := attest.CodeOf(err)
			require.True(t, code == attest.CodePortableFormat || code == attest.CodePortableTooLarge, "%v", err)
			return
		}
		require.LessOrEqual(t, len(out.SDJWT)+len(out.Receipt), portable.MaxExpanded)
		text, err := portable.Encode(out)
		if err != nil {
			return // what it carried is no SD-JWT: a judge will say so
		}
		again, err := portable.Decode([]byte(text))
		require.NoError(t, err)
		require.Equal(t, out, again)
	})
}

// FuzzFrame fuzzes beneath base45, where the structure is.
func FuzzFrame(f *testing.F) {
	f.Add([]byte{1, 1, 0})
	f.Add([]byte{2, 2, 3, 0})
	f.Fuzz(func(t *testing.T, frame []byte) {
		out, err := portable.Decode([]byte(portable.Prefix + string(portable.Base45(frame))))
		if err == nil {
			require.LessOrEqual(t, len(out.SDJWT)+len(out.Receipt), portable.MaxExpanded)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	text, err := portable.Encode(presented(b, attest.SuiteStd, 6, 4096, true))
	require.NoError(b, err)
	for b.Loop() {
		if _, err := portable.Decode([]byte(text)); err != nil {
			b.Fatal(err)
		}
	}
}

// TestBase45 reads the examples of RFC 9285, 4.3.
func TestBase45(t *testing.T) {
	for plain, coded := range map[string]string{"AB": "BB8", "Hello!!": "%69 VD92EX0", "base-45": "UJCLQE7W581", "": ""} {
		assert.Equal(t, coded, string(portable.Base45([]byte(plain))))
		got, err := portable.FromBase45([]byte(coded))
		require.NoError(t, err)
		assert.Equal(t, plain, string(got))
	}
	for _, bad := range []string{"A", "a00", ":::", "::", "GGX", "AB8Z"} {
		_, err := portable.FromBase45([]byte(bad))
		require.Error(t, err, bad)
	}
	got, err := portable.FromBase45([]byte("QED8WEX0"))
	require.NoError(t, err)
	assert.Equal(t, "ietf!", string(got))
}
