package shell

import (
	"crypto/subtle"
	"net/http"

	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/session"
	"github.com/huzheng-ledger/huzheng/web/text"
)

// Page is one request and its answer.
type Page struct {
	Request *http.Request
	Writer  http.ResponseWriter
	Lang    text.Lang
	Large   bool             // 关怀版
	Session *session.Session // nil: nobody is signed in

	shell  *Shell
	route  Route
	secret string // the cookie that the page's token belongs to
	lapsed bool   // the browser has the cookie of a session that has ended
}

func (s *Shell) page(w http.ResponseWriter, r *http.Request) *Page {
	p := &Page{Request: r, Writer: w, shell: s, Lang: text.Chinese, Large: s.cookie(r, cookieLarge) == "1"}
	if text.Lang(s.cookie(r, cookieLang)) == text.English {
		p.Lang = text.English
	}
	if id := s.cookie(r, cookieSession); id != "" {
		if current, ok := s.sessions.Get(id); ok {
			p.Session, p.secret = &current, id
		} else {
			p.lapsed = id != signedOut
		}
	}
	return p
}

func (p *Page) person() *session.Person {
	if p.Session == nil {
		return nil
	}
	return &p.Session.Person
}

// T is a text in the page's language.
func (p *Page) T(key string, args ...any) string { return text.Of(p.Lang, key, args...) }

// Say is the sentence in the page's language, of two such as attest.Explain gives.
func (p *Page) Say(zh, en string) string {
	if p.Lang == text.English {
		return en
	}
	return zh
}

// OfficeName is the name of the office that whoever is signed in acts for; empty: for none.
func (p *Page) OfficeName() string {
	if p.Session == nil || p.Session.Kind != session.Staff {
		return ""
	}
	name, err := p.shell.o.Offices.Office(p.Request.Context(), p.Session.Office)
	if err != nil {
		return ""
	}
	return name
}

// May reports whether whoever is signed in may use a route of that access.
func (p *Page) May(a Access) bool { return a.Allows(p.person()) }

// Redirect sends the browser on after a form was taken in. The path is of this site.
func (p *Page) Redirect(path string) error {
	p.redirect(path)
	return nil
}

func (p *Page) redirect(path string) {
	p.Writer.Header().Set("Location", local(path))
	p.Writer.WriteHeader(http.StatusSeeOther)
}

// Change gives whoever is signed in other rights, under another session id.
func (p *Page) Change(to session.Person) error {
	id, ok := p.shell.sessions.Change(p.secret, to)
	if !ok {
		return forbidden(custody.RefusedSession)
	}
	p.shell.setSession(p, id)
	return nil
}

// SignOutEverywhere ends every session of whoever is signed in, this one among them.
func (p *Page) SignOutEverywhere() {
	if p.Session == nil {
		return
	}
	p.shell.sessions.EndOf(&p.Session.Person)
	p.shell.setCookie(p.Writer, p.Request, cookieSession, signedOut, 0)
	p.Session, p.secret = nil, ""
}

// Token is what every form of the page carries: it proves that the form came from a page of ours, at this browser. Call it
// before anything is written; templates do by {{template "token" .}}.
func (p *Page) Token() string {
	if p.secret == "" {
		p.secret = p.shell.visitor(p)
	}
	return p.shell.token(p.secret)
}

// checkForgery refuses a form that another site made or a page of another session.
func (s *Shell) checkForgery(p *Page) error {
	if err := s.forgery.Check(p.Request); err != nil {
		return stale(custody.RefusedCrossOrigin)
	}
	secret := p.secret
	if secret == "" {
		secret = s.cookie(p.Request, cookieVisitor)
	}
	if err := p.parse(); err != nil {
		return err
	}
	sent := p.Request.PostFormValue("token")
	if secret == "" || subtle.ConstantTimeCompare([]byte(sent), []byte(s.token(secret))) != 1 {
		return stale(custody.RefusedToken)
	}
	return nil
}

// memory is how much of an upload is held in memory at most; what is over lies in files of the system, until the end.
const memory = 8 << 20

func (p *Page) parse() error {
	err := p.Request.ParseMultipartForm(min(memory, p.route.MaxBody)) //nolint:gosec // the body is bounded by the route
	if err == http.ErrNotMultipart {                                  //nolint:errorlint // returned as it is
		return p.Request.ParseForm()
	}
	return err
}

// Form is a field that was sent, as it was sent.
func (p *Page) Form(name string) string { return p.Request.PostFormValue(name) }
