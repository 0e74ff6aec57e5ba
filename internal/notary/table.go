package notary

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/dataset"
)

// MaxRows bounds the rows of one dataset version: its tree and its rows are held in memory while it is written.
const MaxRows = 2_000_000

// readTable reads a CSV table (RFC 4180, UTF-8, a byte order mark is passed over) whose header names the fields in their
// order, and gives each row in the form that is committed to, with a digest of the table.
func readTable(table io.Reader, fields []string) (rows [][]byte, digest [32]byte, err error) {
	sum := sha256.New()
	buffered := bufio.NewReaderSize(io.TeeReader(table, sum), 64<<10)
	if mark, err := buffered.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3)
	}
	r := csv.NewReader(buffered)
	r.ReuseRecord = true
	r.FieldsPerRecord = -1 // counted here, with a reason
	if err := readHeader(r, fields); err != nil {
		return nil, digest, err
	}
	for {
		row, err := readRow(r, len(fields))
		if err != nil {
			return nil, digest, err
		}
		if row == nil {
			break
		}
		if rows = append(rows, row); len(rows) > MaxRows {
			return nil, digest, attest.Errorf(attest.CodeDatasetCSV, "a version has at most %d rows", MaxRows)
		}
	}
	if len(rows) == 0 {
		return nil, digest, attest.Errorf(attest.CodeDatasetCSV, "the table has a header and no rows")
	}
	return rows, [32]byte(sum.Sum(nil)), nil
}

func readHeader(r *csv.Reader, fields []string) error {
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return attest.Errorf(attest.CodeDatasetCSV, "the table is empty")
	}
	if err != nil {
		return tableError(err, 1)
	}
	if err := checkUTF8(header, 1); err != nil {
		return err
	}
	if !slices.Equal(header, fields) {
		return attest.Errorf(attest.CodeDatasetCSV, "line 1: the header is not the catalogue's fields in their order")
	}
	return nil
}

// readRow gives the next row; nil at the end.
func readRow(r *csv.Reader, fields int) ([]byte, error) {
	row, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	line := 0
	if len(row) > 0 {
		line, _ = r.FieldPos(0)
	}
	if err != nil {
		return nil, tableError(err, line)
	}
	return encodeRow(row, fields, line)
}

func encodeRow(row []string, fields, line int) ([]byte, error) {
	if err := checkUTF8(row, line); err != nil {
		return nil, err
	}
	if len(row) != fields {
		return nil, attest.Errorf(attest.CodeDatasetCSV, "line %d: %d values, the dataset has %d fields", line, len(row), fields)
	}
	return dataset.EncodeRow(row), nil
}

func checkUTF8(row []string, line int) error {
	for _, v := range row {
		if !utf8.ValidString(v) {
			return attest.Errorf(attest.CodeDatasetEncoding, "line %d: the table is not UTF-8; if it is GBK, save it as \"CSV UTF-8\"", line)
		}
	}
	return nil
}

// tableError drops the parser's text, which may quote the table, and keeps what reading the source failed with.
func tableError(err error, line int) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return attest.Errorf(attest.CodeDatasetCSV, "line %d: a quote or a separator is out of place", parse.Line)
	}
	return fmt.Errorf("line %d of the table: %w", line, err)
}

// decodeRow reads back what dataset.EncodeRow made.
func decodeRow(row []byte) ([]string, error) {
	v, err := attest.ParseJSON(row, attest.Limits{Bytes: len(row), Depth: 2, Members: maxFields})
	if err != nil {
		return nil, err
	}
	out := make([]string, len(v.Elems()))
	for i, e := range v.Elems() {
		out[i] = e.Str()
	}
	return out, nil
}
