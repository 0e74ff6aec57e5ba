package registry_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// TestGolden compares every frozen format byte by byte with testdata/golden. A difference is a new version of the
// format, never an edit of the file: ledgers that were written before must still be read.
func TestGolden(t *testing.T) {
	datadriven.Walk(t, "testdata/golden", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "keys":
				return goldenKeys()
			case "payload":
				return goldenPayload(t, d.CmdArgs[0].Key)
			case "records":
				return goldenRecords(t)
			case "command":
				return strings.ReplaceAll(string(testledger.Found(t, attest.SuiteStd).Sign("440000#w1",
					&registry.Witness{Height: 1})), ".", ".\n")
			case "block-digest":
				return goldenBlockDigest()
			case "batch-id":
				return goldenBatchID()
			}
			t.Fatalf("no directive %s", d.Cmd)
			return ""
		})
	})
}

const goldenAuthority = "11430000006122244L"

func goldenKeys() string {
	return strings.Join([]string{
		registry.KeyConsortium,
		registry.KeyRegion("440000"),
		registry.KeyRegionProposal("110000", "digest"),
		registry.KeyKey(registry.KeyID("440000", "g1")),
		registry.KeyAuthority(goldenAuthority),
		registry.KeyType(testledger.TypeConstructor, 12),
		registry.KeyBatch("AAECAwQFBgcICQoLDA0ODw"),
		registry.KeyStatus(goldenAuthority, 3, 131071),
		registry.KeyAgreement("builders", 2),
		registry.KeyWitness("440000"),
		registry.KeyOperation("440000", "rotate-0001"),
	}, "\n")
}

func sequence() (out [32]byte) {
	for i := range out {
		out[i] = byte(i)
	}
	return out
}

// goldenCommands is one of each command, with every member that it can have.
func goldenCommands(t testing.TB) map[string]registry.Command {
	_, found := testledger.Charter(t, "test-network", attest.SuiteStd, []string{"430000", "440000"})
	public := testledger.Signer(t, attest.SuiteStd, "golden").Public()
	digest := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	authority := registry.RegisterAuthority{Authority: attest.Authority{Code: goldenAuthority, Name: "湖南省住房和城乡建设厅",
		Region: "430000", Division: "430000", Parent: "11100000000013338W",
		Issuer: "https://430000.example/v1/authorities/" + goldenAuthority, Types: []string{testledger.TypeConstructor}},
		Key: registry.NewKey{Name: "k1", Use: attest.UseIssue, Public: public}}
	agreement := attest.Agreement{ID: "builders", Version: 1, Issuers: []string{"430000", "440000"},
		Relying: []string{"500000"}, Types: []string{testledger.TypeConstructor}, Scenarios: []string{"二级建造师注册"},
		Conditions: attest.Conditions{Disclose: []string{"certificateNumber"}, MaxAgeDays: 365, AcceptSuspended: true},
		From:       1767196800, Until: 1798732800}
	commands := []registry.Command{
		found,
		&registry.ProposeRegion{Founder: testledger.Founder(t, attest.SuiteStd, "110000")},
		&registry.ApproveRegion{Region: "110000", Digest: digest},
		&registry.RotateKey{Op: "rotate-0001", Owner: "440000",
			Add: &registry.NewKey{Name: "g2", Use: attest.UseGovern, Public: public}, Retire: "440000#g1"},
		&registry.MarkCompromised{Op: "compromised-1", Key: "440000#w1", From: 17},
		&authority,
		&registry.SetScope{Op: "scope-00001", Code: goldenAuthority, Types: []string{testledger.TypeConstructor,
			testledger.TypeRealEstate}},
		&registry.SetAuthorityState{Op: "suspend-001", Code: goldenAuthority, State: attest.AuthoritySuspended},
		testledger.NewType(testledger.TypeConstructor, 1),
		&registry.Anchor{ID: "AAECAwQFBgcICQoLDA0ODw", Kind: attest.KindCertificate, Suite: attest.SuiteGM, Root: sequence(),
			Size: 4096, Types: []string{testledger.TypeConstructor, testledger.TypeRealEstate}},
		&registry.SetStatus{Op: "status-00001", Authority: goldenAuthority, Entries: []registry.StatusEntry{
			{List: 0, Index: 7, State: "suspended", From: 1767196800, Reason: "02"},
			{List: 1, Index: 131071, State: "superseded", From: 1767196801, Reason: "06", Successor: digest}}},
		&registry.ProposeAgreement{Agreement: agreement},
		&registry.ApproveAgreement{ID: "builders", Version: 1, Digest: digest},
		&registry.WithdrawAgreement{Op: "withdraw-1", ID: "builders", Version: 1, Ends: 1767196800},
		&registry.Witness{Height: 17, Digest: sequence()},
	}
	out := map[string]registry.Command{}
	for _, c := range commands {
		out[c.Name()] = c
	}
	return out
}

// goldenPayload is the payload of a command; of found, the charter that its first signature carries.
func goldenPayload(t *testing.T, name string) string {
	command, ok := goldenCommands(t)[name]
	require.True(t, ok)
	raw, err := registry.Sign("test-network", command, testledger.Signer(t, attest.SuiteStd, "440000#g1"))
	require.NoError(t, err)
	text := payload(t, raw)
	if found, ok := command.(*registry.Found); ok {
		charter, err := attest.ParseJWS([]byte(found.Signatures[0]))
		require.NoError(t, err)
		for i, signature := range found.Signatures {
			text = strings.ReplaceAll(text, signature, fmt.Sprintf("<signature %d>", i))
		}
		text = fmt.Sprintf("%s\n%s\n%s", charter.Header.Raw(), charter.Payload, text)
	}
	return text
}

func payload(t testing.TB, raw []byte) string {
	j, err := attest.ParseJWS(raw)
	require.NoError(t, err)
	return string(j.Payload)
}

// goldenRecords is the whole state after at least one command of each group.
func goldenRecords(t testing.TB) string {
	c := testledger.Found(t, attest.SuiteStd, "430000", "440000")
	c.Do("430000#g1", testledger.NewType(testledger.TypeConstructor, 1))
	c.Do("440000#g1", c.NewAuthority("440000", 1, testledger.TypeConstructor))
	authority := testledger.USCC(t, "440000", 1)
	child := c.NewAuthority("440000", 2, testledger.TypeConstructor)
	child.Authority.Parent = authority
	c.Do(authority+"#k1", child)
	c.Issue(authority+"#k1", c.Certificate(authority, 7), 4)
	c.Do("440000#w1", &registry.Anchor{Kind: attest.KindReceipt, Suite: attest.SuiteGM, Root: sequence(), Size: 1,
		ID: registry.BatchID("440000#w1", attest.KindReceipt, attest.SuiteGM, sequence(), 1)})
	digest := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	c.Do(authority+"#k1", &registry.SetStatus{Op: "status-00001", Authority: authority, Entries: []registry.StatusEntry{
		{Index: 7, State: "suspended", From: testledger.Start, Reason: "02"}}})
	c.Do(authority+"#k1", &registry.SetStatus{Op: "status-00002", Authority: authority, Entries: []registry.StatusEntry{
		{Index: 7, State: "superseded", From: testledger.Start + 5, Reason: "06", Successor: digest}}})
	agreement := c.Agreement("builders")
	agreement.Conditions = attest.Conditions{Disclose: []string{"certificateNumber"}, MaxAgeDays: 365, AcceptSuspended: true}
	c.Agree(agreement)
	c.Do("430000#g1", &registry.WithdrawAgreement{Op: "withdraw-1", ID: "builders", Version: 1, Ends: testledger.Start + 9})
	c.Do("440000#g1", &registry.ProposeRegion{Founder: testledger.Founder(t, attest.SuiteStd, "110000")})
	c.Do("440000#g1", &registry.MarkCompromised{Op: "compromised-1", Key: authority + "#k1", From: 4})
	c.Do("440000#w1", &registry.Witness{Height: 12, Digest: sequence()})
	var out strings.Builder
	for _, key := range c.Keys() {
		fmt.Fprintf(&out, "%s\n%s\n", key, c.Get(key))
	}
	return out.String()
}

func goldenBlockDigest() string {
	d0 := registry.BlockDigest([32]byte{}, 0, nil)
	d1 := registry.BlockDigest(d0, 1, []registry.Write{{Key: "a", Value: []byte("1")}, {Key: "b", Value: []byte("2")}})
	swapped := registry.BlockDigest(d0, 1, []registry.Write{{Key: "b", Value: []byte("2")}, {Key: "a", Value: []byte("1")}})
	shifted := registry.BlockDigest(d0, 1, []registry.Write{{Key: "a1", Value: nil}, {Key: "b", Value: []byte("2")}})
	return fmt.Sprintf("no writes:    %x\na=1 b=2:      %x\nb=2 a=1:      %x\na1= b=2:      %x", d0, d1, swapped, shifted)
}

func goldenBatchID() string {
	var out []string
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		id := registry.BatchID(goldenAuthority+"#k1", attest.KindCertificate, suite, sequence(), 4096)
		raw, _ := base64.RawURLEncoding.DecodeString(id)
		out = append(out, fmt.Sprintf("%s %s (%s)", suite, id, hex.EncodeToString(raw)))
	}
	return strings.Join(out, "\n")
}
