package public

import (
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// resultView is what one look at a code or a file came to: the verdict that decides, and each certificate's own.
type resultView struct {
	*answerView        // of the verdict that decides
	Sum         string // how many of each; empty: there is one
	All         []*answerView
}

// answerView is one certificate's verdict.
type answerView struct {
	Tone             verdict.Tone
	Result           attest.Result
	Words            string // what it means
	Reason           string // why, where that is more than what it means
	Disputed         bool
	Several          bool // it is one of several, and its type stands above it
	Type, Authority  string
	Region, Holder   string
	From, Until      int64
	Facts            []verdict.Fact
	Withheld         string // names of fields that were shown, and whose values are not for this page
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

func newResult(p *shell.Page, answers ...*Answer) *resultView {
	out := &resultView{}
	var results []attest.Result
	for _, a := range answers {
		out.All = append(out.All, newAnswer(p, a))
		results = append(results, a.Verdict.Result)
	}
	out.answerView = out.All[verdict.Deciding(results)]
	if len(results) > 1 {
		out.Sum = verdict.Sum(p, results)
		for _, a := range out.All {
			a.Several = true
		}
	}
	return out
}

func newAnswer(p *shell.Page, a *Answer) *answerView {
	v := a.Verdict
	out := &answerView{Tone: verdict.ToneOf(v.Result), Result: v.Result, Words: p.Say(attest.ResultText(v.Result)), Disputed: v.Disputed,
		Reason: verdict.Reason(p, v), Type: a.Type, Authority: a.Authority, Region: v.Issuer, Checks: verdict.Checks(p, v.Checks),
		Scenario: a.Purpose.Scenario, Cause: a.Purpose.UseCause, Time: a.Time, Height: v.Height, Agreeing: v.Agreeing,
		Agreement: v.Agreement, AgreementVersion: v.Revision, ReceiptID: a.ReceiptID}
	out.Passed, out.Decided = verdict.Count(v.Checks)
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
		if v.Result != attest.Undetermined && a.Defined != nil {
			out.disclose(p, a.Claims, a.Defined)
		}
	}
	return out
}

// said are the fields that the page says in its own words, or that say nothing to somebody who wants to know.
var said = []string{gbt.FieldHolderName, gbt.FieldName, gbt.FieldTypeCode, gbt.FieldAuthorityName, gbt.FieldAuthorityCode, gbt.FieldHolderTypeCode}

// disclose shows what its holder agreed to show, as far as it is for everybody: predicates, and fields that the type grades as
// general. Of what is graded higher, or not at all, the page says that it was shown, and not what it is.
func (v *answerView) disclose(p *shell.Page, claims *attest.Claims, t *attest.CertificateType) {
	var withheld []string
	for _, f := range verdict.Facts(p, claims, t.Schema) {
		switch {
		case slices.Contains(said, f.Name):
		case slices.Contains(t.Predicates, f.Name), t.Grades[f.Name] == attest.GradeGeneral:
			v.Facts = append(v.Facts, f)
		default:
			withheld = append(withheld, f.Label)
		}
	}
	v.Withheld = strings.Join(withheld, p.Say("、", ", "))
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
