package shell

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/session"
	"github.com/huzheng-ledger/huzheng/internal/signin"
)

//go:embed pages/*.html
var ownFiles embed.FS

const callbackPath = "/sign-in/callback"

// signInPath leads to sign in as a kind of person, and back.
func signInPath(kind session.Kind, back string) string {
	query := url.Values{"back": {back}}
	if kind != "" {
		query.Set("as", string(kind))
	}
	return "/sign-in?" + query.Encode()
}

// own is the shell's own section: signing in and out.
func (s *Shell) own() Section {
	files, err := fs.Sub(ownFiles, "pages")
	if err != nil {
		panic(err) // the binary is not whole
	}
	own := Section{Name: "shell", Pages: files, Routes: []Route{
		{Method: http.MethodPost, Path: "/sign-out", Access: Everybody(), Handle: s.signOut},
		{Method: http.MethodGet, Path: "/sign-in", Access: Everybody(), Handle: s.signIn},
	}}
	if s.o.SignIn != nil {
		own.Routes = append(own.Routes,
			Route{Method: http.MethodGet, Path: "/sign-in/go", Access: Everybody(), Handle: s.begin},
			Route{Method: http.MethodGet, Path: callbackPath, Access: Everybody(), Handle: s.complete})
	}
	return own
}

type signInView struct {
	As, Back string
	Out      bool   // has just signed out
	Failed   string // reason; empty: nothing has failed
}

func (s *Shell) signIn(p *Page) error {
	query := p.Request.URL.Query()
	return p.Render(http.StatusOK, "shell/signin", signInView{As: query.Get("as"), Back: local(query.Get("back")), Out: query.Get("out") == "1"})
}

// redirectURL is where the provider sends browsers back to.
func (s *Shell) redirectURL(r *http.Request) (string, error) {
	if s.o.BaseURL != "" {
		return s.o.BaseURL + callbackPath, nil
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil || !signin.Loopback(host) {
		return "", errors.New("the gateway does not know the URL that browsers reach it at")
	}
	return "http://" + r.Host + callbackPath, nil
}

// anew reports whether the provider has to ask who it is, whatever it remembers: after a session that has ended or was ended,
// as somebody else may be at the browser now, and where a page asks for it.
func (s *Shell) anew(p *Page) bool {
	return p.Session == nil && s.cookie(p.Request, cookieSession) != "" || p.Request.URL.Query().Get("anew") == "1"
}

// begin leads to the provider. It changes nothing here but the browser's own cookie, and whoever is led there has to say
// who they are: so a link will do.
func (s *Shell) begin(p *Page) error {
	query := p.Request.URL.Query()
	as := session.Kind(query.Get("as"))
	if as != session.Citizen && as != session.Staff {
		return missing()
	}
	redirect, err := s.redirectURL(p.Request)
	if err != nil {
		return err
	}
	flow, err := s.o.SignIn.Begin(p.Request.Context(), &signin.Request{As: as, Redirect: redirect, Back: local(query.Get("back")),
		MaxAge: s.sessions.Absolute(), Anew: s.anew(p)})
	if err != nil {
		return s.notIn(p, err, "")
	}
	s.setCookie(p.Writer, p.Request, cookieSignIn, flow.Cookie, signin.Lifetime)
	http.Redirect(p.Writer, p.Request, flow.URL, http.StatusSeeOther) // to the endpoint that the configured provider names
	return nil
}

// complete takes the provider's answer and begins a session, under an id that nobody has seen.
func (s *Shell) complete(p *Page) error {
	cookie := s.cookie(p.Request, cookieSignIn)
	s.setCookie(p.Writer, p.Request, cookieSignIn, "", -1)
	person, back, err := s.o.SignIn.Complete(p.Request.Context(), cookie, p.Request.URL.Query())
	if err != nil {
		return s.notIn(p, err, back)
	}
	if person.Kind == session.Staff {
		name, err := s.o.Offices.Office(p.Request.Context(), person.Office)
		if err != nil {
			return err
		}
		if name == "" {
			return s.notIn(p, &signin.Error{Reason: "office", Err: errors.New("the office is not of this region")}, back)
		}
	}
	s.setSession(p, s.sessions.Start(s.cookie(p.Request, cookieSession), *person))
	p.redirect(back)
	return nil
}

// notIn tells why nobody was let in.
func (s *Shell) notIn(p *Page, err error, back string) error {
	var refused *signin.Error
	if !errors.As(err, &refused) {
		return err
	}
	s.o.Log.LogAttrs(p.Request.Context(), slog.LevelWarn, "sign-in refused", slog.String("reason", string(refused.Reason)),
		slog.String("error", refused.Err.Error()))
	status := http.StatusForbidden
	if refused.Reason == signin.ReasonProvider {
		status = http.StatusBadGateway
	} else {
		p.note(custody.RefusedSignIn, string(refused.Reason))
	}
	return p.Render(status, "shell/signin", signInView{Back: local(back), Failed: string(refused.Reason)})
}

func (s *Shell) signOut(p *Page) error {
	s.sessions.End(s.cookie(p.Request, cookieSession))
	s.setCookie(p.Writer, p.Request, cookieSession, signedOut, 0)
	return p.Redirect("/sign-in?out=1")
}

// Roles names the roles of whoever is signed in.
func (p *Page) Roles() string {
	var names []string
	if p.Session != nil {
		for _, r := range p.Session.Roles {
			names = append(names, p.T("signin.role."+string(r)))
		}
	}
	return strings.Join(names, p.Say("、", ", "))
}
