package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// cells measures as UTF-8 terminals draw: ambiguous characters (·, —, ─) are narrow, as outside of legacy Chinese code
// pages. It is a value of its own so that the environment's locale does not change a table.
var cells = runewidth.Condition{EastAsianWidth: false, StrictEmojiNeutral: true}

// Width is the number of terminal cells that s takes: two for a Chinese character, none for a combining one.
func Width(s string) int { return cells.StringWidth(s) }

// Align says on which side of its column a cell stands.
type Align int

// The two sides.
const (
	Left Align = iota
	Right
)

// Pad fills s with spaces to width cells; what is wider is returned as it is.
func Pad(s string, width int, align Align) string {
	gap := width - Width(s)
	if gap <= 0 {
		return s
	}
	if align == Right {
		return strings.Repeat(" ", gap) + s
	}
	return s + strings.Repeat(" ", gap)
}

// Truncate cuts s to at most width cells, ending in … where something was cut. It never cuts a character in half: the
// result may be one cell narrower than width.
func Truncate(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	return cells.Truncate(s, width, "…")
}

// Clean makes text of unknown origin safe to print on one line: control characters (escape sequences begin with one),
// line and paragraph separators, marks that turn the direction of writing, and bytes that are not UTF-8 each become �.
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if harmful(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

func isClean(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, harmful) < 0
}

func harmful(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}
