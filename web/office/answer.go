package office

import (
	"strconv"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// fact is a disclosed field.
type fact struct{ Name, Label, Value string }

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
	out.Reason = reasonOf(p, v)
	out.Passed, out.Decided = verdict.Count(v.Checks)
	if v.Result == attest.Invalid { // what does not hold is not shown as if it were a fact
		return out
	}
	out.TypeCode, out.Type, out.Authority, out.Region = v.Type, a.Type, a.Authority, v.Issuer
	if a.Profile != nil {
		out.From, out.Until = a.Profile.NotBefore, lastSecond(a.Profile.Expires)
	}
	if a.Claims != nil {
		out.Facts = facts(p, a.Claims, a.Schema)
	}
	return out
}

// lastSecond is the last one of a period whose end is exclusive, so that the day that is shown is part of it.
func lastSecond(expires int64) int64 { return max(expires, 1) - 1 }

// reasonOf says why, where the result does not say it by its name.
func reasonOf(p *shell.Page, v *attest.Verdict) string {
	switch v.Result {
	case attest.Invalid, attest.NotRecognised, attest.Undetermined:
		if reason := p.Say(attest.Explain(v.Code)); reason != p.Say(attest.ResultText(v.Result)) {
			return reason
		}
	}
	return ""
}

// facts are the disclosed fields, in the order of the type's schema, then what it does not know.
func facts(p *shell.Page, claims *attest.Claims, schema []byte) []fact {
	shown := map[string]bool{}
	var out []fact
	add := func(name, label string) {
		value, ok := claims.Get(name)
		if ok && !shown[name] {
			shown[name] = true
			out = append(out, fact{name, label, plain(p, name, value)})
		}
	}
	form, _ := readSchema(schema) // a schema that cannot be read has no labels to give
	for i := range form {
		add(form[i].Name, form[i].label(p))
	}
	for _, name := range claims.Disclosed() {
		add(name, label(p, name))
	}
	return out
}

func label(p *shell.Page, name string) string {
	if f, ok := gbt.FieldOf(name); ok {
		return p.Say(f.Chinese, words(f.English))
	}
	if years, ok := strings.CutPrefix(name, "age_over_"); ok {
		return p.T("office.predicate.age", years)
	}
	if year, ok := strings.CutPrefix(name, "valid_in_"); ok {
		return p.T("office.predicate.valid", year)
	}
	return name
}

// plain is a value as people read it.
func plain(p *shell.Page, name string, v attest.Value) string {
	switch v.Kind() {
	case attest.JSONString:
		if name == gbt.FieldHolderTypeCode {
			return holderType(p, v.Str())
		}
		return v.Str()
	case attest.JSONBool:
		return p.T("office.bool." + strconv.FormatBool(v.BoolValue()))
	default:
		return string(v.Raw())
	}
}
