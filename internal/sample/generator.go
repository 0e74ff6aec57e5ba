package sample

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// MaxRecord is the number of records that one generator makes of a type.
const MaxRecord = 10_000_000

// Generator makes the records of one authority. It may be used concurrently.
type Generator struct {
	seed      uint64
	authority gbt.USCC
	name      string
	division  string
	day       time.Time
	types     []*Type
}

// New is a generator for an authority. Records are issued in the year before 2026-07-01; see On. Errors: USCC,
// FIELD_INVALID for an empty name or what is no division code.
func New(seed uint64, authority gbt.USCC, authorityName, divisionCode string) (*Generator, error) {
	if _, err := gbt.ParseUSCC(string(authority)); err != nil {
		return nil, err
	}
	if authorityName == "" || !gbt.IsDivision(divisionCode) {
		return nil, attest.Errorf(attest.CodeFieldInvalid, "an authority has a name and a division code")
	}
	types, err := Types()
	if err != nil {
		return nil, err
	}
	return &Generator{
		seed: seed, authority: authority, name: authorityName, division: divisionCode,
		day: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), types: types,
	}, nil
}

// On is a generator like g whose records were issued in the 364 days before day or on it, and are all in force then.
func (g *Generator) On(day time.Time) *Generator {
	moved := *g
	moved.day = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	return &moved
}

// Record is the certificate number n of a type, n from 0 to MaxRecord-1. It depends on nothing but the generator, the
// type and n. Errors: TYPE_UNKNOWN, FIELD_INVALID for n out of range.
func (g *Generator) Record(code gbt.TypeCode, n int) (Record, error) {
	t, err := findType(g.types, code)
	if err != nil {
		return Record{}, err
	}
	if n < 0 || n >= MaxRecord {
		return Record{}, attest.Errorf(attest.CodeFieldInvalid, "record number %d is not in 0..%d", n, MaxRecord-1)
	}
	r := g.random(code, n)
	holder, err := person(r)
	if err != nil {
		return Record{}, err
	}
	if code == TypeRealEstate && n%10 == 9 {
		holder = company(r)
	}
	issued := g.day.AddDate(0, 0, -r.IntN(365))
	serial := fmt.Sprintf("%04d%07d", issued.Year(), n)
	id, err := gbt.NewIdentifier(code, g.authority, serial, 1)
	if err != nil {
		return Record{}, err
	}
	values := map[string]string{
		gbt.FieldName:           t.Name,
		gbt.FieldTypeCode:       string(code),
		gbt.FieldNumber:         "SL" + g.division[:4] + serial, // SL: 示例
		gbt.FieldIdentifier:     id.Text(),
		gbt.FieldAuthorityName:  g.name,
		gbt.FieldAuthorityCode:  string(g.authority),
		gbt.FieldIssuedDate:     issued.Format(time.DateOnly),
		gbt.FieldHolderName:     holder.Name,
		gbt.FieldHolderCode:     holder.Code,
		gbt.FieldHolderTypeCode: holder.CodeType,
		gbt.FieldEffectiveDate:  issued.Format(time.DateOnly),
	}
	g.addOwnFields(values, code, r, issued, n)
	return newRecord(t, values), nil
}

// addOwnFields adds the end of validity and the fields that only this type has.
func (g *Generator) addOwnFields(values map[string]string, code gbt.TypeCode, r *rand.Rand, issued time.Time, n int) {
	switch code {
	case TypeConstructor:
		values[gbt.FieldExpiringDate] = issued.AddDate(3, 0, -1).Format(time.DateOnly)
		values["registrationNumber"] = fmt.Sprintf("SL2%s%09d", g.division[:2], n)
		values["registrationProfession"] = pick(r, "建筑工程", "公路工程", "水利水电工程", "市政公用工程", "矿业工程", "机电工程")
		values["qualificationCertificateNumber"] = fmt.Sprintf("SLZG%s%08d", g.division[:2], r.IntN(100_000_000))
	case TypeRealEstate:
		values[gbt.FieldExpiringDate] = issued.AddDate(70, 0, -1).Format(time.DateOnly)
		values["estateUnitNumber"] = fmt.Sprintf("%s%03d%03dGB%05dF%08d", gbt.SyntheticArea, 1+r.IntN(999), 1+r.IntN(999), r.IntN(100_000), 10_000+r.IntN(90_000))
		values["estateLocation"] = fmt.Sprintf("示例路%d号%d幢%d%02d室", 1+r.IntN(999), 1+r.IntN(40), 1+r.IntN(33), 1+r.IntN(8))
		values["estateArea"] = fmt.Sprintf("%d.%02d", 40+r.IntN(160), r.IntN(100))
		values["estateUsage"] = pick(r, "住宅", "商业服务", "办公", "工业")
	case TypeOperation:
		values[gbt.FieldExpiringDate] = issued.AddDate(2, 0, -1).Format(time.DateOnly)
		values["operationCategory"] = pick(r, "建筑电工", "建筑架子工", "建筑起重信号司索工", "建筑起重机械司机", "建筑起重机械安装拆卸工", "高处作业吊篮安装拆卸工")
		values["firstIssuedDate"] = issued.AddDate(-2*r.IntN(5), 0, 0).Format(time.DateOnly)
	}
}

// random is the source of record n alone.
func (g *Generator) random(code gbt.TypeCode, n int) *rand.Rand {
	in := make([]byte, 0, 64)
	in = binary.BigEndian.AppendUint64(in, g.seed)
	in = append(in, g.authority...)
	in = append(in, code...)
	in = binary.BigEndian.AppendUint64(in, uint64(n))   //nolint:gosec // n is not negative
	return rand.New(rand.NewChaCha8(sha256.Sum256(in))) //nolint:gosec // made to be repeated; nothing is secret
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }
