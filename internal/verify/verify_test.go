package verify_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
	"github.com/huzheng-ledger/huzheng/internal/verify"
)

const (
	issuing = "440000"
	relying = "510000"
	now     = testledger.Start + 3600
)

// replica lends the ledger of a test, and counts how often.
type replica struct {
	view  registry.View
	reads atomic.Int64
	err   error
}

func (r *replica) Read(read func(registry.View) error) error {
	r.reads.Add(1)
	if r.err != nil {
		return r.err
	}
	return read(r.view)
}

// recorder keeps what it is given; while refuse is set it keeps nothing.
type recorder struct {
	mu      sync.Mutex
	records []verify.Record
	refuse  error
}

func (r *recorder) Record(_ context.Context, record verify.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse == nil {
		r.records = append(r.records, record)
	}
	return r.refuse
}

// world is a ledger with one certificate of Guangdong's, and Sichuan's verifier.
type world struct {
	ledger   *testledger.Consortium
	issued   *testledger.Issued
	replica  *replica
	recorder *recorder
	options  verify.Options
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{ledger: testledger.Found(t, attest.SuiteStd), recorder: &recorder{}}
	govern := registry.KeyID(issuing, "g1")
	w.ledger.Do(govern, testledger.NewType(testledger.TypeConstructor, 1))
	authority := w.ledger.NewAuthority(issuing, 1, testledger.TypeConstructor)
	w.ledger.Do(govern, authority)
	w.ledger.Agree(w.ledger.Agreement("agreement-1"))
	w.issued = w.ledger.Issue(registry.KeyID(authority.Authority.Code, "k1"), w.ledger.Certificate(authority.Authority.Code, 7), 5)
	w.replica = &replica{view: w.ledger}
	w.options = verify.Options{Region: relying, Replica: w.replica, Gateway: func() attest.Signer { return w.ledger.Signer(registry.KeyID(relying, "w1")) },
		Recorder: w.recorder, Random: rand.Reader, Clock: func() time.Time { return time.Unix(now, 0) }}
	return w
}

// submission presents the certificate's number to the verifier.
func (w *world) submission() *verify.Submission {
	return &verify.Submission{Presentation: w.issued.Present(w.ledger, "certificateNumber"), Receipt: w.issued.Receipt(w.ledger),
		Credential: "credential-1", Request: attest.Request{Verifier: "窗口", UseCause: "审查人员资格", Scenario: testledger.Scenario}}
}

func TestTheRecordIsWhatIsAnswered(t *testing.T) {
	w := newWorld(t)
	s := w.submission()
	s.Request.Relying, s.Request.Now = issuing, 1 // are not for the caller to say
	answer, err := verify.New(w.options).Verify(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, attest.Valid, answer.Verdict.Result, "%+v", answer.Verdict.Checks)
	assert.Equal(t, []verify.Record{{ReceiptID: answer.ReceiptID, Receipt: answer.Receipt,
		Key: registry.KeyID(relying, "w1"), Suite: attest.SuiteStd, Credential: "credential-1",
		UseCause: "审查人员资格", Time: now, Issuer: issuing, Commitment: answer.Verdict.Commitment}}, w.recorder.records)
	assert.EqualValues(t, 1, w.replica.reads.Load(), "all of the evidence is of one state")

	receipt, err := registry.VerifyReceipt(w.ledger, answer.Receipt, nil)
	require.NoError(t, err)
	assert.Equal(t, relying, receipt.Region)
	assert.Equal(t, w.ledger.Network, receipt.Network)
	assert.Equal(t, testledger.Scenario, receipt.Scenario)
	assert.Equal(t, now, receipt.Time)
	assert.Equal(t, answer.Verdict, receipt.Verdict)
	for _, word := range []string{"TEST-0001", "certificateNumber", "测试一"} {
		assert.NotContains(t, string(answer.Receipt), word, "a receipt repeats no claim")
	}
}

func TestNoAnswerLeavesBeforeItsRecordIsDurable(t *testing.T) {
	w := newWorld(t)
	recording, durable := make(chan verify.Record), make(chan error)
	w.options.Recorder = recordFunc(func(_ context.Context, r verify.Record) error {
		recording <- r
		return <-durable
	})
	v := verify.New(w.options)
	for _, outcome := range []error{nil, attest.Errorf(attest.CodeStoreFull, "no space left")} {
		answered := make(chan verify.Outcome, 1)
		go func() {
			a, err := v.Verify(t.Context(), w.submission())
			answered <- verify.Outcome{Answer: a, Err: err}
		}()
		record := <-recording
		select {
		case <-answered:
			require.Fail(t, "the answer came before its record was durable")
		default:
		}
		durable <- outcome
		got := <-answered
		if outcome != nil {
			assert.Equal(t, attest.CodeStoreFull, attest.CodeOf(got.Err))
			assert.Nil(t, got.Answer, "what is not on record is not answered")
			continue
		}
		require.NoError(t, got.Err)
		assert.Equal(t, record.Receipt, got.Answer.Receipt)
	}
}

type recordFunc func(context.Context, verify.Record) error

func (f recordFunc) Record(ctx context.Context, r verify.Record) error { return f(ctx, r) }

func TestARequestWithoutPurposeIsNotTakenUp(t *testing.T) {
	w := newWorld(t)
	v := verify.New(w.options)
	for code, change := range map[attest.Code]func(r *attest.Request){
		attest.CodePurposeMissing:  func(r *attest.Request) { r.UseCause = "" },
		attest.CodePurposeTooLong:  func(r *attest.Request) { r.UseCause = strings.Repeat("长", attest.MaxUseCause+1) },
		attest.CodeScenarioMissing: func(r *attest.Request) { r.Scenario = "" },
	} {
		s := w.submission()
		change(&s.Request)
		answer, err := v.Verify(t.Context(), s)
		assert.Nil(t, answer)
		assert.Equal(t, code, attest.CodeOf(err))
	}
	assert.Empty(t, w.recorder.records)
	assert.Zero(t, w.replica.reads.Load())
}

// An error says nothing about the presentation: there is no verdict beside it, and no record of one.
func TestWhatFailsGivesNoVerdict(t *testing.T) {
	broken := errors.New("broken")
	for name, fail := range map[string]func(w *world){
		"the replica is closed": func(w *world) { w.replica.err = broken },
		"no randomness":         func(w *world) { w.options.Random = iotest.ErrReader(broken) },
		"too little randomness": func(w *world) { w.options.Random = io.LimitReader(rand.Reader, 15) },
		"nothing was founded":   func(w *world) { w.replica.view = testledger.NewMemory() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			fail(w)
			answer, err := verify.New(w.options).Verify(t.Context(), w.submission())
			require.Error(t, err)
			assert.Nil(t, answer)
			assert.Empty(t, w.recorder.records)
		})
	}
}

// A look-up that fails is evidence: it makes a verdict undetermined, never any other.
func TestAFailingLookUpIsUndetermined(t *testing.T) {
	w := newWorld(t)
	w.ledger.Fail = func(key string) error {
		if strings.HasPrefix(key, "status/") {
			return attest.Errorf(attest.CodeStoreCorrupt, "a block cannot be read")
		}
		return nil
	}
	answer, err := verify.New(w.options).Verify(t.Context(), w.submission())
	require.NoError(t, err)
	assert.Equal(t, attest.Undetermined, answer.Verdict.Result)
	assert.Len(t, w.recorder.records, 1)
}

func TestManyAreJudgedEachAloneAndInOrder(t *testing.T) {
	const count = 200
	w := newWorld(t)
	submissions := make([]verify.Submission, count)
	for i := range submissions {
		submissions[i] = *w.submission()
		submissions[i].Credential = fmt.Sprint(i)
		switch i % 4 {
		case 1:
			submissions[i].Request.UseCause = ""
		case 2:
			submissions[i].Presentation = []byte("torn~")
		case 3:
			submissions[i].Receipt = nil
		}
	}
	outcomes := verify.New(w.options).VerifyMany(t.Context(), submissions, 8)
	require.Len(t, outcomes, count)
	of := map[string]string{}
	for _, r := range w.recorder.records {
		of[r.ReceiptID] = r.Credential
	}
	for i, o := range outcomes {
		if i%4 == 1 {
			assert.Equal(t, attest.CodePurposeMissing, attest.CodeOf(o.Err))
			assert.Nil(t, o.Answer)
			continue
		}
		require.NoError(t, o.Err)
		assert.Equal(t, map[int]attest.Result{0: attest.Valid, 2: attest.Invalid, 3: attest.Undetermined}[i%4], o.Answer.Verdict.Result)
		assert.Equal(t, fmt.Sprint(i), of[o.Answer.ReceiptID], "the record is of the same submission")
	}
	assert.Len(t, of, count/4*3, "every receipt has an id of its own")
	assert.Len(t, verify.New(w.options).VerifyMany(t.Context(), submissions[:2], 0), 2)
}

// A leaf is judged on one state as well, and a replica that cannot be read leaves it undetermined.
func TestALeafIsJudgedOnOneState(t *testing.T) {
	w := newWorld(t)
	v := verify.New(w.options)
	commit := func(s attest.Suite) [32]byte { return attest.CommitCertificate(s, w.issued.IssuerJWT()) }
	verdict, batch := v.VerifyLeaf(attest.KindCertificate, commit, nil, w.issued.Receipt(w.ledger))
	assert.Equal(t, attest.Valid, verdict.Result, "%+v", verdict.Checks)
	require.NotNil(t, batch)
	assert.Equal(t, w.issued.Batch, batch.ID)
	assert.EqualValues(t, 1, w.replica.reads.Load())
	w.replica.err = attest.Errorf(attest.CodeStoreClosed, "the index is closed")
	verdict, batch = v.VerifyLeaf(attest.KindCertificate, commit, nil, w.issued.Receipt(w.ledger))
	assert.Equal(t, attest.Undetermined, verdict.Result)
	assert.Nil(t, batch)
}
