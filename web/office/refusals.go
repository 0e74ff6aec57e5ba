package office

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/web/shell"
)

type refusalView struct {
	Refused
	Why  string // in words
	More string // what exactly, in words; empty: Why says it all
}

type refusalsView struct {
	From, To string // days
	Found    []refusalView
	Next     string // link to the next page; empty: this is the last
	Problems problems
}

// refusals lists what was refused. Verdicts are in another list.
func (s *section) refusals(p *shell.Page) error {
	query := p.Request.URL.Query()
	v := &refusalsView{From: query.Get("from"), To: query.Get("to")}
	from, until := s.days(p, &v.From, &v.To, &v.Problems)
	if len(v.Problems) > 0 {
		return p.Render(http.StatusUnprocessableEntity, "office/refusals", v)
	}
	before, _ := strconv.ParseUint(query.Get("before"), 10, 64) // what is no number begins at the newest
	found, more, err := s.Refusals.Find(p.Request.Context(), actor(p), Search{From: from, Until: until, Before: before, Limit: pageSize})
	if err != nil {
		return err
	}
	for _, r := range found {
		v.Found = append(v.Found, refusalView{r, p.T("office.refused." + string(r.Reason)), exactly(p, r.Refusal)})
	}
	if more && len(found) > 0 {
		link := url.Values{"from": {v.From}, "to": {v.To}, "before": {strconv.FormatUint(found[len(found)-1].Seq, 10)}}
		v.Next = "/office/refusals?" + link.Encode()
	}
	return p.Render(http.StatusOK, "office/refusals", v)
}

// exactly is what the code of a refusal adds to its reason.
func exactly(p *shell.Page, r *custody.Refusal) string {
	switch r.Reason {
	case custody.RefusedSignIn:
		return p.T("office.refused.sign-in." + r.Code)
	case custody.RefusedRule, custody.RefusedCode:
		return p.Say(attest.Explain(attest.Code(r.Code)))
	}
	return ""
}
