package offline

import (
	"bytes"
	"encoding/base64"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Judge decides from a view of the ledger, a trusted snapshot for example. It keeps nothing and gives no receipt. Safe
// for concurrent use.
type Judge struct {
	View    registry.View
	Request attest.Request // with who relies and the time
	MaxAge  time.Duration  // of the view; zero: DefaultMaxAge
}

// Judgement is a verdict on one file with what could be read in it.
type Judgement struct {
	Verdict *attest.Verdict
	Claims  *attest.Claims              // of a certificate; nil where it could not be read
	Receipt *attest.VerificationReceipt // of a verification receipt; likewise
}

func (j *Judge) policy() attest.Policy {
	p := attest.DefaultPolicy()
	age := j.MaxAge
	if age == 0 {
		age = DefaultMaxAge
	}
	p.MaxIndexAge = int64(age / time.Second)
	// A snapshot's lag is as old as the snapshot: what was not agreed on when it was made never will be within it.
	p.MaxWitnessLag = p.MaxIndexAge
	return p
}

// Certificate judges a presentation with its inclusion receipt, nil where there is none.
func (j *Judge) Certificate(presentation, receipt []byte) *Judgement {
	e := registry.Gather(j.View, bytes.TrimSpace(presentation), bytes.TrimSpace(receipt), j.Request, j.policy())
	return &Judgement{Verdict: attest.Judge(e), Claims: e.Claims}
}

// Document judges a file by its digest and the salt that it was recorded with. digest hashes the content by a suite.
func (j *Judge) Document(digest func(attest.Suite) [32]byte, salt string, receipt []byte) *Judgement {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(salt)
	var commit func(attest.Suite) [32]byte
	if err != nil || len(raw) != attest.SaltSize {
		err = attest.Errorf(attest.CodeFieldInvalid, "the salt is not 16 bytes in base64url")
	} else {
		commit = func(s attest.Suite) [32]byte {
			sum := digest(s)
			return attest.CommitDocument(s, raw, sum[:])
		}
	}
	return j.Leaf(attest.KindDocument, commit, err, receipt)
}

// Leaf judges what stands on the ledger by its commitment alone.
func (j *Judge) Leaf(kind attest.Kind, commit func(attest.Suite) [32]byte, contentErr error, receipt []byte) *Judgement {
	e := registry.GatherLeaf(j.View, kind, commit, contentErr, bytes.TrimSpace(receipt), j.Request.Now, j.policy())
	return &Judgement{Verdict: attest.JudgeLeaf(e)}
}

// Verification judges a verification receipt: that the gateway it names signed it, and, where its inclusion receipt is
// given, that it was anchored. Without one the signature speaks alone: the check inclusion is then skipped.
func (j *Judge) Verification(jws, receipt []byte) *Judgement {
	jws = bytes.TrimSpace(jws)
	commit := func(s attest.Suite) [32]byte { return attest.CommitReceipt(s, jws) }
	out := j.Leaf(attest.KindReceipt, commit, nil, receipt)
	var batch *attest.Batch
	if in, _ := out.Verdict.Check(attest.CheckInclusion); in.Outcome == attest.Passed {
		batch = j.batch(receipt)
	}
	r, err := registry.VerifyReceipt(j.View, jws, batch)
	if r != nil {
		out.Receipt = r
	}
	signature := attest.Check{Name: attest.CheckSignature, Outcome: attest.Passed, Code: attest.CodeOK}
	if err != nil {
		signature.Outcome, signature.Code = attest.Failed, attest.CodeOf(err)
		if signature.Code == attest.CodeKeyUnknown || signature.Code == attest.CodeAlgUnknown {
			signature.Outcome = attest.Unknown
		}
	}
	weighReceipt(out.Verdict, signature, len(receipt) == 0)
	return out
}

func (j *Judge) batch(receipt []byte) *attest.Batch {
	e := registry.GatherLeaf(j.View, attest.KindReceipt, nil, nil, bytes.TrimSpace(receipt), j.Request.Now, j.policy())
	return e.Batch
}

// weighReceipt puts the signature's check into a leaf's verdict and decides anew: a receipt that nobody vouches for is
// worth nothing, wherever it stands.
func weighReceipt(v *attest.Verdict, signature attest.Check, unanchored bool) {
	checks := make([]attest.Check, 0, len(v.Checks)+1)
	for _, c := range v.Checks {
		if unanchored && (c.Name == attest.CheckInclusion || c.Name == attest.CheckKey) {
			c.Outcome, c.Code = attest.Skipped, attest.CodeNotChecked
		}
		checks = append(checks, c)
		if c.Name == attest.CheckParse {
			checks = append(checks, signature)
		}
	}
	v.Checks = checks
	switch {
	case signature.Outcome == attest.Failed:
		v.Result, v.Code = attest.Invalid, signature.Code
	case signature.Outcome == attest.Unknown:
		v.Result, v.Code = attest.Undetermined, signature.Code
	case unanchored && v.Code == attest.CodeReceiptMissing:
		v.Result, v.Code = attest.Valid, attest.CodeOK
	}
}
