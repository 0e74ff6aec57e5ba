package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

const (
	authorityCode = "11430000006122244L"
	authorityName = "湖南省住房和城乡建设厅"
)

func constructorForm(t testing.TB) *Form {
	t.Helper()
	kind, err := sample.TypeOf(sample.TypeConstructor)
	require.NoError(t, err)
	form, err := ReadForm(kind.Schema)
	require.NoError(t, err)
	return form
}

func table(t testing.TB, rows int, spelling sample.Spelling) string {
	t.Helper()
	g, err := sample.New(1, authorityCode, authorityName, "430000")
	require.NoError(t, err)
	records := make([]sample.Record, rows)
	for i := range records {
		records[i], err = g.Record(sample.TypeConstructor, i)
		require.NoError(t, err)
	}
	var out bytes.Buffer
	require.NoError(t, sample.WriteCSV(&out, records, spelling))
	return out.String()
}

func open(t testing.TB, text string) (*Reader, error) {
	t.Helper()
	return NewReader(strings.NewReader(text), Options{Form: constructorForm(t), Type: string(sample.TypeConstructor), Authority: authorityCode})
}

func readAll(t testing.TB, r *Reader) (rows []*Row, refusals []Refusal) {
	t.Helper()
	for {
		row, refused, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, refusals
		}
		require.NoError(t, err)
		require.NotEqual(t, row == nil, len(refused) == 0, "a row is read or refused")
		if row != nil {
			rows = append(rows, row)
		}
		refusals = append(refusals, refused...)
	}
}

func TestEverySpellingReadsAlike(t *testing.T) {
	var first []*Row
	for _, spelling := range []sample.Spelling{sample.SpellingChinese, sample.SpellingPinyin, sample.SpellingEnglish} {
		for _, mark := range []string{"", "\ufeff"} {
			text := strings.ReplaceAll(table(t, 20, spelling), "\n", "\r\n")
			r, err := open(t, mark+text)
			require.NoError(t, err)
			rows, refusals := readAll(t, r)
			require.Empty(t, refusals)
			require.Len(t, rows, 20)
			if first == nil {
				first = rows
			}
			assert.Equal(t, first, rows)
		}
	}
	var fields map[string]string
	require.NoError(t, json.Unmarshal(first[0].Fields, &fields))
	assert.Equal(t, authorityName, fields[gbt.FieldAuthorityName])
	assert.Len(t, fields, 15)
	assert.Equal(t, 2, first[0].Line)
	assert.Equal(t, int64(16*3600), first[0].From%86400, "midnight in China")
	assert.Greater(t, first[0].Until, first[0].From)
}

func TestBadRowsCostThemselves(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(table(t, 12, sample.SpellingEnglish), "\n"), "\n")
	header := strings.Split(lines[0], ",")
	change := func(line int, column, value string) {
		cells := strings.Split(lines[line-1], ",")
		for i, name := range header {
			if name == column {
				cells[i] = value
			}
		}
		lines[line-1] = strings.Join(cells, ",")
	}
	change(3, gbt.FieldHolderCode, "999999199001010000")
	change(4, gbt.FieldEffectiveDate, "2026-13-01")
	change(5, gbt.FieldHolderName, "")
	lines[5] = lines[5][:40]  // line 6: cells are missing
	lines[6] = `"` + lines[6] // line 7: a quote that swallows what follows
	change(8, gbt.FieldHolderName, "\xff\xfe")
	change(9, gbt.FieldExpiringDate, "1999-01-01")
	change(10, gbt.FieldTypeCode, "11100000MB03271699001")
	change(11, gbt.FieldHolderCode, "9.99999E+17")
	lines = append(lines, ",,,,,,,,,,,,,,", "", strings.Repeat("x", MaxRow+10))
	r, err := open(t, strings.Join(lines, "\n"))
	require.NoError(t, err)
	rows, refusals := readAll(t, r)
	got := make([]string, len(refusals))
	for i, f := range refusals {
		got[i] = fmt.Sprintf("%d %s %s", f.Line, f.Column, f.Code)
		assert.NotEmpty(t, f.Zh)
		assert.NotEmpty(t, f.En)
	}
	assert.Equal(t, []string{
		"3 持证主体代码 CITIZEN_NUMBER",
		"4 证照有效期起始日期 DATE_FORMAT",
		"5 持证主体 CSV_VALUE_MISSING",
		"6  CSV_ROW_LENGTH",
		"7  CSV_QUOTE",
		"8  CSV_ENCODING",
		"9 证照有效期截止日期 DATES_REVERSED",
		"10 证照类型代码 CERTIFICATE_TYPE_CODE",
		"11 持证主体代码 CSV_VALUE_FORM",
		"16  CSV_ROW_TOO_LONG",
	}, got)
	assert.Len(t, rows, 3, "lines 2, 12 and 13")
}

func TestQuotedCells(t *testing.T) {
	lines := strings.Split(table(t, 2, sample.SpellingEnglish), "\n")
	lines[1] = strings.Replace(lines[1], authorityName, "\"厅,\"\"一\"\"\n二\"", 1)
	r, err := open(t, strings.Join(lines, "\n"))
	require.NoError(t, err)
	rows, refusals := readAll(t, r)
	require.Empty(t, refusals)
	require.Len(t, rows, 2)
	assert.Contains(t, string(rows[0].Fields), `厅,\"一\"\n二`)
	assert.Equal(t, 4, rows[1].Line, "lines are counted as the editor does")
}

func TestHeaders(t *testing.T) {
	good := strings.SplitN(table(t, 1, sample.SpellingChinese), "\n", 2)[0]
	for name, c := range map[string]struct {
		text string
		code attest.Code
		says string
	}{
		"empty":     {"", attest.CodeCSVEmpty, ""},
		"blank":     {"\n\n,,,\n", attest.CodeCSVEmpty, ""},
		"twice":     {good + ",ZZBH", attest.CodeCSVColumnTwice, `"ZZBH"`},
		"unknown":   {good + ",备注", attest.CodeCSVColumnUnknown, `"备注"`},
		"missing":   {strings.Replace(good, "持证主体,", "", 1), attest.CodeCSVColumnMissing, "持证主体 (certificateHolderName)"},
		"tabs":      {strings.ReplaceAll(good, ",", "\t"), attest.CodeCSVHeader, "commas"},
		"open":      {`"` + good, attest.CodeCSVHeader, "CSV_QUOTE"},
		"not UTF-8": {"\xb3\xd6\xd6\xa4,\xd6\xf7", attest.CodeCSVEncoding, "UTF-8"},
	} {
		_, err := open(t, c.text)
		assert.Equal(t, c.code, attest.CodeOf(err), name)
		require.ErrorContains(t, err, c.says, name)
	}
	_, err := NewReader(strings.NewReader(good+",备注\n"), Options{Form: constructorForm(t), Skip: []string{"备注"}})
	assert.NoError(t, err, "a column that is left out on purpose")
}

func TestColumnsThatFollowFromTheCommandMayBeAbsent(t *testing.T) {
	text := table(t, 1, sample.SpellingEnglish)
	lines := strings.Split(text, "\n")
	drop := map[string]bool{gbt.FieldTypeCode: true, gbt.FieldAuthorityCode: true, gbt.FieldName: true}
	header := strings.Split(lines[0], ",")
	for i, line := range lines[:2] {
		var kept []string
		for k, cell := range strings.Split(line, ",") {
			if !drop[header[k]] {
				kept = append(kept, cell)
			}
		}
		lines[i] = strings.Join(kept, ",")
	}
	r, err := open(t, strings.Join(lines, "\n"))
	require.NoError(t, err)
	rows, refusals := readAll(t, r)
	require.Empty(t, refusals)
	var fields map[string]string
	require.NoError(t, json.Unmarshal(rows[0].Fields, &fields))
	assert.Equal(t, authorityCode, fields[gbt.FieldAuthorityCode])
	assert.Equal(t, string(sample.TypeConstructor), fields[gbt.FieldTypeCode])
	assert.Equal(t, "二级建造师注册证书", fields[gbt.FieldName])
}

// endless repeats one row: a table far larger than what may be in memory.
type endless struct {
	row  []byte
	left int
	rest []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.left == 0 {
			return 0, io.EOF
		}
		e.left--
		e.rest = e.row
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

var manyRows = flag.Int("importer.rows", 200_000, "rows of the large table; 1000000 is what an office may bring")

func TestManyRowsInBoundedMemory(t *testing.T) {
	rows := *manyRows
	lines := strings.SplitAfter(table(t, 1, sample.SpellingPinyin), "\n")
	bad := `"` + lines[1] // every second row has a quote that never closes
	r, err := NewReader(io.MultiReader(strings.NewReader(lines[0]), &endless{row: []byte(lines[1] + bad), left: rows / 2}),
		Options{Form: constructorForm(t), Type: string(sample.TypeConstructor), Authority: authorityCode})
	require.NoError(t, err)
	good, refused, peak := 0, 0, uint64(0)
	for n := 0; ; n++ {
		row, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if row != nil {
			good++
		} else {
			refused++
		}
		if n%100_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	assert.Equal(t, rows/2, good)
	assert.Equal(t, rows/2, refused)
	assert.Less(t, peak, uint64(64<<20))
}

func TestSurveyTellsEncodings(t *testing.T) {
	gbk := "\xd6\xa4\xd5\xd5,\xb1\xe0\xba\xc5\n\xd5\xc5\xc8\xfd,1\n"
	for name, c := range map[string]struct {
		text string
		gbk  bool
		code attest.Code
	}{
		"utf-8":            {"\ufeff证照,编号\n张三,1\n", false, ""},
		"gbk":              {gbk, true, ""},
		"gbk, ascii head":  {"ZZMC,ZZBH\n\xd5\xc5\xc8\xfd,1\n", true, ""},
		"one broken row":   {"证照,编号\n张三,1\n李四,2\n\xd5\xc5\xc8\xfd,3\n", false, ""},
		"workbook":         {"PK\x03\x04 and so on", false, attest.CodeCSVEncoding},
		"utf-16":           {"\xff\xfea\x00", false, attest.CodeCSVEncoding},
		"empty":            {"", false, attest.CodeCSVEmpty},
		"mark alone":       {"\ufeff\n \n", false, attest.CodeCSVEmpty},
		"longer than line": {"证照\n" + strings.Repeat("x", 1<<18), false, ""},
	} {
		s, err := SurveyFile(strings.NewReader(c.text))
		assert.Equal(t, c.code, attest.CodeOf(err), name)
		if err == nil {
			assert.Equal(t, c.gbk, s.GBK, name)
			assert.Equal(t, int64(len(c.text)), s.Bytes, name)
		}
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte("ZZBH,CZZT\n1,2\n"))
	f.Add([]byte("a\"b,\"c\n\"\"\"d\"\r\n\xff\n"))
	f.Add([]byte(strings.Repeat("\"", 70000)))
	f.Add([]byte(table(f, 2, sample.SpellingChinese)))
	form := constructorForm(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		survey, err := SurveyFile(bytes.NewReader(data))
		if err == nil {
			assert.Equal(t, int64(len(data)), survey.Bytes)
		}
		r, err := NewReader(bytes.NewReader(data), Options{Form: form, Type: string(sample.TypeConstructor), Authority: authorityCode})
		if err != nil {
			assert.NotEqual(t, attest.CodeInternal, attest.CodeOf(err))
			return
		}
		last := 0
		for {
			row, refusals, err := r.Next()
			if err != nil {
				assert.ErrorIs(t, err, io.EOF)
				return
			}
			at := 0
			if row != nil {
				at = row.Line
				_, err := attest.ParseJSON(row.Fields, attest.Limits{Bytes: 1 << 20})
				require.NoError(t, err)
				assert.Empty(t, refusals)
			} else {
				at = refusals[0].Line
			}
			assert.Greater(t, at, last, "lines go forward")
			last = at
		}
	})
}
