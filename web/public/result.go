package public

import (
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/web/shell"
)

// Tone is how a result is drawn: never by colour alone, always with its sign and its word.
type Tone string

// The tones.
const (
	ToneGood    Tone = "good"
	ToneBad     Tone = "bad"
	ToneWarn    Tone = "warn"
	ToneUnknown Tone = "unknown"
	ToneNone    Tone = "none" // of a check that nothing asked for
)

// ToneOf is the tone of a verdict.
func ToneOf(r attest.Result) Tone {
	switch r {
	case attest.Valid:
		return ToneGood
	case attest.Invalid, attest.Revoked:
		return ToneBad
	case attest.Undetermined:
		return ToneUnknown
	default:
		return ToneWarn
	}
}

func toneOfCheck(o attest.Outcome) Tone {
	switch o {
	case attest.Passed:
		return ToneGood
	case attest.Failed:
		return ToneBad
	case attest.Skipped:
		return ToneNone
	default:
		return ToneUnknown
	}
}

// wordsOf says what a check came to. That it passed says nothing to who does not know what was asked: those words are the
// page's own.
func wordsOf(p *shell.Page, c *attest.Check) string {
	switch {
	case c.Outcome == attest.Passed && c.Code == attest.CodeOK:
		return p.T("public.passed." + string(c.Name))
	case c.Outcome == attest.Skipped && c.Name == attest.CheckDispute:
		return p.T("public.skipped.dispute")
	default:
		return p.Say(attest.Explain(c.Code))
	}
}

// CheckView is one check in words.
type CheckView struct {
	Tone    Tone
	Outcome string // key of its word
	Name    string
	Words   string
	Code    attest.Code
}

// Checks puts checks into the page's language.
func Checks(p *shell.Page, list []attest.Check) []CheckView {
	out := make([]CheckView, len(list))
	for i, c := range list {
		out[i] = CheckView{Tone: toneOfCheck(c.Outcome), Outcome: "public.outcome." + string(c.Outcome), Name: p.Say(attest.CheckText(c.Name)),
			Words: wordsOf(p, &c), Code: c.Code}
	}
	return out
}

type resultView struct {
	Tone             Tone
	Result           attest.Result
	Words            string // what it means
	Reason           string // why, where that is more than what it means
	Disputed         bool
	Type, Authority  string
	Region, Holder   string
	From, Until      int64
	Checks           []CheckView
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
	out := &resultView{Tone: ToneOf(v.Result), Result: v.Result, Words: p.Say(attest.ResultText(v.Result)), Disputed: v.Disputed,
		Type: a.Type, Authority: a.Authority, Region: v.Issuer, Checks: Checks(p, v.Checks), Scenario: a.Purpose.Scenario,
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
			out.Holder = Mask(name.Str())
		}
	}
	return out
}

// Mask leaves of a holder's name what tells somebody who knows it that it is the same: the first character of a person's,
// the first four of a longer one, as companies have.
func Mask(name string) string {
	runes := []rune(name)
	shown := 1
	if len(runes) > 4 {
		shown = 4
	}
	for i := range runes {
		if i >= shown {
			runes[i] = '*'
		}
	}
	return string(runes)
}

type receiptView struct {
	Holds   bool
	Tone    Tone // of the seal, not of the verdict that it is about
	Words   string
	Receipt *attest.VerificationReceipt // nil unless it holds
	Result  string
	RTone   Tone
	Checks  []CheckView
}

// newReceipt shows a verification receipt. An error that says nothing about the receipt is returned.
func newReceipt(p *shell.Page, r *attest.VerificationReceipt, err error) (*receiptView, error) {
	if err == nil {
		return &receiptView{Holds: true, Tone: ToneGood, Receipt: r, Result: p.Say(attest.ResultText(r.Verdict.Result)),
			RTone: ToneOf(r.Verdict.Result), Checks: Checks(p, r.Verdict.Checks)}, nil
	}
	switch code := attest.CodeOf(err); code {
	case attest.CodeInternal, attest.CodeTimeout, attest.CodeOverloaded:
		return nil, err
	default:
		return &receiptView{Tone: ToneBad, Words: p.Say(attest.Explain(code))}, nil
	}
}
