package importer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Survey is what one pass over a file tells before any of it is taken in.
type Survey struct {
	Digest [32]byte // SHA-256 of the file
	Bytes  int64
	Lines  int64 // that are not empty, the header included
	GBK    bool  // it reads as GBK and not as UTF-8
}

// byteOrderMark is what spreadsheet programs put before UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// foreign are beginnings of files that are no tables of text.
var foreign = []struct {
	magic, what string
}{
	{"PK\x03\x04", "an Excel workbook or another archive: save it as \"CSV UTF-8\""},
	{"\xd0\xcf\x11\xe0", "an old Excel workbook: save it as \"CSV UTF-8\""},
	{"\xff\xfe", "UTF-16: save it as \"CSV UTF-8\""},
	{"\xfe\xff", "UTF-16: save it as \"CSV UTF-8\""},
	{"%PDF-", "a PDF"},
}

// SurveyFile reads r to its end. Errors: CSV_EMPTY, CSV_ENCODING for what is no text at all; those of r. That a file is
// in GBK is no error: the caller decides.
func SurveyFile(r io.Reader) (*Survey, error) {
	hash := sha256.New()
	in := bufio.NewReaderSize(io.TeeReader(r, hash), 1<<16)
	if err := refuseForeign(in); err != nil {
		return nil, err
	}
	s := &Survey{}
	var utf, gbk int64 // lines beyond ASCII that are UTF-8, and those that are GBK and not UTF-8
	for {
		line, err := in.ReadSlice('\n')
		s.Bytes += int64(len(line))
		long := errors.Is(err, bufio.ErrBufferFull)
		if !long && len(bytes.TrimSpace(bytes.TrimPrefix(line, byteOrderMark))) > 0 {
			s.Lines++
			utf, gbk = countEncodings(line, utf, gbk)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !long {
			return nil, err
		}
	}
	hash.Sum(s.Digest[:0])
	s.GBK = gbk > utf
	if s.Lines == 0 {
		return nil, attest.Errorf(attest.CodeCSVEmpty, "the file holds no line")
	}
	return s, nil
}

func refuseForeign(in *bufio.Reader) error {
	start, _ := in.Peek(8)
	for _, f := range foreign {
		if bytes.HasPrefix(start, []byte(f.magic)) {
			return attest.Errorf(attest.CodeCSVEncoding, "the file is no CSV but %s", f.what)
		}
	}
	return nil
}

func countEncodings(line []byte, utf, gbk int64) (int64, int64) {
	switch {
	case isASCII(line):
	case utf8.Valid(line):
		utf++
	case isGBK(line):
		gbk++
	}
	return utf, gbk
}

func isASCII(line []byte) bool {
	for _, b := range line {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isGBK reports whether every byte beyond ASCII is part of a character of two bytes, or of four as GB 18030 adds them.
func isGBK(line []byte) bool {
	for i := 0; i < len(line); {
		n := gbkLength(line[i:])
		if n == 0 {
			return false
		}
		i += n
	}
	return true
}

func gbkLength(b []byte) int {
	switch {
	case b[0] < utf8.RuneSelf:
		return 1
	case !within(b[0], 0x81, 0xfe) || len(b) < 2:
		return 0
	case within(b[1], 0x40, 0xfe) && b[1] != 0x7f:
		return 2
	case len(b) >= 4 && within(b[1], '0', '9') && within(b[2], 0x81, 0xfe) && within(b[3], '0', '9'):
		return 4
	}
	return 0
}

func within(b, low, high byte) bool { return b >= low && b <= high }
