// Package typefile reads a certificate type as offices write it, and checks everything that gateways will ask of it before it
// is put on the ledger, where a version can never be mended. The command line and the API read it alike.
package typefile

import (
	"strconv"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/importer"
	"github.com/huzheng-ledger/huzheng/internal/notary"
)

// URN begins the $id of a certificate type's schema: urn:huzheng:type:<code>:<version>.
const URN = "urn:huzheng:type:"

// Parse reads a JSON Schema 2020-12 whose $id names code and version and whose title is the type's name, with x-grade at
// every property (general, important) and x-predicates of the type. Its bytes are the type's schema.
// Codes: JSON_…, FIELD_INVALID, CERTIFICATE_TYPE_CODE, PREDICATE_UNKNOWN, SCHEMA_INVALID.
func Parse(data []byte) (*attest.CertificateType, error) {
	doc, err := attest.ParseJSON(data, attest.DefaultLimits())
	if err != nil {
		return nil, err
	}
	f := doc.Fields()
	t := &attest.CertificateType{Name: f.String("title"), Schema: data, Grades: map[string]attest.Grade{}}
	id, properties := f.String("$id"), f.Value("properties")
	t.Predicates, _ = f.OptStrings("x-predicates")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if err := identify(t, id); err != nil {
		return nil, err
	}
	for _, m := range properties.Members() {
		if err := readProperty(t, m); err != nil {
			return nil, err
		}
	}
	return t, checkUsable(t)
}

// identify takes code and version from the schema's $id.
func identify(t *attest.CertificateType, id string) error {
	rest, ok := strings.CutPrefix(id, URN)
	code, number, found := strings.Cut(rest, ":")
	version, err := strconv.Atoi(number)
	if !ok || !found || err != nil || version < 1 || strconv.Itoa(version) != number {
		return attest.Errorf(attest.CodeFieldInvalid, "$id is not %s<code>:<version>, the version from 1", URN)
	}
	t.Code, t.Version = code, version
	_, err = gbt.ParseTypeCode(code)
	return err
}

func readProperty(t *attest.CertificateType, m attest.Member) error {
	p := m.Value.Fields()
	t.Grades[m.Name] = attest.Grade(p.String("x-grade"))
	if err := p.Err(); err != nil {
		return attest.Errorf(attest.CodeOf(err), "property %s: x-grade: general or important, as the standard grades the field", m.Name)
	}
	fixed, has := m.Value.Get("const")
	if m.Name == gbt.FieldTypeCode && has && (fixed.Kind() != attest.JSONString || fixed.Str() != t.Code) {
		return attest.Errorf(attest.CodeFieldInvalid, "property %s is bound to another code than that of $id", m.Name)
	}
	return nil
}

// checkUsable checks that the type could be issued: by its schema, from tables, and with its predicates.
func checkUsable(t *attest.CertificateType) error {
	if err := notary.CheckSchema(t.Schema); err != nil {
		return err
	}
	if _, err := importer.ReadForm(t.Schema); err != nil {
		return err
	}
	for _, name := range t.Predicates {
		if _, _, err := gbt.Predicate(name, nil, time.Unix(0, 0)); err != nil {
			return err
		}
	}
	return nil
}
