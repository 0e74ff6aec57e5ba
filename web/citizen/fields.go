package citizen

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/huzheng-ledger/huzheng/web/shell"
)

// fieldView is a field in the page's language.
type fieldView struct {
	Name, Label, Value string
	Predicate          bool
	Sensitive, Asked   bool
	Chosen             bool
}

func fieldViews(p *shell.Page, fields []Field) []fieldView {
	out := make([]fieldView, len(fields))
	for i := range fields {
		f := &fields[i]
		out[i] = fieldView{Name: f.Name, Label: label(p, f), Value: f.Value, Predicate: f.Predicate, Sensitive: f.Sensitive, Asked: f.Asked}
		if f.Predicate {
			out[i].Value = p.T("citizen.predicate." + strconv.FormatBool(f.Value == "true"))
		}
	}
	return out
}

// label is what people call a field: by the type's schema in Chinese, by its name in English.
func label(p *shell.Page, f *Field) string {
	if n, ok := strings.CutPrefix(f.Name, "age_over_"); ok {
		return p.T("citizen.predicate.age", n)
	}
	if n, ok := strings.CutPrefix(f.Name, "valid_in_"); ok {
		return p.T("citizen.predicate.year", n)
	}
	if f.Title == "" {
		return words(f.Name)
	}
	return p.Say(f.Title, words(f.Name))
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

// split parts what a certificate says from what it lets one prove.
func split(fields []fieldView) (facts, predicates []fieldView) {
	for _, f := range fields {
		if f.Predicate {
			predicates = append(predicates, f)
		} else {
			facts = append(facts, f)
		}
	}
	return facts, predicates
}

func choose(fields []fieldView, chosen []string) []fieldView {
	for i := range fields {
		fields[i].Chosen = slices.Contains(chosen, fields[i].Name)
	}
	return fields
}

// askedFor are the fields that agreements ask for: what is shown unless its holder decides otherwise.
func askedFor(c *Certificate) []string {
	out := []string{}
	for _, f := range c.Fields {
		if f.Asked {
			out = append(out, f.Name)
		}
	}
	return out
}

// labels are the names of fields, one after the other.
func labels(p *shell.Page, fields []Field) string {
	var out []string
	for i := range fields {
		out = append(out, label(p, &fields[i]))
	}
	return strings.Join(out, p.Say("、", ", "))
}
