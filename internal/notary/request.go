package notary

import (
	"bytes"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// IssueRequest asks for one certificate.
type IssueRequest struct {
	Authority string // USCC
	Type      string // type code
	Version   int    // of the type
	Fields    []attest.Field
	Holder    *attest.PublicKey // nil: a key is made and kept in custody
	NotBefore int64             // Unix seconds; zero: from the moment of issue
	Expires   int64             // Unix seconds, exclusive; zero: without end
}

// prepared is a request that may be signed.
type prepared struct {
	request *IssueRequest
	issuer  *issuer
	fields  []attest.Field // the request's and the predicates
	subject custody.Subject
	holder  holder
	digest  [32]byte
	status  custody.StatusSlot
}

// holder is whose certificate it is; both empty where the fields do not say it.
type holder struct{ typeCode, code string }

// fieldValues are the fields read once: all as JSON values, the strings as texts.
type fieldValues struct {
	all   map[string]any
	texts map[string]string
}

// check prepares one request. Its error carries a code, and a field's name where one is at fault.
func (n *Notary) check(r *IssueRequest, now time.Time) (*prepared, error) {
	is, err := n.issuer(r.Authority)
	if err != nil {
		return nil, err
	}
	t, err := n.certificateType(is.authority, r)
	if err != nil {
		return nil, err
	}
	if r.Expires != 0 && r.Expires <= max(r.NotBefore, now.Unix()) {
		return nil, attest.Errorf(attest.CodeDatesReversed, "the certificate would end before it begins")
	}
	values, err := readFields(r.Fields, t)
	if err != nil {
		return nil, err
	}
	schema, err := n.schemas.get(t)
	if err != nil {
		return nil, err
	}
	if err := validate(schema, values.all); err != nil {
		return nil, err
	}
	if err := n.checkStandardFields(r, values.texts); err != nil {
		return nil, err
	}
	p := &prepared{request: r, issuer: is, digest: r.digest()}
	if p.fields, err = addPredicates(r.Fields, t, values.texts, now); err != nil {
		return nil, err
	}
	p.holder = holder{values.texts[gbt.FieldHolderTypeCode], values.texts[gbt.FieldHolderCode]}
	return p, nil
}

// certificateType finds the type and checks that the authority is accredited for it.
func (n *Notary) certificateType(a *attest.Authority, r *IssueRequest) (*attest.CertificateType, error) {
	t, err := n.d.View.Type(r.Type, r.Version)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, attest.Errorf(attest.CodeTypeUnknown, "no such version of the certificate type is registered")
	}
	for _, code := range a.Types {
		if code == r.Type {
			return t, nil
		}
	}
	return nil, attest.Errorf(attest.CodeTypeNotAccredited, "the authority is not accredited for this certificate type")
}

// readFields reads every field's JSON, refusing what stands twice and what the notary computes itself.
func readFields(fields []attest.Field, t *attest.CertificateType) (*fieldValues, error) {
	if len(fields) == 0 {
		return nil, attest.Errorf(attest.CodeFieldMissing, "a certificate has at least one field")
	}
	v := &fieldValues{all: make(map[string]any, len(fields)), texts: make(map[string]string, len(fields))}
	for _, f := range fields {
		if _, ok := v.all[f.Name]; ok {
			return nil, refuse(f.Name, attest.CodeFieldTwice, "the field is given twice")
		}
		for _, p := range t.Predicates {
			if f.Name == p {
				return nil, refuse(f.Name, attest.CodeFieldUnknown, "the gateway derives this claim; it is not taken from outside")
			}
		}
		if err := v.read(f); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *fieldValues) read(f attest.Field) error {
	value, err := attest.ParseJSON(f.Value, attest.Limits{})
	if err != nil {
		return atField(f.Name, err)
	}
	if value.Kind() == attest.JSONString {
		text := value.Str()
		v.texts[f.Name], v.all[f.Name] = text, text
		return nil
	}
	v.all[f.Name], err = jsonschema.UnmarshalJSON(bytes.NewReader(f.Value))
	if err != nil {
		return refuse(f.Name, attest.CodeJSONSyntax, "the value is not JSON")
	}
	return nil
}

// checkStandardFields checks what GB/T 36903 and its neighbours say of fields of these names, whatever a schema says.
func (n *Notary) checkStandardFields(r *IssueRequest, texts map[string]string) error {
	if id, ok := texts[gbt.FieldIdentifier]; ok {
		if err := n.checkIdentifier(r, id); err != nil {
			return atField(gbt.FieldIdentifier, err)
		}
	}
	if err := checkHolder(texts); err != nil {
		return err
	}
	if code, ok := texts[gbt.FieldAuthorityCode]; ok && code != r.Authority {
		return refuse(gbt.FieldAuthorityCode, attest.CodeFieldInvalid, "the field names another authority than the one that signs")
	}
	if code, ok := texts[gbt.FieldTypeCode]; ok && code != r.Type {
		return refuse(gbt.FieldTypeCode, attest.CodeFieldInvalid, "the field names another type than the certificate's")
	}
	return checkDates(texts)
}

// checkHolder checks the holder's code by its type: 111 is a citizen number (GB 11643), 001 a USCC (GB 32100).
func checkHolder(texts map[string]string) error {
	typeCode, ok := texts[gbt.FieldHolderTypeCode]
	if !ok {
		return nil
	}
	err := gbt.CheckHolderCode(typeCode, texts[gbt.FieldHolderCode])
	if attest.CodeOf(err) == attest.CodeHolderCodeType {
		return atField(gbt.FieldHolderTypeCode, err)
	}
	return atField(gbt.FieldHolderCode, err)
}

func (n *Notary) checkIdentifier(r *IssueRequest, text string) error {
	id, err := gbt.ParseIdentifier(text)
	if err != nil {
		return err
	}
	if id.Outcome == gbt.OutcomeLegacyCheck && !n.o.AllowLegacyCheck {
		return attest.Errorf(attest.CodeIdentifierLegacy, "the check character is that of the widespread faulty routine; new identifiers carry the standard's")
	}
	if string(id.Type) != r.Type {
		return attest.Errorf(attest.CodeFieldInvalid, "the licence identifier is of another certificate type")
	}
	return nil
}

func checkDates(texts map[string]string) error {
	from, err := optionalDate(texts, gbt.FieldEffectiveDate)
	if err != nil {
		return err
	}
	until, err := optionalDate(texts, gbt.FieldExpiringDate)
	if err != nil {
		return err
	}
	if !from.IsZero() && !until.IsZero() && until.Before(from) {
		return refuse(gbt.FieldExpiringDate, attest.CodeDatesReversed, "the validity ends before it begins")
	}
	return nil
}

func optionalDate(texts map[string]string, field string) (time.Time, error) {
	text, ok := texts[field]
	if !ok || text == "" {
		return time.Time{}, nil
	}
	day, err := gbt.ParseDate(text)
	return day, atField(field, err)
}

// addPredicates appends the claims that the type derives. One that does not bear on this holder or these dates is left
// out: a false would be a statement.
func addPredicates(fields []attest.Field, t *attest.CertificateType, texts map[string]string, now time.Time) ([]attest.Field, error) {
	out := fields[:len(fields):len(fields)]
	for _, name := range t.Predicates {
		value, applies, err := gbt.Predicate(name, texts, now)
		if err != nil {
			return nil, atField(name, err)
		}
		if !applies {
			continue
		}
		json := []byte("false")
		if value {
			json = []byte("true")
		}
		out = append(out, attest.Field{Name: name, Value: json})
	}
	return out, nil
}

// digest tells requests apart under one operation id. It is kept sealed with the certificate.
func (r *IssueRequest) digest() [32]byte {
	w := attest.NewObjectWriter(make([]byte, 0, 1024))
	w.String("authority", r.Authority)
	w.String("type", r.Type)
	w.Int64("version", int64(r.Version))
	w.Int64("nbf", r.NotBefore)
	w.Int64("exp", r.Expires)
	if r.Holder != nil {
		w.Raw("holder", r.Holder.JWK())
	}
	w.Objects("fields", len(r.Fields), func(i int, w *attest.ObjectWriter) { w.Raw(r.Fields[i].Name, r.Fields[i].Value) })
	return attest.SuiteStd.Sum([]byte("huzheng/v1/request\x00"), w.Close())
}
