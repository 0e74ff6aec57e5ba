package dispute

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// The bounds of a draft, and of one citizen's.
const (
	MaxWrong  = 1000 // characters
	MaxShould = 500
	MaxOpen   = 20
	MaxKept   = 200 // withdrawn ones among them
)

// Statement is what a citizen says.
type Statement struct {
	Kind   custody.DisputeKind
	Field  string // name; of custody.DisputeField alone
	Wrong  string
	Should string // may be empty
}

// About is what a statement is about: a certificate with its fields, or one of its uses.
type About struct {
	Fields []string
	Use    bool
}

// tidy takes away what nobody means to say, and writes line ends in one way, as browsers do not.
func (s Statement) tidy() Statement {
	text := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	s.Wrong, s.Should = text(s.Wrong), text(s.Should)
	return s
}

// Validate refuses what does not make sense: DISPUTE_KIND, DISPUTE_FIELD, DISPUTE_TEXT. It repeats nothing of what was said.
func (s Statement) Validate(about About) error {
	switch s.Kind {
	case custody.DisputeField, custody.DisputeIssued, custody.DisputeStatus, custody.DisputeUse:
	default:
		return attest.Errorf(attest.CodeDisputeKind, "a dispute is about a field, the issue, the status or a use")
	}
	switch {
	case (s.Kind == custody.DisputeUse) != about.Use:
		return attest.Errorf(attest.CodeDisputeKind, "of a use one can say that it was not one's own, and of nothing else")
	case (s.Kind == custody.DisputeField) != (s.Field != ""), s.Field != "" && !slices.Contains(about.Fields, s.Field):
		return attest.Errorf(attest.CodeDisputeField, "the certificate has no such field")
	case s.Wrong == "":
		return attest.Errorf(attest.CodeDisputeText, "what is wrong has to be said")
	case !isText(s.Wrong, MaxWrong) || !isText(s.Should, MaxShould):
		return attest.Errorf(attest.CodeDisputeText, "what is wrong takes %d characters, what it should say %d", MaxWrong, MaxShould)
	}
	return nil
}

// isText lets through what people write: no characters that do something else than be read.
func isText(s string, longest int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
	})
}

// room refuses one draft more: DISPUTE_LIMIT.
func room(own []*custody.Dispute) error {
	open := 0
	for _, d := range own {
		if d.State == custody.DisputeDraft {
			open++
		}
	}
	if open >= MaxOpen || len(own) >= MaxKept {
		return attest.Errorf(attest.CodeDisputeLimit, "a citizen has %d open drafts at most, and %d in all", MaxOpen, MaxKept)
	}
	return nil
}

// edit changes what an open draft says: DISPUTE_WITHDRAWN.
func edit(d *custody.Dispute, s Statement, now int64) error {
	if d.State != custody.DisputeDraft {
		return attest.Errorf(attest.CodeDisputeWithdrawn, "the draft was withdrawn")
	}
	d.Kind, d.Field, d.Wrong, d.Should, d.Changed = s.Kind, s.Field, s.Wrong, s.Should, max(now, d.Changed)
	return nil
}

// withdraw ends a draft. One that is withdrawn already is a success that changes nothing.
func withdraw(d *custody.Dispute, now int64) {
	if d.State == custody.DisputeDraft {
		d.State, d.Changed = custody.DisputeWithdrawn, max(now, d.Changed)
	}
}

// digits are those of a case reference: none is taken for another one.
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Reference is what a citizen and an office call a draft, on paper and on the telephone: YY (异议), the region, the day, and 30
// bits of the id. It finds nothing by itself.
func Reference(region string, d *custody.Dispute) string {
	n := uint32(d.ID[0])<<24 | uint32(d.ID[1])<<16 | uint32(d.ID[2])<<8 | uint32(d.ID[3])
	var tail [6]byte
	for i := range tail {
		tail[i] = digits[n&31]
		n >>= 5
	}
	day := strings.ReplaceAll(gbt.Day(d.Created), "-", "")
	return "YY" + region[:min(len(region), 2)] + "-" + day + "-" + string(tail[:])
}
