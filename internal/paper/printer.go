package paper

import (
	"fmt"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Printer writes PDFs with one font. Safe for concurrent use.
type Printer struct{ font []byte }

// NewPrinter reads the font of that file, or, where none is named, the one that HUZHENG_FONT names, or the first that the
// system has. Errors: FONT_MISSING,
// which says what to install.
func NewPrinter(fontFile string) (*Printer, error) {
	font, err := findFont(fontFile)
	if err != nil {
		return nil, err
	}
	return &Printer{font: font}, nil
}

// print lets lay write a document. A font that defeats the library is one that cannot be used.
func (pr *Printer) print(title, foot string, at time.Time, a *Attachment, lay func(*page)) (out []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			out, err = nil, attest.Errorf(attest.CodeFontMissing, "the font cannot be used: %v", cause)
		}
	}()
	p := newPage(pr.font, title, foot, at)
	if err := p.pdf.Error(); err != nil {
		return nil, attest.Errorf(attest.CodeFontMissing, "the font cannot be used: %v", fmt.Sprint(err))
	}
	lay(p)
	return p.close(a)
}
