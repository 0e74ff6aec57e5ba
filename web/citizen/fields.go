package citizen

import (
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
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
		if f.Name == gbt.FieldHolderTypeCode {
			out[i].Value = verdict.HolderType(p, f.Value)
		}
		if f.Predicate {
			out[i].Value = verdict.YesOrNo(p, f.Value == "true")
		}
	}
	return out
}

// label is what people call a field.
func label(p *shell.Page, f *Field) string { return verdict.Label(p, f.Name, f.Title) }

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
