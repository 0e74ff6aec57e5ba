package verify

import (
	"context"
	"encoding/base64"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// MaxMany is how many presentations one call may bring.
const MaxMany = 1000

// Recorder keeps the audit record of verifications. Record returns once the record is durable: only then may the answer
// leave. Safe for concurrent use; concurrent calls share a sync. It is not repeated after an error: the caller asks
// again and is given another receipt.
type Recorder interface {
	Record(ctx context.Context, r Record) error
}

// Record is what is kept of one verification. Receipt is the signed receipt as given out.
type Record struct {
	ReceiptID  string
	Receipt    []byte
	Key        string       // id of the key that signed it, which anchors it too
	Suite      attest.Suite // of that key
	Credential string       // id of the API credential that asked
	UseCause   string
	Time       int64 // Unix seconds
	// Issuer is the region whose citizen's certificate was used and that has not heard of it: the recorder sees that it
	// does. Empty where there is nothing to tell.
	Issuer     string
	Commitment [32]byte // of that certificate
	CaseNumber string   // empty: none
}

// Replica is the region's index. Read lends a view of one state of the ledger, in which no block becomes visible while
// read runs. Safe for concurrent use.
type Replica interface {
	Read(read func(registry.View) error) error
}

// Options says for whom a Verifier speaks. All but Policy and Clock are needed.
type Options struct {
	Region   string // division code of the region whose gateway this is
	Replica  Replica
	Gateway  func() attest.Signer // the region's gateway key that is in force
	Recorder Recorder
	Random   io.Reader // cryptographic: receipt ids are drawn from it
	Policy   attest.Policy
	Clock    func() time.Time
}

// Verifier judges presentations. Safe for concurrent use.
type Verifier struct{ o Options }

// New makes a Verifier.
func New(o Options) *Verifier {
	if o.Policy == (attest.Policy{}) {
		o.Policy = attest.DefaultPolicy()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &Verifier{o: o}
}

// Submission is what is presented and why. Relying and Now of the request are the verifier's own and ignored.
type Submission struct {
	Presentation []byte // SD-JWT, with key binding where the request asks for it
	Receipt      []byte // inclusion receipt; empty where the presenter has none
	Credential   string // id of the API credential that asks
	CaseNumber   string // the verifier's own reference (办件编号), for the record alone; empty: none
	Request      attest.Request
}

// Answer is a verdict with its receipt. Claims is nil where the presentation could not be read.
type Answer struct {
	Verdict   *attest.Verdict
	Claims    *attest.Claims
	Profile   *attest.Profile
	ReceiptID string
	Receipt   []byte // compact JWS
}

// Verify judges one presentation. An error means that no answer could be given (the request names no purpose, the record
// could not be made durable): it says nothing about the presentation.
func (v *Verifier) Verify(ctx context.Context, s *Submission) (*Answer, error) {
	now := v.o.Clock().Unix()
	request := s.Request
	request.Relying, request.Now = v.o.Region, now
	if err := request.Validate(); err != nil {
		return nil, err
	}
	var evidence *attest.Evidence
	var network string
	err := v.o.Replica.Read(func(view registry.View) (err error) {
		network, err = networkOf(view)
		evidence = registry.Gather(view, s.Presentation, s.Receipt, request, v.o.Policy)
		return err
	})
	if err != nil {
		return nil, err
	}
	answer := &Answer{Verdict: attest.Judge(evidence), Claims: evidence.Claims, Profile: evidence.Profile}
	key := v.o.Gateway()
	if err := v.sign(answer, key, network, &request); err != nil {
		return nil, err
	}
	issuer := answer.Verdict.Issuer
	if request.Relayed { // its home is told with the verdict
		issuer = ""
	}
	err = v.o.Recorder.Record(ctx, Record{Issuer: issuer, Commitment: answer.Verdict.Commitment, ReceiptID: answer.ReceiptID, Receipt: answer.Receipt, Key: key.KeyID(),
		Suite: key.Public().Suite(), Credential: s.Credential, UseCause: request.UseCause, Time: now, CaseNumber: s.CaseNumber})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func (v *Verifier) sign(a *Answer, key attest.Signer, network string, request *attest.Request) error {
	var id [16]byte
	if _, err := io.ReadFull(v.o.Random, id[:]); err != nil {
		return err
	}
	a.ReceiptID = base64.RawURLEncoding.EncodeToString(id[:])
	receipt := attest.VerificationReceipt{ID: a.ReceiptID, Network: network, Region: v.o.Region,
		Verifier: request.Verifier, UseCause: request.UseCause, Scenario: request.Scenario, Time: request.Now,
		Verdict: a.Verdict}
	var err error
	a.Receipt, err = receipt.Sign(key)
	return err
}

func networkOf(view registry.View) (string, error) {
	c, err := view.Consortium()
	if err != nil {
		return "", err
	}
	if c == nil {
		return "", attest.Errorf(attest.CodeNotFounded, "the consortium has not been founded")
	}
	return c.Network, nil
}

// Outcome is what one of many submissions came to: an answer or an error of its own.
type Outcome struct {
	Answer *Answer
	Err    error
}

// VerifyMany judges each submission alone, on up to parallel goroutines, and answers in their order.
func (v *Verifier) VerifyMany(ctx context.Context, submissions []Submission, parallel int) []Outcome {
	out := make([]Outcome, len(submissions))
	var group errgroup.Group
	group.SetLimit(max(1, parallel))
	for i := range submissions {
		group.Go(func() error {
			out[i].Answer, out[i].Err = v.Verify(ctx, &submissions[i])
			return nil
		})
	}
	_ = group.Wait() // no goroutine of this group returns an error: each keeps its own
	return out
}

// VerifyLeaf judges something that stands on the ledger by its commitment: commit makes the commitment to what was
// presented, contentErr says why there is none. It gives no receipt. The batch is the one that the verdict rests on; nil
// where the receipt names none that is on the ledger.
func (v *Verifier) VerifyLeaf(kind attest.Kind, commit func(s attest.Suite) [32]byte, contentErr error, receipt []byte) (*attest.Verdict, *attest.Batch) {
	var evidence *attest.LeafEvidence
	err := v.o.Replica.Read(func(view registry.View) error {
		evidence = registry.GatherLeaf(view, kind, commit, contentErr, receipt, v.o.Clock().Unix(), v.o.Policy)
		return nil
	})
	if err != nil {
		evidence = &attest.LeafEvidence{Kind: kind, Commit: commit, ContentErr: contentErr, Policy: v.o.Policy, LookupErr: err}
	}
	return attest.JudgeLeaf(evidence), evidence.Batch
}
