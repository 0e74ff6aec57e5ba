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
	{task{"/office/issue", "issue"}, issues},
}

type homeView struct {
	Tasks []task
}

func (s *section) home(p *shell.Page) error {
	v := &homeView{}
	for _, t := range tasks {
		if p.May(t.access) {
			v.Tasks = append(v.Tasks, t.task)
		}
	}
	return p.Render(http.StatusOK, "office/home", v)
}
