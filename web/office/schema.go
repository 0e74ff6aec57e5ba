package office

import (
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// Kind is how a field is asked for.
type Kind string

// The kinds of fields.
const (
	KindText    Kind = "text"
	KindDate    Kind = "date"
	KindNumber  Kind = "number"
	KindBoolean Kind = "boolean"
	KindChoice  Kind = "choice"
)

// property is a field of a certificate type, as its schema has it.
type property struct {
	Name     string
	title    string // Chinese
	Kind     Kind
	Required bool
	constant string // the only value; empty: any
	enum     []string
	MaxLen   int // characters; zero: no bound
	minLen   int
	pattern  *regexp.Regexp // nil: none, or none that can be read here: the notary reads it
}

// readSchema takes the fields from a type's JSON Schema, in its order.
func readSchema(schema []byte) ([]property, error) {
	if len(schema) == 0 {
		return nil, nil
	}
	doc, err := attest.ParseJSON(schema, attest.DefaultLimits())
	if err != nil {
		return nil, err
	}
	f := doc.Fields()
	required, _ := f.OptStrings("required")
	var out []property
	for _, m := range f.Value("properties").Members() {
		out = append(out, readProperty(m, slices.Contains(required, m.Name)))
	}
	return out, f.Err()
}

func readProperty(m attest.Member, required bool) property {
	f := m.Value.Fields()
	out := property{Name: m.Name, Kind: KindText, Required: required}
	out.title, _ = f.OptString("title")
	format, _ := f.OptString("format")
	kind, _ := f.OptString("type")
	longest, _ := f.OptInt64("maxLength")
	shortest, _ := f.OptInt64("minLength")
	out.MaxLen, out.minLen = int(longest), int(shortest)
	out.enum, _ = f.OptStrings("enum")
	if c, ok := f.OptValue("const"); ok && c.Kind() == attest.JSONString {
		out.constant = c.Str()
	}
	if pattern, ok := f.OptString("pattern"); ok {
		out.pattern, _ = regexp.Compile(pattern) // nil where it is not of RE2
	}
	switch {
	case len(out.enum) > 0:
		out.Kind = KindChoice
	case format == "date":
		out.Kind = KindDate
	case kind == "integer" || kind == "number":
		out.Kind = KindNumber
	case kind == "boolean":
		out.Kind = KindBoolean
	}
	return out
}

func (f *property) label(p *shell.Page) string { return verdict.Label(p, f.Name, f.title) }

// check says what is wrong with a value that was filled in; empty: nothing that can be told before the notary looks.
func (f *property) check(value string) (key string) {
	switch {
	case value == "" && f.Required:
		return "office.error.required"
	case value == "":
		return ""
	case f.Kind == KindChoice && !slices.Contains(f.enum, value):
		return "office.error.choice"
	case f.Kind == KindDate:
		if _, err := gbt.ParseDate(value); err != nil {
			return "office.error.date"
		}
	}
	return f.checkForm(value)
}

func (f *property) checkForm(value string) (key string) {
	switch n := utf8.RuneCountInString(value); {
	case f.Kind == KindChoice:
		return ""
	case n < f.minLen || f.MaxLen > 0 && n > f.MaxLen:
		return "office.error.length"
	case f.pattern != nil && !f.pattern.MatchString(value):
		return "office.error.pattern"
	}
	return ""
}
