package sample

import (
	"encoding/csv"
	"io"
	"slices"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// Claim is one field of a record, by its English name.
type Claim struct{ Name, Value string }

// Record is one certificate as its authority would state it, every field of its type.
type Record struct {
	Type   *Type
	Claims []Claim // in the order of the type
}

func newRecord(t *Type, values map[string]string) Record {
	claims := make([]Claim, len(t.Fields))
	for i, c := range t.Fields {
		claims[i] = Claim{c.English, values[c.English]}
	}
	return Record{Type: t, Claims: claims}
}

// Get is the value of a field; empty where the type has no such field.
func (r Record) Get(name string) string {
	for _, c := range r.Claims {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// With is a copy of the record with another value in a field that it has, for a certificate that is expired, not yet
// valid or plainly wrong.
func (r Record) With(name, value string) Record {
	r.Claims = slices.Clone(r.Claims)
	for i := range r.Claims {
		if r.Claims[i].Name == name {
			r.Claims[i].Value = value
		}
	}
	return r
}

// Values are the fields by name.
func (r Record) Values() map[string]string {
	values := make(map[string]string, len(r.Claims))
	for _, c := range r.Claims {
		values[c.Name] = c.Value
	}
	return values
}

// Predicates are the predicates of the type that apply to the record, derived on the day of issue at; see gbt.Predicate.
func (r Record) Predicates(at time.Time) (map[string]bool, error) {
	values, out := r.Values(), map[string]bool{}
	for _, name := range r.Type.Predicates {
		value, applies, err := gbt.Predicate(name, values, at)
		if err != nil {
			return nil, err
		}
		if applies {
			out[name] = value
		}
	}
	return out, nil
}

// Spelling is the language of a table's header.
type Spelling string

// The three spellings of GB/T 36903 as deployed.
const (
	SpellingChinese Spelling = "chinese"
	SpellingPinyin  Spelling = "pinyin"
	SpellingEnglish Spelling = "english"
)

func (s Spelling) of(c Column) (string, error) {
	switch s {
	case SpellingChinese:
		return c.Chinese, nil
	case SpellingPinyin:
		return c.Pinyin, nil
	case SpellingEnglish:
		return c.English, nil
	}
	return "", attest.Errorf(attest.CodeFieldInvalid, "the spelling of a header is chinese, pinyin or english")
}

// WriteCSV writes records of one type as a table (RFC 4180, UTF-8 without BOM, a header line first), the columns in the
// order of the type. Errors: FIELD_INVALID for an unknown spelling, no records or records of several types; those of w.
func WriteCSV(w io.Writer, records []Record, spelling Spelling) error {
	if len(records) == 0 {
		return attest.Errorf(attest.CodeFieldInvalid, "a table has at least one record")
	}
	t := records[0].Type
	row := make([]string, len(t.Fields))
	for i, c := range t.Fields {
		name, err := spelling.of(c)
		if err != nil {
			return err
		}
		row[i] = name
	}
	out := csv.NewWriter(w)
	if err := out.Write(row); err != nil {
		return err
	}
	for _, r := range records {
		if r.Type.Code != t.Code {
			return attest.Errorf(attest.CodeFieldInvalid, "a table holds records of one type")
		}
		for i, c := range r.Claims {
			row[i] = c.Value
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// FieldOf finds a field of the type by any of its three spellings, as a table's header may have it. Fields that only
// this type has are found here and not by gbt.FieldOf.
func (t *Type) FieldOf(header string) (Column, bool) {
	if f, ok := gbt.FieldOf(header); ok {
		header = f.English
	}
	i := slices.IndexFunc(t.Fields, func(c Column) bool {
		return header == c.English || header == c.Chinese || header == c.Pinyin
	})
	if i < 0 {
		return Column{}, false
	}
	return t.Fields[i], true
}
