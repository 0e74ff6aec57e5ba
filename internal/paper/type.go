package paper

import (
	"strings"

	"codeberg.org/go-pdf/fpdf"
)

// Two fonts write one line: Chinese fonts that can be subset have no Latin glyphs (Droid Sans Fallback). The Latin one comes with
// the program. Both are embedded: paper for an archive rests on no font of its reader.
const (
	chinese = "zh"
	latin   = "latin"
)

// typesetter measures and draws text of both fonts.
type typesetter struct {
	pdf    *fpdf.Fpdf
	size   float64          // points
	widths map[rune]float64 // of a rune at one point
}

func newTypesetter(pdf *fpdf.Fpdf) *typesetter {
	return &typesetter{pdf: pdf, widths: map[rune]float64{}}
}

// isLatin reports whether the rune is of the alphabet of Western Europe, all of which the Latin font has.
func isLatin(r rune) bool { return r >= ' ' && r < 0x7f || r >= 0xa0 && r <= 0xff }

func (t *typesetter) font(isLatin bool) {
	if isLatin {
		t.pdf.SetFont(latin, "", t.size)
		return
	}
	t.pdf.SetFont(chinese, "", t.size)
}

func (t *typesetter) runeWidth(r rune) float64 {
	w, ok := t.widths[r]
	if !ok {
		t.font(isLatin(r))
		w = t.pdf.GetStringWidth(string(r)) / t.size
		t.widths[r] = w
	}
	return w * t.size
}

func (t *typesetter) width(text string) float64 {
	w := 0.0
	for _, r := range text {
		w += t.runeWidth(r)
	}
	return w
}

// draw writes text with its left end at x and its baseline at y.
func (t *typesetter) draw(x, y float64, text string) {
	for text != "" {
		run, kind := text, false
		for i, r := range text {
			if i == 0 {
				kind = isLatin(r)
			} else if isLatin(r) != kind {
				run = text[:i]
				break
			}
		}
		text = text[len(run):]
		w := t.width(run)
		t.font(kind)
		t.pdf.Text(x, y, run)
		x += w
	}
}

// wrap breaks text into lines of at most width: at spaces between Latin words, anywhere else.
func (t *typesetter) wrap(text string, width float64) []string {
	var lines []string
	var line []rune
	used := 0.0
	for _, r := range text {
		w := t.runeWidth(r)
		if used+w > width && len(line) > 0 {
			rest := breakAt(line, r)
			lines = append(lines, strings.TrimRight(string(line[:len(line)-len(rest)]), " "))
			line = append([]rune(nil), rest...)
			used = t.width(string(line))
			if r == ' ' && len(line) == 0 {
				continue
			}
		}
		line, used = append(line, r), used+w
	}
	return append(lines, string(line))
}

// closing are marks that begin no line.
const closing = "，。；：、）」！？…"

// breakAt is what of a full line goes to the next one, before r.
func breakAt(line []rune, r rune) []rune {
	n := len(line)
	switch {
	case r == ' ':
		return nil
	case strings.ContainsRune(closing, r) && n > 1:
		return line[n-1:]
	case !isLatin(r):
		return nil
	}
	for i := n - 1; i > n/2; i-- {
		if line[i] == ' ' || !isLatin(line[i]) {
			return line[i+1:]
		}
	}
	return nil
}
