package citizen

import (
	"embed"
	"io/fs"
	"net/http"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/shell"
)

//go:embed pages/*.html
var files embed.FS

// Deps is what the section needs.
type Deps struct {
	Wallet   Wallet
	Codes    Codes
	Eraser   Eraser
	Disputes Disputes
	Now      func() time.Time
}

type section struct {
	Deps
	drafts *drafts
}

// New makes the section.
func New(d Deps) shell.Section {
	pages, err := fs.Sub(files, "pages")
	if err != nil {
		panic(err) // the binary is not whole
	}
	s := &section{d, newDrafts(d.Now)}
	get := func(path string, h shell.Handler) shell.Route {
		return shell.Route{Method: http.MethodGet, Path: path, Access: shell.Citizens(), Handle: h}
	}
	post := func(path string, h shell.Handler) shell.Route {
		return shell.Route{Method: http.MethodPost, Path: path, Access: shell.Citizens(), Handle: h}
	}
	return shell.Section{Name: "citizen", Pages: pages,
		Nav: []shell.NavItem{{Path: "/citizen", Key: "citizen.nav", Access: shell.Citizens()}},
		Routes: []shell.Route{
			get("/citizen", s.home),
			get("/citizen/certificates/{id}", s.certificate),
			get("/citizen/certificates/{id}/print", s.print),
			get("/citizen/certificates/{id}/portable", s.portable),
			post("/citizen/certificates/{id}/portable", s.makePortable),
			get("/citizen/codes", s.codes),
			post("/citizen/codes/new", s.begin),
			get("/citizen/codes/new/{draft}/{step}", s.step),
			post("/citizen/codes/new/{draft}/{step}", s.take),
			get("/citizen/codes/{id}", s.code),
			post("/citizen/codes/{id}/cancel", s.cancel),
			get("/citizen/uses", s.uses),
			get("/citizen/disputes", s.disputes),
			post("/citizen/disputes", s.fileDispute),
			get("/citizen/disputes/new", s.newDispute),
			get("/citizen/disputes/{id}", s.dispute),
			post("/citizen/disputes/{id}", s.changeDispute),
			get("/citizen/disputes/{id}/edit", s.editDispute),
			post("/citizen/disputes/{id}/withdraw", s.withdrawDispute),
			get("/citizen/delete", s.deletion),
			weighty(post("/citizen/delete", s.erase)),
		}}
}

// weighty marks what cannot be undone.
func weighty(r shell.Route) shell.Route {
	r.Weighty = true
	return r
}

// holder is the code of whoever has signed in; the route has let citizens alone through.
func holder(p *shell.Page) string { return p.Session.Code }

// gone makes what is not there, or another's, look like a page that is not there.
func gone(err error) error {
	if attest.CodeOf(err) == attest.CodeNotFound {
		return shell.Missing()
	}
	return err
}

// formError is one entry of the error summary: the field's id, the key of its words, and what it is about where the words do
// not say it.
type formError struct{ Field, Key, Of string }

// wrongs are what is wrong with a form.
type wrongs []formError

// Of is the key of what is wrong with a field; empty: nothing.
func (l wrongs) Of(field string) string {
	for _, e := range l {
		if e.Field == field {
			return e.Key
		}
	}
	return ""
}
