package shell

import (
	"io/fs"

	"github.com/huzheng-ledger/huzheng/internal/session"
)

// Section is a part of the site.
type Section struct {
	Name   string // begins the names of its templates, and the keys of its words
	Routes []Route
	Nav    []NavItem
	// Pages holds a template NAME.html for each page, which Page.Render finds as "section/name" and which defines "title" and
	// "main". Files that begin with an underscore are parsed with each of them.
	Pages fs.FS
}

// Route is one page or action.
type Route struct {
	Method string // http.MethodGet, which HEAD is part of, or http.MethodPost
	Path   string // pattern of net/http.ServeMux; a slash at the end is exact
	Access Access
	Handle Handler
	// Weighty is for what cannot be undone: whoever does it has been asked who they are a short while ago.
	Weighty bool
	// MaxBody bounds what is sent; zero: 64 KiB.
	MaxBody int64
}

// Handler answers. An error becomes a page that says what went wrong: a *Failure as it says, an error with a code of
// attest.Explain's in its words.
type Handler func(p *Page) error

// Access says who may use a route.
type Access struct {
	kind  session.Kind // empty: everybody
	roles []session.Role
}

// Everybody may use the route, signed in or not.
func Everybody() Access { return Access{} }

// Citizens may use the route, each for what is theirs.
func Citizens() Access { return Access{kind: session.Citizen} }

// Staff with one of the roles may use the route; none named: all staff.
func Staff(roles ...session.Role) Access { return Access{kind: session.Staff, roles: roles} }

// Kind is whom the route is for; empty: everybody.
func (a Access) Kind() session.Kind { return a.kind }

// Allows reports whether somebody may; nil is nobody in particular.
func (a Access) Allows(p *session.Person) bool {
	switch {
	case a.kind == "":
		return true
	case p == nil || p.Kind != a.kind:
		return false
	default:
		return len(a.roles) == 0 || p.May(a.roles...)
	}
}

// NavItem is a link in the main navigation, shown to whoever may follow it or could by signing in.
type NavItem struct {
	Path   string
	Key    string // of its words
	Access Access
}
