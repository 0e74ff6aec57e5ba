package qr

import (
	"rsc.io/qr"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Level is how much of a code may be unreadable: Low 7 %, Medium 15 %, High 30 %.
type Level = int

// The levels of error correction (ISO/IEC 18004: L, M, H).
const (
	Low    Level = int(qr.L)
	Medium Level = int(qr.M)
	High   Level = int(qr.H)
)

// MaxVersion is the largest code that Encode makes: 133 × 133 modules, which fill 66 mm at half a millimetre each.
// Larger ones exist, and cameras do not read them.
const MaxVersion = 29

// quiet is the margin in modules that the standard asks for.
const quiet = 4

// Code is a square of modules. It is read-only and safe for concurrent use.
type Code struct {
	Size int // modules an edge, without margin
	code *qr.Code
}

// Encode makes the smallest code of that level that holds text. Digits, capitals and " $%*+-./:" take the least room.
// Errors: QR_TOO_LARGE.
func Encode(text string, level Level) (*Code, error) {
	c, err := qr.Encode(text, qr.Level(level))
	if err != nil || (c.Size-17)/4 > MaxVersion {
		return nil, attest.Errorf(attest.CodeQRTooLarge, "%d characters do not fit a QR code of version %d", len(text), MaxVersion)
	}
	return &Code{Size: c.Size, code: c}, nil
}

// Version is the code's size as the standard numbers it, from 1.
func (c *Code) Version() int { return (c.Size - 17) / 4 }

// Runs calls draw for every run of dark modules of a row: where it begins, and how long it is.
func (c *Code) Runs(draw func(x, y, n int)) {
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			n := 0
			for c.code.Black(x+n, y) { // outside of the code it is light
				n++
			}
			if n > 0 {
				draw(x, y, n)
				x += n
			}
		}
	}
}

// SVG is the code with its margin as one path, drawn to fill its box. It has no script, no style and no address in it.
func (c *Code) SVG() []byte { return Sheet{c}.SVG() }

// PNG is the code with its margin, each module a square of scale pixels.
func (c *Code) PNG(scale int) ([]byte, error) { return Sheet{c}.PNG(scale) }
