package office

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/upload"
)

// maxTable bounds a table with its form: some ten thousand rows. Larger ones are for the command line.
const maxTable = 8 << 20

type importView struct {
	*Import
	Refusals []Refusal // the first of them
	Words    string    // why it ended early
}

// shown is how many refusals the page lists; the report has all of them.
const shown = 50

// importTable takes a table in and begins to issue it.
func (s *section) importTable(p *shell.Page) error {
	t, err := s.typeOf(p)
	if err != nil {
		return err
	}
	wrong := problems{}
	table, key := s.table(p)
	if key != "" {
		wrong.add("table", p.T(key))
	} else {
		id, err := s.Importer.Import(p.Request.Context(), actor(p), t.Code, table)
		if err == nil {
			return p.Redirect("/office/imports/" + id)
		}
		code := attest.CodeOf(err)
		if !strings.HasPrefix(string(code), "CSV_") {
			return err
		}
		wrong.add("table", p.Say(attest.Explain(code))+columns(err))
	}
	return s.showIssue(p, t, http.StatusUnprocessableEntity, newOperation(), func(*property) string { return "" }, wrong)
}

// columns are the names of columns that a refusal of a header carries: they are the form's own and nobody's data.
func columns(err error) string {
	var e *attest.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Code {
	case attest.CodeCSVColumnMissing, attest.CodeCSVColumnTwice, attest.CodeCSVColumnUnknown:
		if _, names, ok := strings.Cut(e.Error(), ": "); ok {
			return " " + names
		}
	}
	return ""
}

// table is the file that was picked; key says what is wrong.
func (s *section) table(p *shell.Page) (data []byte, key string) {
	picked := upload.Files(p.Request, 1, "table")
	if len(picked) == 0 {
		return nil, "office.error.table"
	}
	data, err := upload.Read(picked[0])
	if err != nil {
		return nil, "upload.broken"
	}
	if len(data) == 0 {
		return nil, "office.error.table"
	}
	return data, ""
}

func (s *section) progress(p *shell.Page) (*Import, error) {
	i, err := s.Importer.Progress(p.Request.Context(), actor(p), p.Request.PathValue("id"))
	if err != nil {
		return nil, withheld(err)
	}
	return i, nil
}

func (s *section) importPage(p *shell.Page) error {
	i, err := s.progress(p)
	if err != nil {
		return err
	}
	v := importView{Import: i}
	if i.Failed != "" {
		v.Words = p.Say(attest.Explain(i.Failed))
	}
	_, refused, err := s.Importer.Outcome(p.Request.Context(), actor(p), i.ID)
	if err != nil {
		return err
	}
	v.Refusals = refused[:min(len(refused), shown)]
	return p.Render(http.StatusOK, "office/import", v)
}

// importProgress is what the script of the page asks for.
func (s *section) importProgress(p *shell.Page) error {
	i, err := s.progress(p)
	if err != nil {
		return err
	}
	p.Writer.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(p.Writer).Encode(map[string]any{"percent": i.Percent(), "done": i.Done, "rows": i.Rows, "ended": i.Ended,
		"words": p.T("office.import.progress", i.Done, i.Rows)})
}

func (s *section) importRefused(p *shell.Page) error {
	_, refused, err := s.Importer.Outcome(p.Request.Context(), actor(p), p.Request.PathValue("id"))
	if err != nil {
		return withheld(err)
	}
	rows := [][]string{{"行号 line", "列 column", "代码 code", "原因", "reason"}}
	for _, r := range refused {
		rows = append(rows, []string{strconv.Itoa(r.Line), cell(r.Column), string(r.Code), r.Zh, r.En})
	}
	return sendCSV(p, "refused.csv", rows)
}

func (s *section) importIssued(p *shell.Page) error {
	made, _, err := s.Importer.Outcome(p.Request.Context(), actor(p), p.Request.PathValue("id"))
	if err != nil {
		return withheld(err)
	}
	rows := [][]string{{"行号 line", "证照编号 id"}}
	for _, m := range made {
		rows = append(rows, []string{strconv.Itoa(m.Line), m.ID})
	}
	return sendCSV(p, "issued.csv", rows)
}

func sendCSV(p *shell.Page, name string, rows [][]string) error {
	h := p.Writer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	if _, err := io.WriteString(p.Writer, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(p.Writer)
	out.UseCRLF = true
	return out.WriteAll(rows)
}
