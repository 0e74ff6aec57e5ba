package importer

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// china is the zone that dates on certificates are meant in (GB/T 7408): UTC+8, without summer time since 1991.
var china = time.FixedZone("UTC+8", 8*60*60)

// rowBuilder makes a row of cells and gathers everything that is wrong with it.
type rowBuilder struct {
	reader   *Reader
	line     int
	values   []string // by field
	refusals []Refusal
}

func (b *rowBuilder) refuse(f *field, code attest.Code) {
	b.refusals = append(b.refusals, refuse(b.line, f.label(), code))
}

func (b *rowBuilder) build(cells []string) (*Row, []Refusal, error) {
	fields := b.reader.o.Form.fields
	for i, cell := range cells {
		if at := b.reader.columns[i]; at >= 0 {
			b.values[at] = strings.TrimSpace(cell)
		}
	}
	w := attest.NewObjectWriter(make([]byte, 0, 1024))
	for i := range fields {
		b.field(w, &fields[i], &b.values[i])
	}
	b.checkHolder()
	row := &Row{Line: b.line, Fields: w.Close()}
	b.period(row)
	if len(b.refusals) > 0 {
		return nil, b.refusals, nil
	}
	return row, nil, nil
}

// field checks one value, brings it into the form that the schema asks for and writes it.
func (b *rowBuilder) field(w *attest.ObjectWriter, f *field, value *string) {
	given := b.reader.given(f)
	if *value == "" {
		*value = given
	}
	switch {
	case *value == "":
		if f.required {
			b.refuse(f, attest.CodeCSVValueMissing)
		}
		return
	case given != "" && *value != given:
		b.refuse(f, mismatch(f.name))
		return
	}
	normal, raw, err := normalise(f, *value)
	if err != nil {
		b.refuse(f, attest.CodeOf(err))
		*value = "" // what was refused once is not judged further
		return
	}
	*value = normal
	if raw {
		w.Raw(f.name, []byte(normal))
		return
	}
	w.String(f.name, normal)
}

func mismatch(name string) attest.Code {
	switch name {
	case gbt.FieldTypeCode:
		return attest.CodeTypeCode
	case gbt.FieldAuthorityCode:
		return attest.CodeIssuerMismatch
	}
	return attest.CodeCSVValueForm
}

// scientific is what a spreadsheet makes of a long number that it was not told to keep as text.
var scientific = regexp.MustCompile(`^[0-9](\.[0-9]+)?[Ee]\+[0-9]+$`)

// number is a JSON number (RFC 8259, 6).
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// normalise gives the value as it goes into the certificate; raw: as JSON and not as a string.
func normalise(f *field, value string) (normal string, raw bool, err error) {
	switch f.kind {
	case kindDate:
		day, err := parseDay(value)
		return day.Format(time.DateOnly), false, err
	case kindInteger, kindNumber:
		whole := f.kind == kindInteger
		if !number.MatchString(value) || len(value) > 32 || whole && strings.Contains(value, ".") {
			return "", false, errForm
		}
		return value, true, nil
	case kindBoolean:
		return boolean(value)
	}
	if scientific.MatchString(value) {
		return "", false, errForm
	}
	if f.name == gbt.FieldIdentifier {
		_, err = gbt.ParseIdentifier(value)
	}
	return value, false, err
}

// errForm carries no detail: the refusal's reason is written for its code.
var errForm = attest.Errorf(attest.CodeCSVValueForm, "the value is not of the form that the type asks for")

func boolean(value string) (string, bool, error) {
	switch strings.ToLower(value) {
	case "是", "true", "1":
		return "true", true, nil
	case "否", "false", "0":
		return "false", true, nil
	}
	return "", false, errForm
}

// parseDay reads the forms that the standard and spreadsheets write: 2026-07-01, 20260701, 2026/7/1, 2026年7月1日.
func parseDay(value string) (time.Time, error) {
	for _, layout := range []string{"2006/1/2", "2006年1月2日", "2006-1-2"} {
		if day, err := time.Parse(layout, value); err == nil {
			return day, nil
		}
	}
	return gbt.ParseDate(value)
}

func (b *rowBuilder) value(name string) (*field, string) {
	for i := range b.reader.o.Form.fields {
		if f := &b.reader.o.Form.fields[i]; f.name == name {
			return f, b.values[i]
		}
	}
	return nil, ""
}

// checkHolder checks the holder's code by its type (GB/T 36903, Annex A). The codes that may be at fault are told apart
// by the error.
func (b *rowBuilder) checkHolder() {
	typeField, codeType := b.value(gbt.FieldHolderTypeCode)
	codeField, code := b.value(gbt.FieldHolderCode)
	if typeField == nil || codeField == nil || codeType == "" || code == "" {
		return
	}
	err := gbt.CheckHolderCode(codeType, code)
	var e *attest.Error
	switch {
	case err == nil || !errors.As(err, &e):
	case e.Code == attest.CodeHolderCodeType:
		b.refuse(typeField, e.Code)
	default:
		b.refuse(codeField, e.Code)
	}
}

// period reads the period of validity; both ends are days in China, the last one included.
func (b *rowBuilder) period(row *Row) {
	_, from := b.value(gbt.FieldEffectiveDate)
	until, end := b.value(gbt.FieldExpiringDate)
	if day, err := time.ParseInLocation(time.DateOnly, from, china); err == nil {
		row.From = day.Unix()
	}
	if day, err := time.ParseInLocation(time.DateOnly, end, china); err == nil {
		row.Until = day.AddDate(0, 0, 1).Unix()
	}
	if row.Until != 0 && row.Until <= row.From {
		b.refuse(until, attest.CodeDatesReversed)
	}
}
