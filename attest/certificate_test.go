package attest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/testkeys"
)

func plainCertificate() *attest.Certificate {
	return &attest.Certificate{Issuer: goldenIssuer, Type: goldenType, TypeVersion: 1, IssuedAt: 100,
		Fields: []attest.Field{{Name: "certificateNumber", Value: []byte(`"1"`)}}}
}

// TestProfileReadsBack: what a certificate shows of itself is what it was issued with, in both suites.
func TestProfileReadsBack(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		signer := testkeys.Signer(t, suite, "11430000006122244L#k1")
		rapid.Check(t, func(rt *rapid.T) {
			c := plainCertificate()
			c.TypeVersion = rapid.IntRange(1, 9999).Draw(rt, "version")
			c.IssuedAt = rapid.Int64Range(1, 1<<40).Draw(rt, "iat")
			c.NotBefore = rapid.Int64Range(0, 1<<40).Draw(rt, "nbf")
			if rapid.Bool().Draw(rt, "ends") {
				c.Expires = max(c.NotBefore, c.IssuedAt) + rapid.Int64Range(1, 1<<40).Draw(rt, "life")
			}
			if rapid.Bool().Draw(rt, "has holder") {
				c.Holder = testkeys.Signer(t, suite, "holder").Public()
			}
			c.StatusList, c.StatusIndex = rapid.Uint32().Draw(rt, "list"), rapid.Uint32Range(0, attest.StatusListSize-1).Draw(rt, "index")
			sd, err := attest.SignCertificate(c, signer, testkeys.Salts("x"))
			require.NoError(rt, err)
			require.NoError(rt, sd.Issuer.Verify(signer.Public()))
			p, err := attest.ReadProfile(sd)
			require.NoError(rt, err)
			require.Equal(rt, &attest.Profile{Issuer: c.Issuer, Authority: "11430000006122244L", KeyID: signer.KeyID(), Type: c.Type,
				TypeVersion: c.TypeVersion, IssuedAt: c.IssuedAt, NotBefore: c.NotBefore, Expires: c.Expires, Holder: c.Holder,
				HasStatus: true, StatusList: c.StatusList, StatusIndex: c.StatusIndex}, p)
		})
	}
}

func TestSignCertificateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(c *attest.Certificate)
		code   attest.Code
	}{
		"an index beyond the list":     {func(c *attest.Certificate) { c.StatusIndex = attest.StatusListSize }, attest.CodeStatusIndexRange},
		"an end before the issue":      {func(c *attest.Certificate) { c.Expires = 100 }, attest.CodeDatesReversed},
		"an end before the beginning":  {func(c *attest.Certificate) { c.NotBefore, c.Expires = 200, 200 }, attest.CodeDatesReversed},
		"no field":                     {func(c *attest.Certificate) { c.Fields = nil }, attest.CodeProfile},
		"a field named as visible":     {func(c *attest.Certificate) { c.Fields[0].Name = "exp" }, attest.CodeClaimReserved},
		"a field with a reserved name": {func(c *attest.Certificate) { c.Fields[0].Name = "_sd" }, attest.CodeClaimReserved},
		"a field twice":                {func(c *attest.Certificate) { c.Fields = append(c.Fields, c.Fields[0]) }, attest.CodeClaimConflict},
		"a field that is not JSON":     {func(c *attest.Certificate) { c.Fields[0].Value = []byte("x") }, attest.CodeJSONSyntax},
	} {
		t.Run(name, func(t *testing.T) {
			cert := plainCertificate()
			c.change(cert)
			_, err := attest.SignCertificate(cert, testkeys.Signer(t, attest.SuiteStd, "11430000006122244L#k1"), testkeys.Salts("x"))
			assert.Equal(t, c.code, attest.CodeOf(err), "%v", err)
		})
	}
}

// TestSaltsAreFresh: the same fields under new salts share nothing, neither digest nor commitment.
func TestSaltsAreFresh(t *testing.T) {
	signer := testkeys.Signer(t, attest.SuiteStd, "11430000006122244L#k1")
	seen := map[string]bool{}
	for _, seed := range []string{"one", "two", "three"} {
		sd, err := attest.SignCertificate(plainCertificate(), signer, testkeys.Salts(seed))
		require.NoError(t, err)
		digests, ok := sd.Payload.Get("_sd")
		require.True(t, ok)
		require.Len(t, digests.Elems(), 2, "the field and a decoy")
		for _, d := range digests.Elems() {
			require.False(t, seen[d.Str()])
			seen[d.Str()] = true
		}
		commitment := attest.CommitCertificate(attest.SuiteStd, sd.IssuerJWT())
		require.False(t, seen[string(commitment[:])])
		seen[string(commitment[:])] = true
	}
}

func TestRequestNamesItsPurpose(t *testing.T) {
	long := make([]rune, attest.MaxUseCause+1)
	for i := range long {
		long[i] = '办'
	}
	for code, r := range map[attest.Code]attest.Request{
		"":                         {UseCause: string(long[1:]), Scenario: "公证"},
		attest.CodePurposeMissing:  {Scenario: "公证"},
		attest.CodePurposeTooLong:  {UseCause: string(long), Scenario: "公证"},
		attest.CodeScenarioMissing: {UseCause: "办理"},
	} {
		assert.Equal(t, code, attest.CodeOf(r.Validate()))
	}
}
