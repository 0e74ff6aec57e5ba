package office

import (
	"archive/zip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/huzheng-ledger/huzheng/web/shell"
)

// An export is a zip with receipts.jsonl, a line for each receipt with its inclusion receipt, and index.csv, by which an
// archive finds them.
const (
	exportPage = 200
	maxExport  = 20_000 // receipts; who needs more exports by shorter times
)

var indexHeader = []string{"回执编号 id", "核验时间 time", "办件编号 case", "核验方 verifier", "结论 result", "办理事项 scenario", "用证事由 reason",
	"证照类型 type", "颁发地区 region", "已上链 anchored"}

// exported is a line of receipts.jsonl.
type exported struct {
	ID        string          `json:"id"`
	Receipt   string          `json:"receipt"`
	Inclusion json.RawMessage `json:"inclusion,omitempty"`
}

func (s *section) export(p *shell.Page) error {
	v := &receiptsView{MayExport: true}
	q := s.search(p, v)
	if len(v.Problems) > 0 {
		return p.Render(http.StatusUnprocessableEntity, "office/receipts", v)
	}
	list, err := s.all(p, q)
	if err != nil {
		return err
	}
	h := p.Writer.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="receipts-`+v.From+`-`+v.To+`.zip"`)
	_ = writeExport(p.Writer, list) // the answer has begun: a zip that is cut off does not open
	return nil
}

// all reads every page of a search, so that a failure is told before the file begins.
func (s *section) all(p *shell.Page, q Search) ([]Receipt, error) {
	var out []Receipt
	q.Before, q.Limit = 0, exportPage
	for {
		found, more, err := s.Receipts.Find(p.Request.Context(), actor(p), q)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
		if len(out) > maxExport {
			return nil, &shell.Failure{Status: http.StatusUnprocessableEntity, Title: "office.export.large", Text: "office.export.large.text"}
		}
		if !more || len(found) == 0 {
			return out, nil
		}
		q.Before = found[len(found)-1].Number
	}
}

func writeExport(w io.Writer, list []Receipt) error {
	z := zip.NewWriter(w)
	lines, err := z.Create("receipts.jsonl")
	if err != nil {
		return err
	}
	out := json.NewEncoder(lines)
	for i := range list {
		if err := out.Encode(exported{list[i].Said.ID, string(list[i].JWS), list[i].Inclusion}); err != nil {
			return err
		}
	}
	index, err := z.Create("index.csv")
	if err != nil {
		return err
	}
	return errors.Join(writeIndex(index, list), z.Close())
}

func writeIndex(w io.Writer, list []Receipt) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // without which spreadsheet programs take UTF-8 for a local encoding
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	rows := [][]string{indexHeader}
	for i := range list {
		r := &list[i]
		said := r.Said
		rows = append(rows, []string{said.ID, time.Unix(said.Time, 0).In(china).Format(time.DateTime), r.CaseNumber, cell(said.Verifier),
			string(said.Verdict.Result), cell(said.Scenario), cell(said.UseCause), r.Type, said.Verdict.Issuer,
			strconv.FormatBool(len(r.Inclusion) > 0)})
	}
	return out.WriteAll(rows)
}

// cell keeps a text of others from being read as a formula by a spreadsheet program.
func cell(text string) string {
	if text != "" && (text[0] == '=' || text[0] == '+' || text[0] == '-' || text[0] == '@' || text[0] == '\t') {
		return "'" + text
	}
	return text
}
