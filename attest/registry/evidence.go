package registry

import (
	"errors"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
)

// Limits of what a verifier reads, in bytes.
const (
	MaxPresentation = 256 << 10
	MaxReceipt      = 16 << 10
)

// Gather reads a presentation and its inclusion receipt (nil where there is none) and looks up everything that Judge
// needs to know about them. It always returns evidence: what cannot be read or found is evidence too.
func Gather(view View, presentation, receipt []byte, request attest.Request, policy attest.Policy) *attest.Evidence {
	e := &attest.Evidence{Request: request, Policy: policy}
	readDocument(e, presentation)
	readInclusion(e, receipt)
	e.LookupErr = lookUp(view, e)
	return e
}

func readDocument(e *attest.Evidence, presentation []byte) {
	limits := attest.DefaultLimits()
	limits.Bytes = MaxPresentation
	if e.Document, e.DocumentErr = attest.ParseSDJWT(presentation, limits); e.DocumentErr != nil {
		return
	}
	if e.Profile, e.DocumentErr = attest.ReadProfile(e.Document); e.DocumentErr != nil {
		e.Profile = nil
		return
	}
	e.Claims, e.DocumentErr = e.Document.Process()
}

func readInclusion(e *attest.Evidence, receipt []byte) {
	if len(receipt) == 0 {
		return
	}
	if len(receipt) > MaxReceipt {
		e.ReceiptErr = attest.Errorf(attest.CodeJSONSize, "an inclusion receipt has at most %d bytes", MaxReceipt)
		return
	}
	r, err := merkle.ParseReceipt(receipt)
	if err != nil {
		e.ReceiptErr = err
		return
	}
	e.Inclusion = &attest.Inclusion{Kind: attest.Kind(r.Kind), Suite: r.Suite, Batch: r.Batch, Proves: r.Verify}
}

func lookUp(view View, e *attest.Evidence) error {
	var errs [7]error
	e.Ledger, errs[0] = view.Ledger(e.Request.Now)
	if e.Inclusion != nil {
		e.Batch, errs[1] = view.Batch(e.Inclusion.Batch)
	}
	if p := e.Profile; p != nil {
		e.Authority, errs[2] = view.Authority(p.Authority)
		e.Key, errs[3] = view.Key(p.KeyID)
		e.Type, errs[4] = view.Type(p.Type, p.TypeVersion)
		if p.HasStatus {
			e.Status, errs[5] = view.Status(p.Authority, p.StatusList, p.StatusIndex)
		}
	}
	e.Agreements, errs[6] = view.Agreements()
	return errors.Join(errs[:]...)
}
