package sample

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// The certificate types that records are made of.
const (
	TypeConstructor gbt.TypeCode = "11100000000013338W001" // 二级建造师注册证书
	TypeRealEstate  gbt.TypeCode = "11100000MB03271699001" // 不动产权证书
	TypeOperation   gbt.TypeCode = "11100000000013338W032" // 建筑施工特种作业人员操作资格证书
)

//go:embed types/*.json
var typeFiles embed.FS

// Type is a certificate type as a region registers it. It is read from a JSON Schema (2020-12) in which three
// annotations say what the standard vocabulary does not: x-grade and x-pinyin of a field, x-predicates of the type.
type Type struct {
	Code       gbt.TypeCode
	Version    int
	Name       string // Chinese
	English    string
	Schema     json.RawMessage // the whole document
	Fields     []Column        // in the order of the document
	Predicates []string        // see gbt.Predicate
}

// Column is a field of a type in the three spellings of a table's header, with its grade.
type Column struct {
	English string
	Chinese string
	Pinyin  string
	Grade   attest.Grade
}

// Types are the three types, each freshly read. The files are part of the program: an error is a mistake in them.
func Types() ([]*Type, error) {
	names := []string{"constructor", "realestate", "operation"}
	types := make([]*Type, 0, len(names))
	for _, name := range names {
		data, err := typeFiles.ReadFile("types/" + name + ".json")
		if err != nil {
			return nil, err
		}
		t, err := parseType(data)
		if err != nil {
			return nil, fmt.Errorf("certificate type %s: %w", name, err)
		}
		types = append(types, t)
	}
	return types, nil
}

// TypeOf is one of the three types.
func TypeOf(code gbt.TypeCode) (*Type, error) {
	types, err := Types()
	if err != nil {
		return nil, err
	}
	return findType(types, code)
}

func findType(types []*Type, code gbt.TypeCode) (*Type, error) {
	i := slices.IndexFunc(types, func(t *Type) bool { return t.Code == code })
	if i < 0 {
		return nil, attest.Errorf(attest.CodeTypeUnknown, "there are no samples of that certificate type")
	}
	return types[i], nil
}

// CertificateType is the type in the form that the ledger registers.
func (t *Type) CertificateType() attest.CertificateType {
	grades := make(map[string]attest.Grade, len(t.Fields))
	for _, c := range t.Fields {
		grades[c.English] = c.Grade
	}
	return attest.CertificateType{
		Code: string(t.Code), Version: t.Version, Name: t.Name, Schema: slices.Clone(t.Schema),
		Grades: grades, Predicates: slices.Clone(t.Predicates),
	}
}

func parseType(data []byte) (*Type, error) {
	doc, err := attest.ParseJSON(data, attest.DefaultLimits())
	if err != nil {
		return nil, err
	}
	f := doc.Fields()
	t := &Type{
		Version: 1, Name: f.String("title"), English: f.String("description"), Schema: data,
		Predicates: f.Strings("x-predicates"),
	}
	for _, m := range f.Value("properties").Members() {
		p := m.Value.Fields()
		t.Fields = append(t.Fields, Column{
			English: m.Name, Chinese: p.String("title"), Pinyin: p.String("x-pinyin"), Grade: attest.Grade(p.String("x-grade")),
		})
		if m.Name == gbt.FieldTypeCode {
			t.Code = gbt.TypeCode(p.String("const"))
		}
		if err := p.Err(); err != nil {
			return nil, err
		}
	}
	return t, f.Err()
}
