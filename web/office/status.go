package office

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/shell"
)

// change is one change of status that may follow, with the reasons that fit it.
type change struct {
	State   string
	Reasons []string
}

// The state codes as deployed: 01有效 02暂扣 03吊销 04撤销 05注销 06失效 99其他.
var (
	suspend   = change{"suspended", []string{"02", "99"}}
	revoke    = change{"revoked", []string{"03", "04", "05", "06", "99"}}
	reinstate = change{"reinstated", []string{"01"}}
)

// changesOf are the changes that may follow how a certificate stands now: what is revoked stays revoked.
func changesOf(c *Certificate, now int64) []change {
	at := attest.StatusAt(c.Intervals, now)
	switch {
	case at == nil:
		return []change{suspend, revoke}
	case at.State == attest.StatusSuspended:
		return []change{reinstate, revoke}
	default:
		return nil
	}
}

func reasonKey(code string) string { return "office.reason." + code }

// Interval is a time in which a certificate does not stand, with the key of its reason's words.
type Interval struct {
	*attest.Interval
	Reason string
}

type statusView struct {
	Asked    string
	Problems problems
}

// statusForm finds a certificate by its id, and never by a name: who has the id has the certificate.
func (s *section) statusForm(p *shell.Page) error {
	v := &statusView{Asked: strings.TrimSpace(p.Request.URL.Query().Get("id"))}
	if v.Asked == "" {
		return p.Render(http.StatusOK, "office/status", v)
	}
	_, err := s.Issuer.Certificate(p.Request.Context(), actor(p), v.Asked)
	switch attest.CodeOf(err) {
	case "":
		return p.Redirect("/office/certificates/" + url.PathEscape(v.Asked))
	case attest.CodeNotFound:
		p.Refused(shell.Withheld())
		v.Problems.add("id", p.T("office.error.id"))
		return p.Render(http.StatusNotFound, "office/status", v)
	default:
		return err
	}
}

type confirmView struct {
	*certificateView
	Change    Change
	Reason    string // key
	Operation string
}

// setStatus shows what would be changed, and changes it once that is confirmed.
func (s *section) setStatus(p *shell.Page) error {
	id := p.Request.PathValue("id")
	c, err := s.Issuer.Certificate(p.Request.Context(), actor(p), id)
	if err != nil {
		return withheld(err)
	}
	v := s.newCertificate(p, c)
	asked := Change{p.Form("state"), p.Form("reason")}
	if p.Form("confirmed") == "yes" {
		return s.changeStatus(p, id, asked)
	}
	fits := slices.ContainsFunc(v.Changes, func(c change) bool {
		return c.State == asked.State && slices.Contains(c.Reasons, asked.Reason)
	})
	if !fits {
		v.Problems.add("change", p.T("office.error.change"))
		return p.Render(http.StatusUnprocessableEntity, "office/certificate", v)
	}
	return p.Render(http.StatusOK, "office/confirm", confirmView{v, asked, reasonKey(asked.Reason), operation(p)})
}

func (s *section) changeStatus(p *shell.Page, id string, c Change) error {
	if err := s.Registrar.SetStatus(p.Request.Context(), actor(p), operation(p), id, c); err != nil {
		return withheld(err)
	}
	return p.Redirect("/office/certificates/" + url.PathEscape(id) + "?changed=1")
}
