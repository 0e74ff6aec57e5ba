package verify_test

import (
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/index/indextest"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
	"github.com/huzheng-ledger/huzheng/internal/verify"
)

// following is an index that follows the ledger of a test, command by command.
type following struct {
	t      *testing.T
	ledger *testledger.Consortium
	index  *index.Index
	chain  indextest.Chain
}

func (f *following) do(key string, c registry.Command) {
	f.t.Helper()
	tx := registry.Transaction{Tx: f.ledger.Tx(key), Command: f.ledger.Sign(key, c), Valid: true}
	_, _, err := f.ledger.Apply(tx.Tx, tx.Command)
	require.NoError(f.t, err)
	require.NoError(f.t, f.index.Apply(f.chain.Add(tx)))
}

// verdictOf verifies, and holds the verdict against what its own height says: suspended by every second block from first
// on.
func verdictOf(t *testing.T, v *verify.Verifier, s *verify.Submission, first uint64) (result attest.Result, ok bool) {
	t.Helper()
	answer, err := v.Verify(t.Context(), s)
	if err != nil {
		t.Errorf("no answer: %v", err)
		return "", false
	}
	want := attest.Valid
	if h := answer.Verdict.Height; h >= first && (h-first)%2 == 0 {
		want = attest.Suspended
	}
	return want, assert.Equal(t, want, answer.Verdict.Result, "at height %d of %d", answer.Verdict.Height, first)
}

// TestAVerdictIsOfOneState suspends and reinstates while others verify: what each verdict says must be what its
// own height says, whatever was applied around it.
func TestAVerdictIsOfOneState(t *testing.T) {
	const changes = 150
	f := &following{t: t, ledger: testledger.Found(t, attest.SuiteStd)}
	var err error
	clock := func() time.Time { return time.Unix(now, 0) }
	f.index, err = index.Create(filepath.Join(t.TempDir(), "index"), index.Options{Clock: clock, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.index.Close()) })
	_, found := testledger.Charter(t, f.ledger.Network, f.ledger.Suite, f.ledger.Regions)
	key := registry.KeyID(f.ledger.Regions[0], "g1")
	require.NoError(t, f.index.Apply(f.chain.Add(registry.Transaction{Tx: f.ledger.Tx(key), Command: f.ledger.Sign(key, found), Valid: true})))
	govern := registry.KeyID(issuing, "g1")
	f.do(govern, testledger.NewType(testledger.TypeConstructor, 1))
	authority := f.ledger.NewAuthority(issuing, 1, testledger.TypeConstructor)
	f.do(govern, authority)
	signer := registry.KeyID(authority.Authority.Code, "k1")
	certificate := f.ledger.Certificate(authority.Authority.Code, 7)
	issued := f.ledger.Issue(signer, certificate, 5) // in the ledger of the test; the index gets the same command
	anchor := &registry.Anchor{Kind: attest.KindCertificate, Suite: f.ledger.Suite, Root: issued.Tree.Root(), Size: issued.Tree.Size(),
		Types: []string{certificate.Type}, ID: issued.Batch}
	require.NoError(t, f.index.Apply(f.chain.Add(registry.Transaction{Tx: f.ledger.Tx(signer), Command: f.ledger.Sign(signer, anchor), Valid: true})))
	p := f.index.Progress()
	for _, r := range f.ledger.Regions {
		f.do(registry.KeyID(r, "w1"), &registry.Witness{Height: p.Next - 1, Digest: p.Digest})
	}
	f.index.Heard(now)

	first := f.index.Next() // the block of change 0; it suspends, the next one reinstates, and so on
	v := verify.New(verify.Options{Region: issuing, Replica: f.index, Gateway: func() attest.Signer { return f.ledger.Signer(registry.KeyID(issuing, "w1")) },
		Recorder: &recorder{}, Random: testledger.Salts("receipts"), Clock: clock})
	submission := verify.Submission{Presentation: issued.Present(f.ledger, "certificateNumber"), Receipt: issued.Receipt(f.ledger),
		Request: attest.Request{Verifier: "窗口", UseCause: "审查人员资格", Scenario: testledger.Scenario}}
	var ended atomic.Bool
	verified, progress := make(chan map[attest.Result]int, 1), make(chan struct{}, 1)
	go func() {
		defer close(progress)
		seen := map[attest.Result]int{}
		for last := false; !last; {
			last = ended.Load()
			verdict, ok := verdictOf(t, v, &submission, first)
			if !ok {
				break
			}
			seen[verdict]++
			select {
			case progress <- struct{}{}:
			default:
			}
		}
		verified <- seen
	}()
	for i := range changes {
		entry := registry.StatusEntry{Index: 7, State: "suspended", From: now - 1000 + int64(2*i), Reason: "02"}
		if i%2 == 1 {
			entry.State, entry.Reason = registry.Reinstated, "01"
		}
		f.do(signer, &registry.SetStatus{Op: "operation-" + time.Unix(int64(i), 0).UTC().Format("150405"), Authority: authority.Authority.Code,
			Entries: []registry.StatusEntry{entry}})
		<-progress // a run in which nobody verifies proves nothing
	}
	ended.Store(true)
	seen := <-verified
	t.Logf("verdicts while %d changes were applied: %v", changes, seen)
	assert.Positive(t, seen[attest.Valid])
	assert.Positive(t, seen[attest.Suspended])
}
