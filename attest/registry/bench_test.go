package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// BenchmarkVerifyES256 is the share of the signature alone in what follows.
func BenchmarkVerifyES256(b *testing.B) {
	signer, message := testledger.Signer(b, attest.SuiteStd, "x"), make([]byte, 1200)
	signature, err := signer.Sign(message)
	require.NoError(b, err)
	for b.Loop() {
		if err := signer.Public().Verify(message, signature); err != nil {
			b.Fatal(err)
		}
	}
}

func benchLedger(b *testing.B) (c *testledger.Consortium, key string) {
	b.Helper()
	c = testledger.Found(b, attest.SuiteStd)
	c.Do("440000#g1", testledger.NewType(testledger.TypeConstructor, 1))
	c.Do("440000#g1", c.NewAuthority("440000", 1, testledger.TypeConstructor))
	c.Agree(c.Agreement("builders"))
	return c, testledger.USCC(b, "440000", 1) + "#k1"
}

// BenchmarkApplyAnchor applies one anchor of 4,096 leaves to a state in memory: one signature check among it.
func BenchmarkApplyAnchor(b *testing.B) {
	c, key := benchLedger(b)
	a := &registry.Anchor{Kind: attest.KindCertificate, Suite: attest.SuiteStd, Size: 4096, Types: []string{testledger.TypeConstructor},
		ID: registry.BatchID(key, attest.KindCertificate, attest.SuiteStd, [32]byte{}, 4096)}
	benchApply(b, c, c.Tx(key), c.Sign(key, a), 1)
}

// BenchmarkApplyStatus1000 applies one command that revokes a thousand certificates.
func BenchmarkApplyStatus1000(b *testing.B) {
	c, key := benchLedger(b)
	s := &registry.SetStatus{Op: "thousand-1", Authority: key[:18]}
	for i := range uint32(registry.MaxStatus) {
		s.Entries = append(s.Entries, registry.StatusEntry{Index: i, State: "revoked", From: testledger.Start, Reason: "03"})
	}
	benchApply(b, c, c.Tx(key), c.Sign(key, s), len(s.Entries))
}

func benchApply(b *testing.B, c *testledger.Consortium, tx registry.Tx, raw []byte, things int) {
	b.Helper()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := registry.Apply(discard{c.Memory}, tx, raw); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(things), "ns/thing")
}

// discard reads a ledger and writes nowhere.
type discard struct{ *testledger.Memory }

func (d discard) Get(key string) ([]byte, error) { return d.Memory.Get(key), nil }

func (discard) Put(string, []byte) error { return nil }

// BenchmarkGatherAndJudge is a whole verification in process, from received bytes to verdict: a certificate of five
// fields, four disclosed, in a batch of 4,096. Signed adds the verification receipt.
func BenchmarkGatherAndJudge(b *testing.B) {
	c, key := benchLedger(b)
	issued := c.Issue(key, c.Certificate(key[:18], 7), 4095)
	receipt := issued.Receipt(c)
	plain := issued.Present(c, "certificateNumber", "certificateHolderName", "certificateHolderCode", "certificateExpiringDate")
	bound, err := attest.BindKey(plain, issued.Holder, "office-1", "nonce-1", testledger.Start)
	require.NoError(b, err)
	request := attest.Request{Relying: "510000", Verifier: "office-1", UseCause: "办理注册", Scenario: testledger.Scenario, Now: testledger.Start + 5}
	asked := request
	asked.Audience, asked.Nonce = "office-1", "nonce-1"
	gateway, _, err := keys.Generate(attest.SuiteStd, "510000#w1") // signs as in production; the ledger's test keys are slower
	require.NoError(b, err)
	for _, c := range []verification{
		{"binding=false/signed=false", c, plain, receipt, request, nil},
		{"binding=false/signed=true", c, plain, receipt, request, gateway},
		{"binding=true/signed=false", c, bound, receipt, asked, nil},
		{"binding=true/signed=true", c, bound, receipt, asked, gateway},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.run(b)
			}
		})
	}
}

type verification struct {
	name         string
	ledger       *testledger.Consortium
	presentation []byte
	receipt      []byte
	request      attest.Request
	gateway      attest.Signer // nil: no verification receipt
}

func (c *verification) run(b *testing.B) {
	v := attest.Judge(registry.Gather(c.ledger.Memory, c.presentation, c.receipt, c.request, attest.DefaultPolicy()))
	if v.Result != attest.Valid {
		b.Fatal(v.Result, v.Code)
	}
	if c.gateway == nil {
		return
	}
	r := attest.VerificationReceipt{ID: "id", Network: c.ledger.Network, Region: "510000", Verifier: c.request.Verifier,
		UseCause: c.request.UseCause, Scenario: c.request.Scenario, Time: c.request.Now, Verdict: v}
	if _, err := r.Sign(c.gateway); err != nil {
		b.Fatal(err)
	}
}
