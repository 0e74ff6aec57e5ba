package office

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// pageSize is how many receipts a page lists.
const pageSize = 25

type receiptsView struct {
	CaseNumber string
	From, To   string // days
	Found      []Receipt
	Next       string // link to the next page; empty: this is the last
	MayExport  bool
	ExportLink string
	Problems   problems
}

// search reads what is looked for: of the last thirty days unless it says otherwise.
func (s *section) search(p *shell.Page, v *receiptsView) Search {
	query := p.Request.URL.Query()
	v.CaseNumber, v.From, v.To = strings.TrimSpace(query.Get("case")), query.Get("from"), query.Get("to")
	from, to := s.days(p, &v.From, &v.To, &v.Problems)
	if !isCaseNumber(v.CaseNumber) {
		v.Problems.add("case", p.T("office.error.case"))
	}
	before, _ := strconv.ParseUint(query.Get("before"), 10, 64) // what is no number begins at the newest
	return Search{CaseNumber: v.CaseNumber, From: from, Until: to, Before: before, Limit: pageSize,
		Tenants: p.May(audits)}
}

// days reads the first and the last day of a search, those of the last thirty days where they are not given, as the times
// between which they lie.
func (s *section) days(p *shell.Page, first, last *string, wrong *problems) (from, until int64) {
	today := s.Now().In(china)
	if *last == "" {
		*last = today.Format(time.DateOnly)
	}
	if *first == "" {
		*first = today.AddDate(0, 0, -29).Format(time.DateOnly)
	}
	begin, err := time.ParseInLocation(time.DateOnly, *first, china)
	if err != nil {
		wrong.add("from", p.T("office.error.day"))
	}
	end, err := time.ParseInLocation(time.DateOnly, *last, china)
	if err != nil {
		wrong.add("to", p.T("office.error.day"))
	}
	if len(*wrong) == 0 && (end.Before(begin) || end.Sub(begin) > maxSearch) {
		wrong.add("from", p.T("office.error.range"))
	}
	return begin.Unix(), end.AddDate(0, 0, 1).Unix() - 1
}

// maxSearch bounds the days of one search.
const maxSearch = 366 * day * time.Second

func (s *section) receipts(p *shell.Page) error {
	v := &receiptsView{MayExport: p.May(audits)}
	q := s.search(p, v)
	if len(v.Problems) > 0 {
		return p.Render(http.StatusUnprocessableEntity, "office/receipts", v)
	}
	found, more, err := s.Receipts.Find(p.Request.Context(), actor(p), q)
	if err != nil {
		return err
	}
	v.Found = found
	link := url.Values{"case": {v.CaseNumber}, "from": {v.From}, "to": {v.To}}
	v.ExportLink = "/office/receipts/export?" + link.Encode()
	if more && len(found) > 0 {
		link.Set("before", strconv.FormatUint(found[len(found)-1].Number, 10))
		v.Next = "/office/receipts?" + link.Encode()
	}
	return p.Render(http.StatusOK, "office/receipts", v)
}

type receiptView struct {
	*Receipt
	Tone            verdict.Tone
	Words, Reason   string
	Checks          []verdict.Check
	Passed, Decided int
}

// one is the receipt that the path names.
func (s *section) one(p *shell.Page) (*Receipt, error) {
	r, err := s.Receipts.Receipt(p.Request.Context(), actor(p), p.Request.PathValue("id"), p.May(audits))
	if err != nil {
		return nil, withheld(err)
	}
	return r, nil
}

func (s *section) receipt(p *shell.Page) error {
	r, err := s.one(p)
	if err != nil {
		return err
	}
	d := r.Said.Verdict
	v := receiptView{Receipt: r, Tone: verdict.ToneOf(d.Result), Words: p.Say(attest.ResultText(d.Result)), Checks: verdict.Checks(p, d.Checks)}
	v.Reason = verdict.Reason(p, d)
	v.Passed, v.Decided = verdict.Count(d.Checks)
	return p.Render(http.StatusOK, "office/receipt", v)
}

func (s *section) printReceipt(p *shell.Page) error {
	pdf, err := s.Receipts.Print(p.Request.Context(), actor(p), p.Request.PathValue("id"), p.May(audits))
	if err != nil {
		return withheld(err)
	}
	return attachment(p, "application/pdf", "verification-receipt.pdf", pdf)
}

func (s *section) receiptFile(p *shell.Page) error {
	r, err := s.one(p)
	if err != nil {
		return err
	}
	return attachment(p, "application/jose", "verification-receipt.jwt", r.JWS)
}
