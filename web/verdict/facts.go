package verdict

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/web/shell"
)

// Fact is a claim that was disclosed, in words.
type Fact struct{ Name, Label, Value string }

// Titles reads what a type's schema calls its fields in Chinese, and their order. A schema that cannot be read has none to
// give.
func Titles(schema []byte) (titles map[string]string, order []string) {
	titles = map[string]string{}
	v, err := attest.ParseJSON(schema, attest.DefaultLimits())
	if err != nil {
		return titles, nil
	}
	properties, _ := v.Get("properties")
	for _, m := range properties.Members() {
		order = append(order, m.Name)
		if title, ok := m.Value.Get("title"); ok && title.Kind() == attest.JSONString {
			titles[m.Name] = title.Str()
		}
	}
	return titles, order
}

// Facts are the disclosed claims, in the order of the type's schema, then what it does not name: its predicates.
func Facts(p *shell.Page, claims *attest.Claims, schema []byte) []Fact {
	titles, order := Titles(schema)
	shown := map[string]bool{}
	var out []Fact
	for _, name := range append(order, claims.Disclosed()...) {
		value, ok := claims.Get(name)
		if !ok || shown[name] {
			continue
		}
		shown[name] = true
		out = append(out, Fact{name, Label(p, name, titles[name]), Plain(p, name, value)})
	}
	return out
}

// Label is what people call a claim: a predicate by what it says, a field by its standard or its type's schema in Chinese, by
// its name in English.
func Label(p *shell.Page, name, title string) string {
	if years, ok := strings.CutPrefix(name, "age_over_"); ok {
		return p.T("verdict.predicate.age", years)
	}
	if year, ok := strings.CutPrefix(name, "valid_in_"); ok {
		return p.T("verdict.predicate.year", year)
	}
	if known, ok := gbt.FieldOf(name); ok {
		return p.Say(known.Chinese, words(known.English))
	}
	if title == "" {
		return words(name)
	}
	return p.Say(title, words(name))
}

// words writes a field's name as English words: certificateHolderName is "Certificate holder name".
func words(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case i == 0:
			b.WriteRune(unicode.ToUpper(r))
		case unicode.IsUpper(r):
			b.WriteByte(' ')
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Plain is a value as people read it.
func Plain(p *shell.Page, name string, v attest.Value) string {
	switch v.Kind() {
	case attest.JSONString:
		if name == gbt.FieldHolderTypeCode {
			return HolderType(p, v.Str())
		}
		return v.Str()
	case attest.JSONBool:
		return YesOrNo(p, v.BoolValue())
	default:
		return string(v.Raw())
	}
}

// YesOrNo is what a predicate comes to.
func YesOrNo(p *shell.Page, is bool) string { return p.T("verdict.bool." + strconv.FormatBool(is)) }

// HolderType is the name of a holder code type of GB/T 36903.
func HolderType(p *shell.Page, code string) string {
	if t, ok := gbt.HolderCodeTypeOf(code); ok {
		return p.Say(t.Chinese, t.English)
	}
	return code
}

// Reason says why, where the result does not say it by its name; empty: it does.
func Reason(p *shell.Page, v *attest.Verdict) string {
	switch v.Result {
	case attest.Invalid, attest.NotRecognised, attest.Undetermined:
		if reason := p.Say(attest.Explain(v.Code)); reason != p.Say(attest.ResultText(v.Result)) {
			return reason
		}
	}
	return ""
}

// Deciding is the place of the verdict that stands for several that were asked for together: the first that is not valid, and
// the first where all are.
func Deciding(results []attest.Result) int {
	for i, r := range results {
		if r != attest.Valid {
			return i
		}
	}
	return 0
}

// Sum says how many of each result there are, in the order in which they come: 2 份有效，1 份已撤销.
func Sum(p *shell.Page, results []attest.Result) string {
	var order []attest.Result
	count := map[attest.Result]int{}
	for _, r := range results {
		if count[r]++; count[r] == 1 {
			order = append(order, r)
		}
	}
	out := make([]string, len(order))
	for i, r := range order {
		out[i] = p.T("verdict.sum.of", count[r], p.T("verdict.result."+string(r)))
	}
	return p.T("verdict.sum", len(results), strings.Join(out, p.Say("，", ", ")))
}
