package importer

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// Options say what a table is read as.
type Options struct {
	Form      *Form
	Type      string   // certificate type code; a column for it must say the same
	Authority string   // USCC; likewise
	Skip      []string // titles of columns to leave out
}

// Row is one row that is fit to be issued.
type Row struct {
	Line   int    // of the file, the first being 1
	Fields []byte // JSON object, by the names of the type's schema
	From   int64  // Unix seconds, the first second of the day of 证照有效期起始日期 in China; zero: not stated
	Until  int64  // likewise, the first second after the last day; zero: not stated
}

// Reader reads the rows of one table.
type Reader struct {
	o       Options
	scan    *scanner
	columns []int // field of each column; -1: left out
	titles  []string
}

// NewReader reads the header of a table in UTF-8, with or without a byte order mark.
//
// Errors: CSV_EMPTY; CSV_HEADER where the header cannot be split, or by other marks than commas; CSV_COLUMN_REPEATED,
// CSV_COLUMN_UNKNOWN, CSV_COLUMN_MISSING, each naming the columns; CSV_ENCODING; those of r.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	reader := &Reader{o: o, scan: newScanner(r)}
	titles, _, code, err := reader.scan.record(0)
	switch {
	case errors.Is(err, io.EOF):
		return nil, attest.Errorf(attest.CodeCSVEmpty, "the file holds no line")
	case err != nil:
		return nil, err
	case code == attest.CodeCSVEncoding:
		return nil, attest.Errorf(code, "the header is not UTF-8")
	case code != "":
		return nil, attest.Errorf(attest.CodeCSVHeader, "the header cannot be split into columns (%s)", code)
	case len(titles) == 1 && strings.ContainsAny(titles[0], ";\t|"):
		return nil, attest.Errorf(attest.CodeCSVHeader, "columns are separated by commas; this header has other marks")
	}
	reader.titles = titles
	return reader, reader.assign()
}

// assign finds the field of every column and the columns that are missing.
func (r *Reader) assign() error {
	seen := map[int]bool{}
	var unknown, twice []string
	for _, title := range r.titles {
		at := r.o.Form.find(title)
		switch {
		case slices.Contains(r.o.Skip, strings.TrimSpace(title)):
			at = -1
		case at < 0:
			unknown = append(unknown, quoteTitle(title))
		case seen[at]:
			twice = append(twice, quoteTitle(title))
		}
		seen[at] = true
		r.columns = append(r.columns, at)
	}
	return errors.Join(
		columnError(attest.CodeCSVColumnTwice, "columns that mean the same field twice", twice),
		columnError(attest.CodeCSVColumnUnknown, "columns that this certificate type does not have", unknown),
		columnError(attest.CodeCSVColumnMissing, "columns that this certificate type needs", r.missing(seen)))
}

func columnError(code attest.Code, what string, columns []string) error {
	if len(columns) == 0 {
		return nil
	}
	return attest.Errorf(code, "%s: %s", what, strings.Join(columns, ", "))
}

func (r *Reader) missing(seen map[int]bool) (missing []string) {
	for i := range r.o.Form.fields {
		if f := &r.o.Form.fields[i]; f.required && !seen[i] && r.given(f) == "" {
			missing = append(missing, f.label()+" ("+f.name+")")
		}
	}
	return missing
}

// quoteTitle shows at most a short beginning of a title: a file without a header shows a row in its place.
func quoteTitle(title string) string {
	runes := []rune(strings.TrimSpace(title))
	if len(runes) > 12 {
		return "\"" + string(runes[:12]) + "…\""
	}
	return "\"" + string(runes) + "\""
}

// given is the value of a field that needs no column, as it follows from what is issued.
func (r *Reader) given(f *field) string {
	switch f.name {
	case gbt.FieldTypeCode:
		return r.o.Type
	case gbt.FieldAuthorityCode:
		return r.o.Authority
	}
	return f.constant
}

// Next reads the next row that is not blank. Exactly one of row, refusals and err is set; io.EOF after the last.
func (r *Reader) Next() (*Row, []Refusal, error) {
	cells, number, code, err := r.scan.record(len(r.columns))
	switch {
	case err != nil:
		return nil, nil, err
	case code != "":
		return nil, []Refusal{refuse(number, "", code)}, nil
	case len(cells) != len(r.columns):
		return nil, []Refusal{refuse(number, "", attest.CodeCSVRagged)}, nil
	}
	b := &rowBuilder{reader: r, line: number, values: make([]string, len(r.o.Form.fields))}
	return b.build(cells)
}
