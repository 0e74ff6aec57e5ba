package attest_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/testkeys"
)

// TestGolden compares the frozen formats of this package byte by byte with testdata/golden. A difference is a new version
// of the format, never an edit of the file: what was issued and archived before must still be read.
func TestGolden(t *testing.T) {
	outputs := map[string]func(t *testing.T) string{
		"certificate-header":   func(t *testing.T) string { return string(goldenCertificate(t, attest.SuiteStd).Issuer.Header.Raw()) },
		"certificate-payload":  func(t *testing.T) string { return string(goldenCertificate(t, attest.SuiteStd).Issuer.Payload) },
		"disclosures":          goldenDisclosures,
		"gm-header":            func(t *testing.T) string { return string(goldenCertificate(t, attest.SuiteGM).Issuer.Header.Raw()) },
		"gm-payload":           func(t *testing.T) string { return string(goldenCertificate(t, attest.SuiteGM).Issuer.Payload) },
		"commitments":          func(*testing.T) string { return goldenCommitments() },
		"verification-header":  func(t *testing.T) string { return string(goldenVerification(t, fullReceipt()).Header.Raw()) },
		"verification-payload": func(t *testing.T) string { return string(goldenVerification(t, fullReceipt()).Payload) },
		"verification-least":   func(t *testing.T) string { return string(goldenVerification(t, leastReceipt()).Payload) },
	}
	datadriven.RunTest(t, "testdata/golden/formats", func(t *testing.T, d *datadriven.TestData) string {
		output, ok := outputs[d.Cmd]
		require.True(t, ok, d.Cmd)
		return output(t)
	})
}

const (
	goldenIssuer   = "https://430000.example/v1/authorities/11430000006122244L"
	goldenType     = "11100000000013338W001" // 二级建造师注册证书
	goldenScenario = "二级建造师注册"
)

func goldenCertificate(t *testing.T, suite attest.Suite) *attest.SDJWT {
	sd, err := attest.SignCertificate(&attest.Certificate{Issuer: goldenIssuer, Type: goldenType, TypeVersion: 1,
		IssuedAt: 1767196800, NotBefore: 1767196801, Expires: 2082556800, StatusList: 3, StatusIndex: 131071,
		Holder: testkeys.Signer(t, suite, "golden holder").Public(),
		Fields: []attest.Field{{Name: "certificateNumber", Value: []byte(`"TEST-0001"`)}, {Name: "age_over_60", Value: []byte(`false`)}},
	}, testkeys.Signer(t, suite, "11430000006122244L#k1"), testkeys.Salts("golden"))
	require.NoError(t, err)
	return sd
}

func goldenDisclosures(t *testing.T) string {
	var out []string
	for _, d := range goldenCertificate(t, attest.SuiteStd).Disclosures {
		out = append(out, fmt.Sprintf("%s (%s, %s)", d.Encoded, d.Name, d.Value.Raw()))
	}
	return strings.Join(out, "\n")
}

func goldenCommitments() string {
	salt, digest := make([]byte, attest.SaltSize), make([]byte, 32)
	var out []string
	add := func(name string, sum [32]byte) { out = append(out, name+" "+hex.EncodeToString(sum[:])) }
	for _, s := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		add(string(s)+" certificate", attest.CommitCertificate(s, []byte("e30.e30.AAAA")))
		add(string(s)+" document   ", attest.CommitDocument(s, salt, digest))
		add(string(s)+" row        ", attest.CommitRow(s, salt, []byte("110000,北京市")))
		add(string(s)+" dataset    ", attest.CommitDataset(s, []byte(`{"v":1}`)))
		add(string(s)+" receipt    ", attest.CommitReceipt(s, []byte("e30.e30.AAAA")))
	}
	return strings.Join(out, "\n")
}

func fullReceipt() *attest.VerificationReceipt {
	v := &attest.Verdict{Result: attest.Valid, Code: attest.CodeOK, Disputed: true, Commitment: [32]byte{1}, Authority: "11430000006122244L",
		Issuer: "430000", Type: goldenType, Version: 2, Agreement: "builders", Revision: 3, Height: 17, Digest: [32]byte{2},
		Agreeing: []string{"430000", "440000"}, AgreedAt: 16, Checks: []attest.Check{
			{Name: attest.CheckParse, Outcome: attest.Passed, Code: attest.CodeOK},
			{Name: attest.CheckInclusion, Outcome: attest.Passed, Code: attest.CodeOK, Evidence: "batch AAECAwQFBgcICQoLDA0ODw at 5/0"},
			{Name: attest.CheckBinding, Outcome: attest.Skipped, Code: attest.CodeBindingNotAsked}}}
	return &attest.VerificationReceipt{ID: "AAECAwQFBgcICQoLDA0ODw", Network: "test-network", Region: "440000", Verifier: "office-1",
		UseCause: "办理注册", Scenario: goldenScenario, Time: 1767196800, Verdict: v}
}

func leastReceipt() *attest.VerificationReceipt {
	return &attest.VerificationReceipt{ID: "AAECAwQFBgcICQoLDA0ODw", Network: "test-network", Region: "440000", Verifier: "office-1",
		UseCause: "办理注册", Scenario: goldenScenario, Time: 1767196800,
		Verdict: &attest.Verdict{Result: attest.Undetermined, Code: attest.CodeWitnessFrozen}}
}

func goldenVerification(t *testing.T, r *attest.VerificationReceipt) *attest.JWS {
	raw, err := r.Sign(testkeys.Signer(t, attest.SuiteStd, "440000#w1"))
	require.NoError(t, err)
	j, err := attest.ParseJWS(raw)
	require.NoError(t, err)
	return j
}
