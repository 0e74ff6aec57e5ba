package importer

import (
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// kind is what a field's schema says of its values, as far as reading a cell depends on it.
type kind int

const (
	kindText kind = iota
	kindDate
	kindInteger
	kindNumber
	kindBoolean
)

// field is one field of a certificate type.
type field struct {
	name     string // in the certificate
	chinese  string
	pinyin   string
	kind     kind
	required bool
	constant string // the only value; empty: any
}

// label names the field to a person: the name that offices use.
func (f *field) label() string {
	if f.chinese != "" {
		return f.chinese
	}
	return f.name
}

// Form is which columns a certificate type has and how their cells are read.
type Form struct {
	fields []field // in the order of the schema
}

// ReadForm takes the columns from a certificate type's JSON Schema: the names of its properties, their title (Chinese)
// and x-pinyin, and which are required. Fields of GB/T 36903 have its spellings besides. Error: FIELD_INVALID.
func ReadForm(schema []byte) (*Form, error) {
	doc, err := attest.ParseJSON(schema, attest.DefaultLimits())
	if err != nil {
		return nil, err
	}
	f := doc.Fields()
	required, _ := f.OptStrings("required")
	form := &Form{}
	for _, m := range f.Value("properties").Members() {
		p, err := readField(m, required)
		if err != nil {
			return nil, err
		}
		form.fields = append(form.fields, p)
	}
	if f.Err() != nil || len(form.fields) == 0 {
		return nil, attest.Errorf(attest.CodeFieldInvalid, "the schema of the certificate type names no properties")
	}
	return form, nil
}

func readField(m attest.Member, required []string) (field, error) {
	p := m.Value.Fields()
	out := field{name: m.Name, required: slices.Contains(required, m.Name)}
	out.chinese, _ = p.OptString("title")
	out.pinyin, _ = p.OptString("x-pinyin")
	format, _ := p.OptString("format")
	form, _ := p.OptString("type")
	if c, ok := m.Value.Get("const"); ok && c.Kind() == attest.JSONString {
		out.constant = c.Str()
	}
	switch {
	case format == "date":
		out.kind = kindDate
	case form == "integer":
		out.kind = kindInteger
	case form == "number":
		out.kind = kindNumber
	case form == "boolean":
		out.kind = kindBoolean
	}
	return out, p.Err()
}

// find finds the field that a column's title means; -1 where it is none of this type.
func (f *Form) find(title string) int {
	title = strings.TrimSpace(title)
	if known, ok := gbt.FieldOf(title); ok {
		title = known.English
	}
	return slices.IndexFunc(f.fields, func(c field) bool {
		return strings.EqualFold(title, c.name) || title == c.chinese || c.pinyin != "" && strings.EqualFold(title, c.pinyin)
	})
}
