package verdict

import (
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/shell"
)

// Tone is how a result is drawn: never by colour alone, always with its sign and its word.
type Tone string

// The tones.
const (
	ToneGood    Tone = "good"
	ToneBad     Tone = "bad"
	ToneWarn    Tone = "warn"
	ToneUnknown Tone = "unknown"
	ToneNone    Tone = "none" // of a check that nothing asked for
)

// ToneOf is the tone of a verdict.
func ToneOf(r attest.Result) Tone {
	switch r {
	case attest.Valid:
		return ToneGood
	case attest.Invalid, attest.Revoked:
		return ToneBad
	case attest.Undetermined:
		return ToneUnknown
	default:
		return ToneWarn
	}
}

func ofCheck(o attest.Outcome) Tone {
	switch o {
	case attest.Passed:
		return ToneGood
	case attest.Failed:
		return ToneBad
	case attest.Skipped:
		return ToneNone
	default:
		return ToneUnknown
	}
}

// wordsOf says what a check came to. That it passed says nothing to who does not know what was asked: those words are the
// page's own.
func wordsOf(p *shell.Page, c *attest.Check) string {
	switch {
	case c.Outcome == attest.Passed && c.Code == attest.CodeOK:
		return p.T("verdict.passed." + string(c.Name))
	case c.Outcome == attest.Skipped && c.Name == attest.CheckDispute:
		return p.T("verdict.skipped.dispute")
	default:
		return p.Say(attest.Explain(c.Code))
	}
}

// Check is one check in words.
type Check struct {
	Tone    Tone
	Outcome string // key of its word
	Name    string
	Words   string
	Code    attest.Code
}

// Checks puts checks into the page's language.
func Checks(p *shell.Page, list []attest.Check) []Check {
	out := make([]Check, len(list))
	for i, c := range list {
		out[i] = Check{Tone: ofCheck(c.Outcome), Outcome: "verdict.outcome." + string(c.Outcome), Name: p.Say(attest.CheckText(c.Name)),
			Words: wordsOf(p, &c), Code: c.Code}
	}
	return out
}

// Mask leaves of a holder's name what tells somebody who knows it that it is the same: the first character of a person's,
// the first four of a longer one, as companies have.
func Mask(name string) string {
	runes := []rune(name)
	shown := 1
	if len(runes) > 4 {
		shown = 4
	}
	for i := range runes {
		if i >= shown {
			runes[i] = '*'
		}
	}
	return string(runes)
}

// Count is how many checks passed, and how many were asked for.
func Count(list []attest.Check) (passed, asked int) {
	for _, c := range list {
		if c.Outcome != attest.Skipped {
			asked++
		}
		if c.Outcome == attest.Passed {
			passed++
		}
	}
	return passed, asked
}
