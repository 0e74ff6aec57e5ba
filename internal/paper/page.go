package paper

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/qr"
)

// Millimetres of an A4 page.
const (
	pageWidth  = 210.0
	margin     = 20.0
	inner      = pageWidth - 2*margin
	bottom     = 297.0 - 22
	labelWidth = 52.0
)

// Bounds of what is printed. Whatever the evidence holds, the paper ends.
const (
	MaxPages = 12
	maxRows  = 120
	maxValue = 600 // characters
)

// MaxPDF bounds the PDFs that are written and read.
const MaxPDF = 2 << 20

const (
	producer = "Huzheng paper 2"
)

// colour of text and lines, red, green, blue.
type colour [3]int

var (
	ink   = colour{33, 37, 41}
	faint = colour{108, 117, 125}
	rule  = colour{206, 212, 218}
	seal  = colour{158, 42, 43}
)

// page writes one document from top to bottom.
type page struct {
	*typesetter
	foot   string
	height float64 // of a row's line
	at     time.Time
}

// newPage begins a document. The same words at the same time give the same bytes.
func newPage(font []byte, title, foot string, at time.Time) *page {
	pdf := fpdf.New("P", "mm", "A4", "")
	at = at.UTC()
	pdf.SetCreationDate(at)
	pdf.SetModificationDate(at)
	pdf.SetCatalogSort(true)
	pdf.SetProducer(producer, false)
	pdf.SetTitle(title, true)
	pdf.SetLang(language)
	describe(pdf, title, at)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(false, 0)
	pdf.AddUTF8FontFromBytes(chinese, "", font)
	pdf.AddUTF8FontFromBytes(latin, "", goregular.TTF)
	pdf.AliasNbPages("{nb}")
	p := &page{typesetter: newTypesetter(pdf), foot: foot, height: 6.2, at: at}
	pdf.SetFooterFunc(p.footer)
	pdf.AddPage()
	return p
}

func (p *page) footer() {
	p.style(7.5, faint)
	p.line(281)
	p.put(margin, 282, 4.5, p.foot)
	pages := fmt.Sprintf("页 %d/{nb}", p.pdf.PageNo())
	p.put(pageWidth-margin-p.width(strings.Replace(pages, "{nb}", "0", 1)), 282, 4.5, pages)
}

// put writes a line into a box of that height at x, y.
func (p *page) put(x, y, height float64, text string) {
	p.draw(x, y+height/2+0.3*p.size*25.4/72, text)
}

// next goes to the line below.
func (p *page) next(height float64) { p.pdf.SetY(p.pdf.GetY() + height) }

func (p *page) style(size float64, c colour) {
	p.size = size
	p.pdf.SetTextColor(c[0], c[1], c[2])
}

func (p *page) line(y float64) {
	p.pdf.SetDrawColor(rule[0], rule[1], rule[2])
	p.pdf.SetLineWidth(0.2)
	p.pdf.Line(margin, y, pageWidth-margin, y)
}

// room goes to a new page where less than height is left.
func (p *page) room(height float64) {
	if p.pdf.GetY()+height > bottom && p.pdf.PageNo() < MaxPages {
		p.pdf.AddPage()
		p.pdf.SetY(margin)
	}
}

// centred writes lines in the middle.
func (p *page) centred(text string, size float64, c colour) {
	p.style(size, c)
	for _, line := range p.wrap(printable(text), inner) {
		p.room(size * 0.55)
		p.put(margin+(inner-p.width(line))/2, p.pdf.GetY(), size*0.55, line)
		p.next(size * 0.55)
	}
}

// row writes a label and its value, with a thin line beneath.
func (p *page) row(label, value string) {
	height := p.height
	p.style(10, ink)
	lines := p.wrap(printable(value), inner-labelWidth)
	p.style(9, faint)
	labels := p.wrap(printable(label), labelWidth-3)
	for i := range max(len(lines), len(labels)) {
		p.room(height + 1)
		y := p.pdf.GetY()
		if i < len(labels) {
			p.style(9, faint)
			p.put(margin, y, height, labels[i])
		}
		if i < len(lines) {
			p.style(10, ink)
			p.put(margin+labelWidth, y, height, lines[i])
		}
		p.next(height)
	}
	p.line(p.pdf.GetY())
	p.next(0.8)
}

// heading begins a part.
func (p *page) heading(zh, en string) {
	p.room(16)
	p.next(3.5)
	p.style(11.5, seal)
	p.put(margin, p.pdf.GetY(), 7, zh)
	x := margin + p.width(zh) + 3
	p.style(8.5, faint)
	p.put(x, p.pdf.GetY(), 7.6, en)
	p.next(8)
}

// text writes a paragraph of width millimetres at x.
func (p *page) text(x, width, size float64, c colour, text string) {
	p.style(size, c)
	for _, line := range p.wrap(printable(text), width) {
		p.room(size * 0.5)
		p.put(x, p.pdf.GetY(), size*0.5, line)
		p.next(size * 0.5)
	}
}

// code draws a QR code that fills edge millimetres, its margin not counted.
func (p *page) code(c *qr.Code, x, y, edge float64) {
	module := edge / float64(c.Size)
	p.pdf.SetFillColor(0, 0, 0)
	c.Runs(func(cx, cy, n int) {
		// A hair higher than a module, so that no white line shows between rows.
		p.pdf.Rect(x+float64(cx)*module, y+float64(cy)*module, float64(n)*module, module*1.02, "F")
	})
}

// close attaches the evidence and ends the document.
func (p *page) close(a *Attachment) ([]byte, error) {
	content := a.JSON()
	if len(content) > maxAttachment {
		return nil, attest.Errorf(attest.CodePDFTooLarge, "the evidence has %d bytes, the limit is %d", len(content), maxAttachment)
	}
	p.pdf.SetAttachments([]fpdf.Attachment{{Content: content, Filename: AttachmentName,
		Description: "互证 · 核验所依据的附件 · the evidence that counts"}})
	var out bytes.Buffer
	if err := p.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	done, err := finish(out.Bytes(), p.at)
	if err != nil {
		return nil, err
	}
	if len(done) > MaxPDF || p.pdf.PageCount() > MaxPages {
		return nil, attest.Errorf(attest.CodePDFTooLarge, "%d bytes on %d pages", len(done), p.pdf.PageCount())
	}
	return done, nil
}

// printable makes what a font can show of a value: no control or direction marks, nothing beyond the plane that the library can
// write, and an end.
func printable(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > maxValue {
			b.WriteString("……（全文见附件）")
			break
		}
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Cf, r), unicode.IsControl(r), unicode.Is(unicode.Co, r):
		case r > 0xffff:
			fmt.Fprintf(&b, "〔U+%X〕", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// beijing is the time that offices of every province write.
func beijing(unix int64) string {
	return time.Unix(unix, 0).In(time.FixedZone("CST", 8*3600)).Format("2006-01-02 15:04:05") + "（北京时间）"
}

func day(unix int64) string {
	return gbt.Day(unix)
}
