package public

import (
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

type resultView struct {
	Tone             verdict.Tone
	Result           attest.Result
	Words            string // what it means
	Reason           string // why, where that is more than what it means
	Disputed         bool
	Type, Authority  string
	Region, Holder   string
	From, Until      int64
	Checks           []verdict.Check
	Passed, Decided  int
	Scenario, Cause  string
	Time             int64
	Height           uint64
	Agreeing         []string
	Agreement        string
	AgreementVersion int
	ReceiptID        string
}

func newResult(p *shell.Page, a *Answer) *resultView {
	v := a.Verdict
	out := &resultView{Tone: verdict.ToneOf(v.Result), Result: v.Result, Words: p.Say(attest.ResultText(v.Result)), Disputed: v.Disputed,
		Type: a.Type, Authority: a.Authority, Region: v.Issuer, Checks: verdict.Checks(p, v.Checks), Scenario: a.Purpose.Scenario,
		Cause: a.Purpose.UseCause, Time: a.Time, Height: v.Height, Agreeing: v.Agreeing, Agreement: v.Agreement,
		AgreementVersion: v.Revision, ReceiptID: a.ReceiptID}
	switch v.Result { // the others say why by their name
	case attest.Invalid, attest.NotRecognised, attest.Undetermined:
		if reason := p.Say(attest.Explain(v.Code)); reason != out.Words {
			out.Reason = reason
		}
	}
	for _, c := range v.Checks {
		if c.Outcome != attest.Skipped {
			out.Decided++
		}
		if c.Outcome == attest.Passed {
			out.Passed++
		}
	}
	if v.Result == attest.Invalid { // what does not hold is not shown as if it were a fact
		out.Type, out.Authority, out.Region = "", "", ""
		return out
	}
	if a.Profile != nil {
		out.From, out.Until = a.Profile.NotBefore, a.Profile.Expires
	}
	if a.Claims != nil {
		if name, ok := a.Claims.Get(gbt.FieldHolderName); ok {
			out.Holder = verdict.Mask(name.Str())
		}
	}
	return out
}

type receiptView struct {
	Holds   bool
	Tone    verdict.Tone // of the seal, not of the verdict that it is about
	Words   string
	Receipt *attest.VerificationReceipt // nil unless it holds
	Result  string
	RTone   verdict.Tone
	Checks  []verdict.Check
}

// newReceipt shows a verification receipt. An error that says nothing about the receipt is returned.
func newReceipt(p *shell.Page, r *attest.VerificationReceipt, err error) (*receiptView, error) {
	if err == nil {
		return &receiptView{Holds: true, Tone: verdict.ToneGood, Receipt: r, Result: p.Say(attest.ResultText(r.Verdict.Result)),
			RTone: verdict.ToneOf(r.Verdict.Result), Checks: verdict.Checks(p, r.Verdict.Checks)}, nil
	}
	switch code := attest.CodeOf(err); code {
	case attest.CodeInternal, attest.CodeTimeout, attest.CodeOverloaded:
		return nil, err
	default:
		return &receiptView{Tone: verdict.ToneBad, Words: p.Say(attest.Explain(code))}, nil
	}
}
