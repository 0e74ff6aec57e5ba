package ledger

import (
	"context"
	"embed"
	"io/fs"
	"net/http"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/shell"
)

//go:embed pages/*.html
var files embed.FS

// State is the ledger as this gateway has applied it.
type State struct {
	Network   string
	Region    string // whose gateway this is
	Height    uint64
	Batches   uint64
	Age       int64 // seconds since the ledger was last heard of
	BlockHash string
	Digest    string
	Frozen    bool     // a statement contradicts ours: nothing is judged
	Agreeing  []string // regions whose statements agree with ours
	AgreedAt  uint64   // the height at which enough of them do
	Regions   []Region
}

// Region is a member of the consortium, with the latest statement of what it has applied.
type Region struct {
	Code   string
	Name   string
	Stated bool // it has made one
	Height uint64
	Time   int64 // Unix seconds
}

// Reader reads this gateway's replica of the ledger. Safe for concurrent use.
type Reader interface {
	State(ctx context.Context) (*State, error)
	// Latest returns the last batches, newest first.
	Latest(ctx context.Context, n int) ([]*attest.Batch, error)
	// Batch returns a batch and the name of the authority that anchored it, empty where it is not one's; NOT_FOUND for none.
	Batch(ctx context.Context, id string) (b *attest.Batch, authority string, err error)
}

type section struct{ Reader }

// New makes the section.
func New(r Reader) shell.Section {
	pages, err := fs.Sub(files, "pages")
	if err != nil {
		panic(err) // the binary is not whole
	}
	s := &section{r}
	return shell.Section{Name: "ledger", Pages: pages,
		Nav: []shell.NavItem{{Path: "/ledger", Key: "ledger.nav", Access: shell.Everybody()}},
		Routes: []shell.Route{
			{Method: http.MethodGet, Path: "/ledger", Access: shell.Everybody(), Handle: s.overview},
			{Method: http.MethodGet, Path: "/ledger/batches/{id}", Access: shell.Everybody(), Handle: s.batch},
		}}
}

// latest is how many batches the page lists.
const latest = 20

type overviewView struct {
	*State
	Picture *picture
	Batches []*attest.Batch
	Total   int64
}

func (s *section) overview(p *shell.Page) error {
	ctx := p.Request.Context()
	state, err := s.State(ctx)
	if err != nil {
		return err
	}
	batches, err := s.Latest(ctx, latest)
	if err != nil {
		return err
	}
	return p.Render(http.StatusOK, "ledger/overview", overviewView{State: state, Picture: draw(p, state), Batches: batches,
		Total: int64(state.Batches)}) //nolint:gosec // a count
}

type batchView struct {
	*attest.Batch
	Authority, Root string
}

func (s *section) batch(p *shell.Page) error {
	b, authority, err := s.Batch(p.Request.Context(), p.Request.PathValue("id"))
	if attest.CodeOf(err) == attest.CodeNotFound {
		return shell.Missing()
	}
	if err != nil {
		return err
	}
	return p.Render(http.StatusOK, "ledger/batch", batchView{b, authority, encode(b.Root[:])})
}
