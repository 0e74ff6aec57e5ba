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
	today := s.Now().In(china)
	if v.To == "" {
		v.To = today.Format(time.DateOnly)
	}
	if v.From == "" {
		v.From = today.AddDate(0, 0, -29).Format(time.DateOnly)
	}
	from, err := time.ParseInLocation(time.DateOnly, v.From, china)
	if err != nil {
		v.Problems.add("from", p.T("office.error.day"))
	}
	to, err := time.ParseInLocation(time.DateOnly, v.To, china)
	if err != nil {
		v.Problems.add("to", p.T("office.error.day"))
	}
	if !isCaseNumber(v.CaseNumber) {
		v.Problems.add("case", p.T("office.error.case"))
	}
	if len(v.Problems) == 0 && (to.Before(from) || to.Sub(from) > maxSearch) {
		v.Problems.add("from", p.T("office.error.range"))
	}
	before, _ := strconv.ParseUint(query.Get("before"), 10, 64) // what is no number begins at the newest
	return Search{CaseNumber: v.CaseNumber, From: from.Unix(), Until: to.AddDate(0, 0, 1).Unix() - 1, Before: before, Limit: pageSize,
		Tenants: p.May(audits)}
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
	v.Reason = reasonOf(p, d)
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
