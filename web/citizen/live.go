package citizen

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/huzheng-ledger/huzheng/internal/qr"
	"github.com/huzheng-ledger/huzheng/web/shell"
)

type codesView struct{ Active, Past []*Code }

func (s *section) codes(p *shell.Page) error {
	list, err := s.Codes.List(p.Request.Context(), holder(p))
	if err != nil {
		return err
	}
	v := codesView{}
	for _, c := range list {
		if c.State == CodeActive {
			v.Active = append(v.Active, c)
		} else {
			v.Past = append(v.Past, c)
		}
	}
	return p.Render(http.StatusOK, "citizen/codes", v)
}

type codeView struct {
	*Code
	QR     template.HTML // SVG of our own making
	Groups []string      // of the short form
	Spoken string        // the short form as it is read out
	Clock  string        // remaining time
	Shows  []shownView
	Used   []useView
	Stamp  string // changes whenever something besides the clocks does
	Sign   string // of what has ended
	Next   int64  // seconds after which a page without scripts asks again
}

type shownView struct {
	Certificate string
	Fields      []fieldView
}

func shownViews(p *shell.Page, list []Shown) []shownView {
	out := make([]shownView, len(list))
	for i, s := range list {
		out[i] = shownView{s.Certificate, fieldViews(p, s.Fields)}
	}
	return out
}

// usesLooked is how far back a code's page looks for its uses.
const usesLooked = 100

// code is the live page. It is drawn anew every few seconds by its script, or when the face has changed without one.
func (s *section) code(p *shell.Page) error {
	ctx := p.Request.Context()
	c, err := s.Codes.Code(ctx, holder(p), p.Request.PathValue("id"))
	if err != nil {
		return gone(err)
	}
	v := codeView{Code: c, Shows: shownViews(p, c.Shown), Clock: clock(c.Left), Next: c.FaceLeft + 1, Sign: sign(c.State)}
	if c.State == CodeActive {
		face, err := qr.Encode(c.Face, qr.Medium)
		if err != nil {
			return err
		}
		v.QR = template.HTML(face.SVG()) //nolint:gosec // drawn by us: digits and a path
		v.Groups = strings.Split(c.Short, "-")
		v.Spoken = spoken(p, v.Groups)
	}
	uses, err := s.Codes.Uses(ctx, holder(p), 0, usesLooked)
	if err != nil {
		return err
	}
	for _, u := range useViews(p, uses) {
		if u.Code == c.ID {
			u.Link = ""
			v.Used = append(v.Used, u)
		}
	}
	v.Stamp = fmt.Sprintf("%s-%d-%d", c.State, c.Unused, len(v.Used))
	return p.Render(http.StatusOK, "citizen/code", v)
}

func sign(s CodeState) string {
	if s == CodeUsedUp {
		return "good"
	}
	return "bad" // a cross, drawn in grey
}

// clock writes seconds as minutes and seconds, or with hours.
func clock(left int64) string {
	if left >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", left/3600, left/60%60, left%60)
	}
	return fmt.Sprintf("%02d:%02d", left/60, left%60)
}

// spoken spaces a short code as it is read out, one character after the other.
func spoken(p *shell.Page, groups []string) string {
	out := make([]string, len(groups))
	for i, g := range groups {
		out[i] = strings.Join(strings.Split(g, ""), " ")
	}
	return strings.Join(out, p.Say("，", ", "))
}

func (s *section) cancel(p *shell.Page) error {
	id := p.Request.PathValue("id")
	if err := s.Codes.Cancel(p.Request.Context(), holder(p), id); err != nil {
		return gone(err)
	}
	return p.Redirect("/citizen/codes/" + id)
}
