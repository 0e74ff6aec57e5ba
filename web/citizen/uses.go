package citizen

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// useView is an entry of the record in words.
type useView struct {
	*Use
	Tone   string
	Result string // the verdict's word; empty: there was none
	Why    string // what became of it
	Showed string // names of the fields that were shown
	Link   string // id of the code, where the page is not about it
	Report bool   // something was shown, of which the holder can say that it was not they
}

func useViews(p *shell.Page, list []*Use) []useView {
	out := make([]useView, len(list))
	for i, u := range list {
		v := useView{Use: u, Tone: "unknown", Link: u.Code, Report: len(u.Shown) > 0}
		if u.Event != EventRefused {
			v.Showed = showed(p, u.Shown)
		}
		if u.Event == EventRefused || u.Event == EventUnproven {
			v.Tone, v.Why = "warn", p.Say(attest.Explain(u.Reason))
		}
		if len(u.Results) > 0 { // as the verifier was told
			r := u.Results[verdict.Deciding(u.Results)]
			v.Tone, v.Result = string(verdict.ToneOf(r)), p.T("verdict.result."+string(r))
			if r != attest.Valid {
				v.Why = p.Say(attest.ResultText(r))
			}
			if len(u.Results) > 1 {
				v.Why = strings.TrimSpace(verdict.Sum(p, u.Results) + " " + v.Why)
			}
		}
		out[i] = v
	}
	return out
}

// showed names the fields that were shown: of several certificates, of each.
func showed(p *shell.Page, shown []Shown) string {
	if len(shown) == 1 {
		return labels(p, shown[0].Fields)
	}
	out := make([]string, len(shown))
	for i, s := range shown {
		out[i] = s.Certificate + p.Say("（", " (") + labels(p, s.Fields) + p.Say("）", ")")
	}
	return strings.Join(out, p.Say("；", "; "))
}

// pageOfUses is how many entries one page has.
const pageOfUses = 30

type usesView struct {
	Uses   []useView
	Older  uint64 // the page of what is older begins before this entry; 0: there is none
	Newest bool
	Stamp  string
}

func (s *section) uses(p *shell.Page) error {
	before, _ := strconv.ParseUint(p.Request.URL.Query().Get("before"), 10, 64)
	list, err := s.Codes.Uses(p.Request.Context(), holder(p), before, pageOfUses)
	if err != nil {
		return err
	}
	v := usesView{Uses: useViews(p, list), Newest: before == 0, Stamp: "none"}
	if len(list) > 0 {
		v.Stamp = strconv.FormatUint(list[0].Seq, 10)
	}
	if len(list) == pageOfUses {
		v.Older = list[len(list)-1].Seq
	}
	return p.Render(http.StatusOK, "citizen/uses", v)
}
