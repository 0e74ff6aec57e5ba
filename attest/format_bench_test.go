package attest

import (
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// certificateTree is a certificate of the usual size: 7 visible claims and 12 hidden fields.
func certificateTree(holder *PublicKey) []Node {
	tree := []Node{
		{Name: "iss", Value: []byte(`"https://gd.example/issuers/11440000006939799M"`)},
		{Name: "vct", Value: []byte(`"https://gd.example/types/11100000000013338W001/1"`)},
		{Name: "iat", Value: []byte(`1767225600`)},
		{Name: "nbf", Value: []byte(`1767225600`)},
		{Name: "exp", Value: []byte(`1861920000`)},
		{Name: "cnf", Object: []Node{{Name: "jwk", Value: holder.JWK()}}},
		{Name: "status", Value: []byte(`{"status_list":{"idx":77123,"uri":"https://gd.example/status/1"}}`)},
	}
	names := []string{"certificateIdentifier", "certificateName", "certificateNumber", "certificateHolderName",
		"certificateHolderCode", "certificateHolderTypeCode", "certificateIssuingAuthorityName",
		"certificateIssuingAuthorityCode", "certificateIssuedDate", "certificateEffectiveDate",
		"certificateExpiringDate", "certificateAreaCode"}
	for i, name := range names {
		value := AppendString(nil, fmt.Sprintf("二级建造师注册证书 %08d", i))
		tree = append(tree, Node{Name: name, Hidden: true, Value: value})
	}
	return tree
}

const benchDecoys = 4

var benchDisclosed = []string{"certificateName", "certificateNumber", "certificateHolderName", "certificateExpiringDate"}

func benchCertificate(b *testing.B) (issuer, holder *memorySigner, sd *SDJWT) {
	b.Helper()
	issuer, holder = newMemorySigner(b, SuiteStd, "issuer-1"), newMemorySigner(b, SuiteStd, "")
	sd, err := IssueSDJWT(issuer, "dc+sd-jwt", certificateTree(holder.public), benchDecoys, rand.Reader)
	require.NoError(b, err)
	return issuer, holder, sd
}

func BenchmarkParseJSON(b *testing.B) {
	_, _, sd := benchCertificate(b)
	b.SetBytes(int64(len(sd.Issuer.Payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseJSON(sd.Issuer.Payload, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIssueSDJWT12 signs a certificate of 12 fields; ECDSA alone is BenchmarkSignES256.
func BenchmarkIssueSDJWT12(b *testing.B) {
	issuer, holder, _ := benchCertificate(b)
	tree := certificateTree(holder.public)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := IssueSDJWT(issuer, "dc+sd-jwt", tree, benchDecoys, rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProcessPresentation4 parses and processes a presentation of 4 of 12 fields, without any signature.
func BenchmarkProcessPresentation4(b *testing.B) {
	_, _, sd := benchCertificate(b)
	presentation, err := sd.Present(benchDisclosed...)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		p, err := ParseSDJWT(presentation, Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Process(); err != nil {
			b.Fatal(err)
		}
	}
}

func benchSign(b *testing.B, suite Suite) {
	s := newMemorySigner(b, suite, "")
	message := make([]byte, 1200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Sign(message); err != nil {
			b.Fatal(err)
		}
	}
}

func benchVerify(b *testing.B, suite Suite) {
	s := newMemorySigner(b, suite, "")
	message := make([]byte, 1200)
	sig, err := s.Sign(message)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.public.Verify(message, sig); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignES256(b *testing.B)   { benchSign(b, SuiteStd) }
func BenchmarkSignSM2(b *testing.B)     { benchSign(b, SuiteGM) }
func BenchmarkVerifyES256(b *testing.B) { benchVerify(b, SuiteStd) }
func BenchmarkVerifySM2(b *testing.B)   { benchVerify(b, SuiteGM) }
