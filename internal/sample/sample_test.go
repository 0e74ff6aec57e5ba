package sample_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/internal/vectors"
)

func generator(t testing.TB, seed uint64) *sample.Generator {
	t.Helper()
	g, err := sample.New(seed, "11430000006122244L", "湖南省住房和城乡建设厅", "430000")
	require.NoError(t, err)
	return g
}

func types(t testing.TB) []*sample.Type {
	t.Helper()
	list, err := sample.Types()
	require.NoError(t, err)
	require.Len(t, list, 3)
	return list
}

func records(t testing.TB, g *sample.Generator, code gbt.TypeCode, n int) []sample.Record {
	t.Helper()
	out := make([]sample.Record, n)
	for i := range out {
		var err error
		out[i], err = g.Record(code, i)
		require.NoError(t, err)
	}
	return out
}

func table(t testing.TB, list []sample.Record, s sample.Spelling) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, sample.WriteCSV(&out, list, s))
	return out.Bytes()
}

// Frozen: demonstrations and other tests quote these records.
func TestRecordGolden(t *testing.T) {
	r, err := generator(t, 1).Record(sample.TypeOperation, 7)
	require.NoError(t, err)
	want := []sample.Claim{
		{Name: "certificateName", Value: "建筑施工特种作业人员操作资格证书"},
		{Name: "certificateTypeCode", Value: "11100000000013338W032"},
		{Name: "certificateNumber", Value: "SL430020250000007"},
		{Name: "certificateIdentifier", Value: "1.2.156.3005.2.11100000000013338W032.11430000006122244L.20250000007.001.Y"},
		{Name: "certificateIssuingAuthorityName", Value: "湖南省住房和城乡建设厅"},
		{Name: "certificateIssuingAuthorityCode", Value: "11430000006122244L"},
		{Name: "certificateIssuedDate", Value: "2025-09-28"},
		{Name: "certificateHolderName", Value: "曹涵"},
		{Name: "certificateHolderCode", Value: "99999919800806504X"},
		{Name: "certificateHolderTypeCode", Value: "111"},
		{Name: "certificateEffectiveDate", Value: "2025-09-28"},
		{Name: "certificateExpiringDate", Value: "2027-09-27"},
		{Name: "operationCategory", Value: "建筑起重机械司机"},
		{Name: "firstIssuedDate", Value: "2023-09-28"},
	}
	assert.Equal(t, want, r.Claims)
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, typ := range types(t) {
		one := table(t, records(t, generator(t, 1), typ.Code, 50), sample.SpellingChinese)
		assert.Equal(t, one, table(t, records(t, generator(t, 1), typ.Code, 50), sample.SpellingChinese))
		assert.NotEqual(t, one, table(t, records(t, generator(t, 2), typ.Code, 50), sample.SpellingChinese))
	}
}

func TestRecordsDoNotDependOnOrder(t *testing.T) {
	g := generator(t, 3)
	want := records(t, g, sample.TypeConstructor, 40)
	got := make([]sample.Record, len(want))
	var group sync.WaitGroup
	for i := range got {
		at := len(got) - 1 - i
		group.Go(func() {
			r, err := g.Record(sample.TypeConstructor, at)
			if err == nil {
				got[at] = r
			}
		})
	}
	group.Wait()
	assert.Equal(t, want, got)
}

func TestRecordsAreWhatTheyClaim(t *testing.T) {
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	g := generator(t, 4).On(day)
	seen := map[string]bool{}
	for _, typ := range types(t) {
		for _, r := range records(t, g, typ.Code, 200) {
			id, err := gbt.ParseIdentifier(r.Get(gbt.FieldIdentifier))
			require.NoError(t, err)
			require.Equal(t, gbt.OutcomeValid, id.Outcome)
			require.Equal(t, typ.Code, id.Type)
			require.Equal(t, r.Get(gbt.FieldAuthorityCode), id.Issuer)
			require.False(t, seen[id.Text()], "an identifier is used twice")
			seen[id.Text()] = true

			holderType, code := r.Get(gbt.FieldHolderTypeCode), r.Get(gbt.FieldHolderCode)
			require.NoError(t, gbt.CheckHolderCode(holderType, code))
			if holderType == gbt.HolderCodeCitizen {
				n, err := gbt.ParseCitizenNumber(code)
				require.NoError(t, err)
				require.True(t, n.Synthetic(), "the number could be somebody's")
				require.GreaterOrEqual(t, n.Age(day), 18)
			}

			from, err := gbt.ParseDate(r.Get(gbt.FieldEffectiveDate))
			require.NoError(t, err)
			until, err := gbt.ParseDate(r.Get(gbt.FieldExpiringDate))
			require.NoError(t, err)
			require.False(t, day.Before(from))
			require.True(t, day.Before(until))
		}
	}
}

func TestHoldersVary(t *testing.T) {
	names, old, companies := map[string]bool{}, 0, 0
	for _, r := range records(t, generator(t, 5), sample.TypeRealEstate, 500) {
		names[r.Get(gbt.FieldHolderName)] = true
		if r.Get(gbt.FieldHolderTypeCode) == gbt.HolderCodeUSCC {
			companies++
		}
		p, err := r.Predicates(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC))
		require.NoError(t, err)
		require.True(t, p["valid_in_2026"])
		if p["age_over_60"] {
			old++
		}
	}
	assert.Greater(t, len(names), 300)
	assert.Equal(t, 50, companies)
	assert.Greater(t, old, 50)
	assert.Less(t, old, 400)
}

func TestWithChangesACopy(t *testing.T) {
	r, err := generator(t, 6).Record(sample.TypeConstructor, 0)
	require.NoError(t, err)
	before := r.Get(gbt.FieldExpiringDate)
	expired := r.With(gbt.FieldExpiringDate, "2020-01-01").With("noSuchField", "x")
	assert.Equal(t, "2020-01-01", expired.Get(gbt.FieldExpiringDate))
	assert.Equal(t, before, r.Get(gbt.FieldExpiringDate))
	assert.Len(t, expired.Values(), len(r.Values()))
}

func TestCSVRoundTrip(t *testing.T) {
	for _, typ := range types(t) {
		want := records(t, generator(t, 7), typ.Code, 30)
		for _, s := range []sample.Spelling{sample.SpellingChinese, sample.SpellingPinyin, sample.SpellingEnglish} {
			rows, err := csv.NewReader(bytes.NewReader(table(t, want, s))).ReadAll()
			require.NoError(t, err)
			require.Len(t, rows, len(want)+1)
			for i, row := range rows[1:] {
				got := map[string]string{}
				for j, value := range row {
					column, ok := typ.FieldOf(rows[0][j])
					require.True(t, ok, rows[0][j])
					got[column.English] = value
				}
				require.Equal(t, want[i].Values(), got)
			}
		}
	}
}

func TestWriteCSVRefuses(t *testing.T) {
	g := generator(t, 8)
	one, other := records(t, g, sample.TypeConstructor, 1), records(t, g, sample.TypeOperation, 1)
	var out bytes.Buffer
	assert.Equal(t, attest.CodeFieldInvalid, attest.CodeOf(sample.WriteCSV(&out, nil, sample.SpellingChinese)))
	assert.Equal(t, attest.CodeFieldInvalid, attest.CodeOf(sample.WriteCSV(&out, one, "latin")))
	assert.Equal(t, attest.CodeFieldInvalid, attest.CodeOf(sample.WriteCSV(&out, append(one, other...), sample.SpellingChinese)))
}

func TestGeneratorRefuses(t *testing.T) {
	_, err := sample.New(1, "11430000006122244M", "x", "430000")
	assert.Equal(t, attest.CodeUSCC, attest.CodeOf(err))
	_, err = sample.New(1, "11430000006122244L", "", "430000")
	assert.Equal(t, attest.CodeFieldInvalid, attest.CodeOf(err))
	_, err = sample.New(1, "11430000006122244L", "x", "43")
	assert.Equal(t, attest.CodeFieldInvalid, attest.CodeOf(err))
	_, err = generator(t, 1).Record("11100000000013127D001", 0)
	assert.Equal(t, attest.CodeTypeUnknown, attest.CodeOf(err))
	for _, n := range []int{-1, sample.MaxRecord} {
		_, err = generator(t, 1).Record(sample.TypeOperation, n)
		assert.Equal(t, attest.CodeFieldInvalid, attest.CodeOf(err))
	}
}

func TestTypesAgreeWithTheStandards(t *testing.T) {
	for _, typ := range types(t) {
		_, err := gbt.ParseTypeCode(string(typ.Code))
		require.NoError(t, err)
		chinese, english, ok := gbt.TypeName(typ.Code)
		require.True(t, ok)
		assert.Equal(t, chinese, typ.Name)
		assert.Equal(t, english, typ.English)

		standard := 0
		for _, c := range typ.Fields {
			if f, ok := gbt.FieldOf(c.English); ok {
				standard++
				assert.Equal(t, gbt.Field{English: c.English, Chinese: c.Chinese, Pinyin: c.Pinyin}, f)
			}
		}
		assert.Equal(t, 12, standard)
		assert.GreaterOrEqual(t, len(typ.Fields)-standard, 2)
		assert.LessOrEqual(t, len(typ.Fields)-standard, 4)

		ledger := typ.CertificateType()
		assert.Len(t, ledger.Grades, len(typ.Fields))
		assert.Equal(t, attest.GradeImportant, ledger.Grades[gbt.FieldIdentifier])
		assert.Equal(t, attest.GradeImportant, ledger.Grades[gbt.FieldHolderCode])
		for name, grade := range ledger.Grades {
			assert.Contains(t, []attest.Grade{attest.GradeGeneral, attest.GradeImportant}, grade, name)
		}
		assert.Equal(t, []string{"age_over_60", "valid_in_2026"}, ledger.Predicates)
	}
}

func compiled(t *testing.T, typ *sample.Type) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(typ.Schema))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("type.json", doc))
	s, err := c.Compile("type.json")
	require.NoError(t, err)
	return s
}

func TestRecordsFitTheirSchemas(t *testing.T) {
	validate := func(s *jsonschema.Schema, r sample.Record) error {
		data, err := json.Marshal(r.Values())
		require.NoError(t, err)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		return s.Validate(value)
	}
	for _, typ := range types(t) {
		schema := compiled(t, typ)
		list := records(t, generator(t, 9), typ.Code, 200)
		for _, r := range list {
			require.NoError(t, validate(schema, r))
		}
		for _, bad := range []sample.Record{
			list[0].With(gbt.FieldExpiringDate, "2026-02-30"),
			list[0].With(gbt.FieldIssuedDate, "today"),
			list[0].With(gbt.FieldTypeCode, "11100000000013127D001"),
			list[0].With(gbt.FieldHolderTypeCode, "112"),
			list[0].With(gbt.FieldIdentifier, "1"),
			list[0].With(gbt.FieldHolderName, ""),
			{Type: typ, Claims: list[0].Claims[1:]},
			{Type: typ, Claims: append([]sample.Claim{{Name: "surplus", Value: "1"}}, list[0].Claims...)},
		} {
			require.Error(t, validate(schema, bad))
		}
	}
}

func TestAuthoritiesOfEveryProvince(t *testing.T) {
	codes := map[gbt.USCC]bool{}
	for _, province := range gbt.Provinces() {
		list, err := sample.Authorities(province.Code)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(list), 2)
		issued := map[gbt.TypeCode]bool{}
		for _, a := range list {
			code, err := gbt.ParseUSCC(string(a.Code))
			require.NoError(t, err)
			assert.True(t, code.BodyValid())
			assert.False(t, codes[code], "two authorities share a code")
			codes[code] = true
			assert.True(t, gbt.Within(a.Division, province.Code))
			assert.Equal(t, a.Example, bytes.Contains([]byte(a.Name), []byte("示例")), a.Name)
			for _, code := range a.Types {
				issued[code] = true
			}
		}
		assert.Len(t, issued, 3)
		assert.Equal(t, list[0].Code, list[1].Parent)
		assert.Subset(t, list[0].Types, list[1].Types, "a delegate may not do more")
	}
	hunan, err := sample.Authorities("430000")
	require.NoError(t, err)
	assert.Equal(t, gbt.USCC("11430000006122244L"), hunan[0].Code)
	assert.False(t, hunan[0].Example)
	for _, region := range []string{"", "430100", "999999"} {
		_, err := sample.Authorities(region)
		assert.Equal(t, attest.CodeRegionUnknown, attest.CodeOf(err))
	}
}

func TestScenariosArePublished(t *testing.T) {
	var file struct {
		Items []struct{ Item string }
	}
	vectors.Load(t, "cn_cross_province.json", &file)
	published := map[string]bool{}
	for _, v := range file.Items {
		published[v.Item] = true
	}
	for _, s := range sample.Scenarios() {
		assert.True(t, published[s], s)
	}
}

func BenchmarkRecord(b *testing.B) {
	g := generator(b, 1)
	n := 0
	for b.Loop() {
		if _, err := g.Record(sample.TypeConstructor, n%sample.MaxRecord); err != nil {
			b.Fatal(err)
		}
		n++
	}
}
