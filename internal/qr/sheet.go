package qr

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strconv"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/portable"
)

// Portable draws a self-contained presentation: as one code, or, where it fits none, as the codes of its parts in their order.
// Errors: those of portable.Split; QR_TOO_LARGE for one that is too large for parts too.
func Portable(text string, level Level) ([]*Code, error) {
	code, err := Encode(text, level)
	if err == nil {
		return []*Code{code}, nil
	}
	parts, err := portable.Split(text)
	if attest.CodeOf(err) == attest.CodePortableTooLarge {
		return nil, attest.Errorf(attest.CodeQRTooLarge, "%d characters do not fit %d QR codes", len(text), portable.MaxParts)
	}
	if err != nil {
		return nil, err
	}
	codes := make([]*Code, len(parts))
	for i, part := range parts {
		if codes[i], err = Encode(part, level); err != nil {
			return nil, err
		}
	}
	return codes, nil
}

// PortableEnough is for ReadAll: it is satisfied with every part of a presentation, or with any code that is no part.
func PortableEnough(texts []string) bool {
	var parts portable.Parts
	for _, text := range texts {
		if !portable.IsPart([]byte(text)) {
			return true
		}
		if parts.Add([]byte(text)) != nil {
			return true // the one who joins them says why
		}
	}
	return parts.Whole()
}

// Sheet is several codes in one picture, in rows from the left to the right. One code is drawn as it draws itself.
type Sheet []*Code

// columns makes the sheet about as wide as it is high.
func (s Sheet) columns() int {
	n := 1
	for n*n < len(s) {
		n++
	}
	return n
}

// cell is the edge of a code's place in modules, the largest code's with its margin.
func (s Sheet) cell() int {
	edge := 0
	for _, c := range s {
		edge = max(edge, c.Size+2*quiet)
	}
	return edge
}

// size is the sheet's in modules.
func (s Sheet) size() (width, height int) {
	columns, cell := s.columns(), s.cell()
	return columns * cell, (len(s) + columns - 1) / columns * cell
}

// runs calls draw for every run of dark modules, the sheet's margin counted.
func (s Sheet) runs(draw func(x, y, n int)) {
	columns, cell := s.columns(), s.cell()
	for i, c := range s {
		left, top := i%columns*cell+quiet, i/columns*cell+quiet
		c.Runs(func(x, y, n int) { draw(left+x, top+y, n) })
	}
}

// SVG is the sheet as one path, drawn to fill its box. It has no script, no style and no address in it.
func (s Sheet) SVG() []byte {
	width, height := s.size()
	w, h := strconv.Itoa(width), strconv.Itoa(height)
	var b bytes.Buffer
	b.Grow(3 * width * height)
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + w + ` ` + h + `" shape-rendering="crispEdges">` +
		`<path fill="#fff" d="M0 0h` + w + `v` + h + `H0z"/><path d="`)
	s.runs(func(x, y, n int) {
		left := strconv.Itoa(x)
		b.WriteString("M" + left + " " + strconv.Itoa(y) + "h" + strconv.Itoa(n) + "v1H" + left + "z")
	})
	b.WriteString(`"/></svg>`)
	return b.Bytes()
}

// PNG is the sheet, each module a square of scale pixels.
func (s Sheet) PNG(scale int) ([]byte, error) {
	scale = max(1, min(scale, 32))
	width, height := s.size()
	img := image.NewPaletted(image.Rect(0, 0, width*scale, height*scale), color.Palette{color.White, color.Black})
	s.runs(func(x, y, n int) {
		for dy := range scale {
			row := img.Pix[(y*scale+dy)*img.Stride+x*scale:]
			for i := range n * scale {
				row[i] = 1
			}
		}
	})
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img)
	return b.Bytes(), err
}
