package importer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/huzheng-ledger/huzheng/attest"
)

// MaxRow is how many bytes a row may have, line breaks inside quotes included.
const MaxRow = 64 << 10

// line is one line of the file as it is, without its end.
type line struct {
	number int
	text   []byte
	long   bool // longer than MaxRow: text is its beginning
}

// scanner splits a table into records (RFC 4180). Unlike encoding/csv it bounds a record and finds back: where a quote
// never closes, or what it swallows makes no record, the line with the quote is refused and reading goes on behind it.
type scanner struct {
	in   *bufio.Reader
	back []line // read and given back, the next one last
	at   int    // number of the last line read from in
}

func newScanner(r io.Reader) *scanner {
	s := &scanner{in: bufio.NewReaderSize(r, MaxRow)}
	if start, _ := s.in.Peek(len(byteOrderMark)); bytes.Equal(start, byteOrderMark) {
		_, _ = s.in.Discard(len(byteOrderMark)) // they were just seen
	}
	return s
}

// next reads one line; io.EOF after the last.
func (s *scanner) next() (line, error) {
	if n := len(s.back); n > 0 {
		l := s.back[n-1]
		s.back = s.back[:n-1]
		return l, nil
	}
	text, err := s.in.ReadSlice('\n')
	if len(text) == 0 && err != nil {
		return line{}, err
	}
	s.at++
	l := line{number: s.at, text: bytes.Clone(bytes.TrimRight(text, "\r\n"))}
	for errors.Is(err, bufio.ErrBufferFull) {
		l.long = true
		_, err = s.in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return line{}, err
	}
	return l, nil
}

// record reads the next record that is not blank: its cells and the number of its first line. A record that cannot be
// split has a code instead of cells. width is how many cells records have, or zero where that is still to be known.
func (s *scanner) record(width int) (cells []string, number int, code attest.Code, err error) {
	for {
		first, err := s.next()
		if err != nil {
			return nil, 0, "", err
		}
		switch {
		case first.long:
			return nil, first.number, attest.CodeCSVRowSize, nil
		case blank(first.text):
			continue
		case !utf8.Valid(first.text):
			return nil, first.number, attest.CodeCSVEncoding, nil
		case bytes.Count(first.text, []byte{'"'})%2 == 0:
			if cells, ok := split(first.text); ok {
				return cells, first.number, "", nil
			}
			return nil, first.number, attest.CodeCSVQuote, nil
		}
		cells, code, err := s.quoted(first, width)
		return cells, first.number, code, err
	}
}

// quoted reads a record whose first line ends inside quotes.
func (s *scanner) quoted(first line, width int) ([]string, attest.Code, error) {
	text, more, err := s.untilClosed(first)
	if err != nil {
		return nil, "", err
	}
	if text != nil {
		if cells, ok := split(text); ok && (width == 0 || len(cells) == width) {
			return cells, "", nil
		}
	}
	slices.Reverse(more)
	s.back = append(s.back, more...)
	return nil, attest.CodeCSVQuote, nil
}

// untilClosed joins lines to first until its quotes are closed; text is nil where they never are, or not within MaxRow.
// more are the lines that it read.
func (s *scanner) untilClosed(first line) (text []byte, more []line, err error) {
	text = bytes.Clone(first.text)
	for {
		l, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil, more, nil
		}
		if err != nil {
			return nil, nil, err
		}
		more = append(more, l)
		if l.long || len(text)+1+len(l.text) > MaxRow || !utf8.Valid(l.text) {
			return nil, more, nil
		}
		text = append(append(text, '\n'), l.text...)
		if bytes.Count(l.text, []byte{'"'})%2 == 1 {
			return text, more, nil
		}
	}
}

// blank reports a line without any value; spreadsheets write rows of commas below a table.
func blank(text []byte) bool {
	return len(bytes.Trim(text, ", \t\u3000")) == 0
}

// split splits one record. false: a quote stands where none may (RFC 4180, 2.5 to 2.7).
func split(text []byte) ([]string, bool) {
	cells := make([]string, 0, 24)
	for {
		var cell []byte
		var ok bool
		if len(text) > 0 && text[0] == '"' {
			cell, text, ok = unquote(text[1:])
		} else {
			end := bytes.IndexByte(text, ',')
			if end < 0 {
				end = len(text)
			}
			cell, text = text[:end], text[end:]
			ok = bytes.IndexByte(cell, '"') < 0
		}
		if !ok {
			return nil, false
		}
		cells = append(cells, string(cell))
		if len(text) == 0 {
			return cells, true
		}
		text = text[1:] // the comma
	}
}

// unquote reads a cell up to its closing quote, and gives what follows: nothing, or a comma first.
func unquote(text []byte) (cell, rest []byte, ok bool) {
	for {
		end := bytes.IndexByte(text, '"')
		if end < 0 {
			return nil, nil, false
		}
		cell = append(cell, text[:end]...)
		text = text[end+1:]
		if len(text) == 0 || text[0] == ',' {
			return cell, text, true
		}
		if text[0] != '"' {
			return nil, nil, false
		}
		cell = append(cell, '"')
		text = text[1:]
	}
}
