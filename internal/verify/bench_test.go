package verify_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/index/indextest"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/internal/testcpu"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
	"github.com/huzheng-ledger/huzheng/internal/vault"
	"github.com/huzheng-ledger/huzheng/internal/verify"
)

const (
	benchIssuer  = "440000" // whose authority signs
	benchRelying = "510000" // whose gateway judges
	benchNow     = testledger.Start + 3600
	benchBatch   = 4096
	benchShown   = 2000 // presentations that are drawn from
	benchNonce   = "nonce-of-the-benchmark"
)

// benchDisclosed are the four fields of a presentation.
var benchDisclosed = []string{"certificateName", "certificateNumber", "certificateHolderName", "certificateExpiringDate"}

// benchWorld is a region's index that followed a ledger with so many certificates of another region, one in ten of them
// with a status, and presentations of some of them.
type benchWorld struct {
	b         *testing.B
	ledger    *testledger.Consortium
	chain     indextest.Chain
	index     *index.Index
	authority string
	key       string
	shown     []verify.Submission
}

// newBenchWorld anchors batches of 4,096 certificates. bound: presentations carry a key binding.
func newBenchWorld(b *testing.B, certificates int, bound bool) *benchWorld {
	b.Helper()
	w := &benchWorld{b: b, ledger: testledger.Found(b, attest.SuiteStd)}
	var err error
	w.index, err = index.Create(filepath.Join(b.TempDir(), "index"), index.Options{
		Clock: func() time.Time { return time.Unix(benchNow, 0) }, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	b.Cleanup(func() { _ = w.index.Close() })
	w.found()
	batches := (certificates + benchBatch - 1) / benchBatch
	for i := range batches {
		w.anchor(i, (benchShown+batches-1)/batches, bound)
	}
	w.setStatus(certificates / 10)
	w.witness()
	warm := w.verifier(false, false)
	for i := range w.shown { // what is measured is the steady state
		requireValid(b, warm, &w.shown[i])
	}
	return w
}

// do applies a command to the index, as a block of its own.
func (w *benchWorld) do(key string, commands ...registry.Command) {
	w.b.Helper()
	var txs []registry.Transaction
	for _, c := range commands {
		txs = append(txs, registry.Transaction{Tx: w.ledger.Tx(key), Command: w.ledger.Sign(key, c), Valid: true})
	}
	require.NoError(w.b, w.index.Apply(w.chain.Add(txs...)))
}

// found founds the consortium with a type, an authority and an agreement, in the index and in the ledger of the tests.
func (w *benchWorld) found() {
	w.b.Helper()
	_, found := testledger.Charter(w.b, w.ledger.Network, w.ledger.Suite, w.ledger.Regions)
	w.do(registry.KeyID(w.ledger.Regions[0], "g1"), found)
	kind, err := sample.TypeOf(sample.TypeConstructor)
	require.NoError(w.b, err)
	both := func(key string, c registry.Command) (digest string) {
		w.do(key, c)
		return w.ledger.Do(key, c)
	}
	govern := registry.KeyID(benchIssuer, "g1")
	both(govern, &registry.RegisterType{Type: kind.CertificateType()})
	authority := w.ledger.NewAuthority(benchIssuer, 1, string(sample.TypeConstructor))
	both(govern, authority)
	w.authority, w.key = authority.Authority.Code, registry.KeyID(authority.Authority.Code, "k1")
	terms := w.ledger.Agreement("bench")
	digest := both(registry.KeyID(w.ledger.Regions[0], "g1"), &registry.ProposeAgreement{Agreement: terms})
	for _, r := range w.ledger.Regions[1:] {
		both(registry.KeyID(r, "g1"), &registry.ApproveAgreement{ID: terms.ID, Version: terms.Version, Digest: digest})
	}
}

// anchor anchors a batch whose first leaves are certificates of 12 fields that are kept to be presented.
func (w *benchWorld) anchor(number, shown int, bound bool) {
	w.b.Helper()
	samples, err := sample.New(uint64(number), gbt.USCC(w.authority), "示例机构", benchIssuer)
	require.NoError(w.b, err)
	leaves := make([][32]byte, benchBatch)
	for i := range leaves {
		binary.LittleEndian.PutUint64(leaves[i][:], uint64(number)<<32|uint64(i))
	}
	signed := make([]*attest.SDJWT, shown)
	first := number * benchBatch
	for i := range signed {
		signed[i] = w.certificate(samples, uint32(first+i))
		leaves[i] = attest.CommitCertificate(attest.SuiteStd, signed[i].IssuerJWT())
	}
	tree := merkle.NewTree(attest.SuiteStd, leaves)
	a := &registry.Anchor{Kind: attest.KindCertificate, Suite: attest.SuiteStd, Root: tree.Root(), Size: tree.Size(),
		Types: []string{string(sample.TypeConstructor)}}
	a.ID = registry.BatchID(w.key, a.Kind, a.Suite, a.Root, a.Size)
	w.do(w.key, a)
	for i, sd := range signed {
		r, err := merkle.NewReceipt(attest.KindCertificate, attest.SuiteStd, a.ID, tree, uint64(i))
		require.NoError(w.b, err)
		w.shown = append(w.shown, w.submission(sd, r, uint32(first+i), bound))
	}
}

// certificate is one of 12 fields about a synthetic person, with an index that no tenth certificate has.
func (w *benchWorld) certificate(samples *sample.Generator, number uint32) *attest.SDJWT {
	w.b.Helper()
	const fields = 12
	record, err := samples.On(time.Unix(testledger.Start, 0)).Record(sample.TypeConstructor, int(number))
	require.NoError(w.b, err)
	list, at := benchSlot(number*10 + 1)
	c := w.ledger.Certificate(w.authority, at)
	c.StatusList, c.Holder, c.Fields = list, w.holder(number).Public(), nil
	for _, claim := range record.Claims[:fields] {
		c.Fields = append(c.Fields, attest.Field{Name: claim.Name, Value: attest.AppendString(nil, claim.Value)})
	}
	sd, err := attest.SignCertificate(c, w.ledger.Signer(w.key), rand.Reader)
	require.NoError(w.b, err)
	return sd
}

func (w *benchWorld) holder(number uint32) attest.Signer {
	return w.ledger.Signer(fmt.Sprint("holder-", number))
}

// benchSlot spreads certificates over status lists.
func benchSlot(number uint32) (list, at uint32) {
	return number / attest.StatusListSize, number % attest.StatusListSize
}

func (w *benchWorld) submission(sd *attest.SDJWT, r *merkle.Receipt, number uint32, bound bool) verify.Submission {
	w.b.Helper()
	presentation, err := sd.Present(benchDisclosed...)
	require.NoError(w.b, err)
	s := verify.Submission{Receipt: r.JSON(), Credential: "credential-1", Request: attest.Request{
		Verifier: "示例窗口", UseCause: "办理二级建造师注册", Scenario: testledger.Scenario}}
	if bound {
		s.Request.Audience, s.Request.Nonce = "https://510000.example", benchNonce
		presentation, err = attest.BindKey(presentation, w.holder(number), s.Request.Audience, benchNonce, benchNow-1)
		require.NoError(w.b, err)
	}
	s.Presentation = presentation
	return s
}

// setStatus revokes so many certificates, none of those that are presented.
func (w *benchWorld) setStatus(count int) {
	w.b.Helper()
	for from := 0; from < count; from += registry.MaxStatus {
		c := &registry.SetStatus{Op: fmt.Sprint("operation-of-bench-", from), Authority: w.authority}
		for i := from; i < min(from+registry.MaxStatus, count); i++ {
			list, at := benchSlot(uint32(i) * 10)
			c.Entries = append(c.Entries, registry.StatusEntry{List: list, Index: at, State: "revoked", From: benchNow - 60, Reason: "04"})
		}
		w.do(w.key, c)
	}
}

// witness lets every region agree with the index.
func (w *benchWorld) witness() {
	w.b.Helper()
	p := w.index.Progress()
	for _, r := range w.ledger.Regions {
		w.do(registry.KeyID(r, "w1"), &registry.Witness{Height: p.Next - 1, Digest: p.Digest})
	}
	w.index.Heard(benchNow)
}

// nobody records nothing: what is measured then is reading, judging and signing.
type nobody struct{}

func (nobody) Record(context.Context, verify.Record) error { return nil }

// audit is the gateway's recorder: the vault's audit log, synced before every answer.
type audit struct {
	store   *vault.Vault
	queue   custody.Queue
	reports bool // also a report for the issuer's region, in the outbox
}

func (a audit) Record(ctx context.Context, r verify.Record) error {
	entry := &custody.AuditEntry{Queue: a.queue, ID: r.ReceiptID, JWS: r.Receipt, Credential: r.Credential, UseCause: r.UseCause, Time: r.Time}
	if a.reports {
		entry.ReportTo, entry.About = r.Issuer, r.Commitment
	}
	_, err := a.store.AppendAudit(ctx, entry)
	return err
}

func newBenchAudit(b *testing.B, gateway attest.Signer, reports bool) audit {
	b.Helper()
	master, err := keys.NewMaster(make([]byte, keys.MasterSize))
	require.NoError(b, err)
	dir := b.TempDir()
	o := vault.Options{Dir: filepath.Join(dir, "vault"), Keyring: filepath.Join(dir, "keyring"), Master: master, Suite: attest.SuiteStd}
	require.NoError(b, vault.Create(o))
	store, err := vault.Open(o)
	require.NoError(b, err)
	b.Cleanup(func() { _ = store.Close() })
	return audit{store, custody.Queue{Key: gateway.KeyID(), Kind: attest.KindReceipt, Suite: attest.SuiteStd}, reports}
}

// verifier signs with a key as a gateway keeps it.
func (w *benchWorld) verifier(audited, reports bool) *verify.Verifier {
	w.b.Helper()
	gateway, _, err := keys.Generate(attest.SuiteStd, registry.KeyID(benchRelying, "w1"))
	require.NoError(w.b, err)
	o := verify.Options{Region: benchRelying, Replica: w.index, Gateway: func() attest.Signer { return gateway }, Recorder: nobody{}, Random: rand.Reader,
		Clock: func() time.Time { return time.Unix(benchNow, 0) }}
	if audited {
		o.Recorder = newBenchAudit(w.b, gateway, reports)
	}
	return verify.New(o)
}

// run does work with presentations drawn at random, from callers at once.
func (w *benchWorld) run(b *testing.B, callers int, work func(s *verify.Submission)) {
	var seed atomic.Uint64
	b.SetParallelism(callers)
	b.ReportAllocs()
	b.ResetTimer()
	before := testcpu.Used(b)
	b.RunParallel(func(pb *testing.PB) {
		rng := mathrand.New(mathrand.NewPCG(seed.Add(1), 1))
		for pb.Next() {
			work(&w.shown[rng.IntN(len(w.shown))])
		}
	})
	b.ReportMetric(float64((testcpu.Used(b)-before).Nanoseconds())/1000/float64(b.N), "cpu-µs/verification") // on a shared machine the truer figure
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verifications/s")
}

func requireValid(b *testing.B, v *verify.Verifier, s *verify.Submission) {
	a, err := v.Verify(context.Background(), s)
	if err != nil || a.Verdict.Result != attest.Valid {
		b.Fatalf("%v %+v", err, a)
	}
}

// judge is reading, looking up and deciding alone, without a receipt.
func (w *benchWorld) judge(b *testing.B, s *verify.Submission) {
	request := s.Request
	request.Relying, request.Now = benchRelying, benchNow
	var e *attest.Evidence
	err := w.index.Read(func(view registry.View) error {
		e = registry.Gather(view, s.Presentation, s.Receipt, request, attest.DefaultPolicy())
		return nil
	})
	if v := attest.Judge(e); err != nil || v.Result != attest.Valid {
		b.Fatalf("%v %+v", err, v)
	}
}

// signature is what no verification does without: checking one signature of the issuer's, and of the holder's where bound.
func (w *benchWorld) signature(b *testing.B, bound bool) func(*verify.Submission) {
	signer := w.ledger.Signer(w.key)
	message := make([]byte, 1500)
	sig, err := signer.Sign(message)
	require.NoError(b, err)
	return func(*verify.Submission) {
		err := signer.Public().Verify(message, sig)
		if bound && err == nil {
			err = signer.Public().Verify(message, sig)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify verifies presentations of 4 of 12 fields with every check, from the index of a province that follows
// the ledger. signature: checking the signatures alone, the floor of all that follows; judge: the verdict; receipt: and a
// signed receipt for it; audit: and its audit record, synced before the answer, where 64 callers share the syncs as they
// do behind HTTP; report: and the report of the use to the issuer's region, in the outbox in one write with the record, as a
// gateway has it where the certificate is another region's. bound: with key binding, which is one more signature to check. Compare the same line of 10⁴ and 10⁶
// certificates. Run with -cpu 1 for one core.
func BenchmarkVerify(b *testing.B) {
	for _, bound := range []bool{false, true} {
		for _, certificates := range []int{10_000, 1_000_000} {
			if bound && certificates != 10_000 {
				continue
			}
			w := newBenchWorld(b, certificates, bound)
			name := fmt.Sprintf("bound=%t/certificates=%d", bound, certificates)
			b.Run(name+"/signature", func(b *testing.B) { w.run(b, 1, w.signature(b, bound)) })
			b.Run(name+"/judge", func(b *testing.B) { w.run(b, 1, func(s *verify.Submission) { w.judge(b, s) }) })
			b.Run(name+"/receipt", func(b *testing.B) {
				v := w.verifier(false, false)
				w.run(b, 1, func(s *verify.Submission) { requireValid(b, v, s) })
			})
			b.Run(name+"/audit", func(b *testing.B) {
				v := w.verifier(true, false)
				w.run(b, 64, func(s *verify.Submission) { requireValid(b, v, s) })
			})
			b.Run(name+"/report", func(b *testing.B) {
				v := w.verifier(true, true)
				w.run(b, 64, func(s *verify.Submission) { requireValid(b, v, s) })
			})
		}
	}
}
