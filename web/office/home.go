package office

import (
	"net/http"

	"github.com/huzheng-ledger/huzheng/web/shell"
)

// task is one thing that an officer can do.
type task struct {
	Path, Name string // Name: of its words
}

var tasks = []struct {
	task
	access shell.Access
}{
	{task{"/office/verify", "verify"}, verifies},
	{task{"/office/bundle", "bundle"}, verifies},
	{task{"/office/issue", "issue"}, issues},
	{task{"/office/status", "status"}, suspends},
	{task{"/office/disputes", "disputes"}, keeps},
	{task{"/office/agreements", "agreements"}, governs},
	{task{"/office/receipts", "receipts"}, archives},
	{task{"/office/refusals", "refusals"}, audits},
}

// recent is how much of the latest work the first page shows.
const recent = 5

type homeView struct {
	Tasks    []task
	Receipts []Receipt
	Imports  []Import
	Archives bool // may read receipts
}

func (s *section) home(p *shell.Page) error {
	v := &homeView{Archives: p.May(archives)}
	for _, t := range tasks {
		if p.May(t.access) {
			v.Tasks = append(v.Tasks, t.task)
		}
	}
	ctx, by := p.Request.Context(), actor(p)
	if v.Archives {
		now := s.Now().Unix()
		found, _, err := s.Receipts.Find(ctx, by, Search{From: now - 30*day, Until: now, Limit: recent, Tenants: p.May(audits)})
		if err != nil {
			return err
		}
		v.Receipts = found
	}
	if p.May(issues) {
		list, err := s.Importer.Imports(ctx, by)
		if err != nil {
			return err
		}
		v.Imports = list[:min(len(list), recent)]
	}
	return p.Render(http.StatusOK, "office/home", v)
}

const day = 24 * 60 * 60 // seconds
