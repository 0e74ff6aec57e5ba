package office

import (
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// fact is a disclosed field.
type fact = verdict.Fact

// answerView is one verdict with all that was disclosed.
type answerView struct {
	Tone            verdict.Tone
	Result          attest.Result
	Words, Reason   string
	Disputed        bool
	TypeCode        string
	Type, Authority string
	Region          string
	From, Until     int64
	Facts           []fact
	Checks          []verdict.Check
	Passed, Decided int
	Purpose         Purpose
	Time            int64
	Height          uint64
	Agreeing        []string
	Agreement       string
	Revision        int
	ReceiptID       string
	Source          string // what it was read from
}

func newAnswer(p *shell.Page, a *Answer) *answerView {
	v := a.Verdict
	out := &answerView{Tone: verdict.ToneOf(v.Result), Result: v.Result, Words: p.Say(attest.ResultText(v.Result)), Disputed: v.Disputed,
		Checks: verdict.Checks(p, v.Checks), Purpose: a.Purpose, Time: a.Time, Height: v.Height, Agreeing: v.Agreeing,
		Agreement: v.Agreement, Revision: v.Revision, ReceiptID: a.ReceiptID}
	out.Reason = verdict.Reason(p, v)
	out.Passed, out.Decided = verdict.Count(v.Checks)
	if v.Result == attest.Invalid { // what does not hold is not shown as if it were a fact
		return out
	}
	out.TypeCode, out.Type, out.Authority, out.Region = v.Type, a.Type, a.Authority, v.Issuer
	if a.Profile != nil {
		out.From, out.Until = a.Profile.NotBefore, a.Profile.Expires
	}
	if a.Claims != nil {
		out.Facts = verdict.Facts(p, a.Claims, a.Schema)
	}
	return out
}
