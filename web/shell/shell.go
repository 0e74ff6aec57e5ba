package shell

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"

	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/session"
	"github.com/huzheng-ledger/huzheng/internal/signin"
	"github.com/huzheng-ledger/huzheng/web/assets"
)

// Offices knows the authorities of this region that staff act for.
type Offices interface {
	// Office returns the name of an authority of this region; empty: it has none of that code.
	Office(ctx context.Context, uscc string) (name string, err error)
}

// Options of a Shell. Region, Name, Log and Now are needed; SignIn and Offices come together.
type Options struct {
	Region string // division code
	Name   string // of the province
	Log    *slog.Logger
	Now    func() time.Time

	SignIn  *signin.SignIn // nil: nobody signs in
	Offices Offices
	Limits  session.Limits
	// BaseURL is where browsers reach the gateway, for the callback; empty: the loopback, on whatever port they came in.
	BaseURL string
	// Secure says that browsers reach the gateway by TLS though this process does not see it, behind a proxy.
	Secure bool
	// Refused puts a refusal on record before it is answered; nil: refusals are logged alone.
	Refused func(ctx context.Context, r Refusal)
}

// Refusal is a request that was refused.
type Refusal struct {
	Person *session.Person // who is signed in; nil: nobody
	Route  string          // method and template
	Reason custody.RefusalReason
	Code   string // more exactly, a code of attest or a reason of signin; empty: Reason says it all
}

// Shell serves the pages. It is an http.Handler.
type Shell struct {
	o        Options
	sessions *session.Store
	routes   []Route
	nav      []NavItem
	pages    *pages
	mux      *http.ServeMux
	key      [32]byte // of the tokens against forgery; as long as the process
	forgery  *http.CrossOriginProtection
}

// requestTime bounds a handler and all that it calls.
const requestTime = 30 * time.Second

// New makes the pages of the sections. It fails where a template does not parse, and panics where two routes clash.
func New(o Options, sections ...Section) (*Shell, error) {
	s := &Shell{o: o, sessions: session.NewStore(o.Limits, o.Now), mux: http.NewServeMux(), forgery: http.NewCrossOriginProtection()}
	_, _ = rand.Read(s.key[:]) // never fails: it ends the process instead
	sections = append([]Section{s.own()}, sections...)
	var err error
	if s.pages, err = parsePages(sections); err != nil {
		return nil, err
	}
	for _, section := range sections {
		s.nav = append(s.nav, section.Nav...)
		for _, route := range section.Routes {
			s.add(route)
		}
	}
	s.mux.Handle("GET "+assets.Prefix, assets.Handler())
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p := s.page(w, r)
		p.fail(missing())
	})
	return s, nil
}

// Routes lists every route, for a test that walks them.
func (s *Shell) Routes() []Route { return s.routes }

// Sessions is who is signed in.
func (s *Shell) Sessions() *session.Store { return s.sessions }

func (s *Shell) add(route Route) {
	if route.MaxBody == 0 {
		route.MaxBody = 64 << 10
	}
	s.routes = append(s.routes, route)
	path := route.Path
	if path[len(path)-1] == '/' {
		path += "{$}"
	}
	s.mux.HandleFunc(route.Method+" "+path, func(w http.ResponseWriter, r *http.Request) { s.serve(route, w, r) })
}

// policy lets pages load what is ours and nothing else: no inline script or style, no frame, no form to elsewhere but to
// the provider, where the answer to our own form leads.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// ServeHTTP answers one request.
func (s *Shell) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin") // to itself alone, for the forgery check of old browsers
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
	if s.choosePreferences(w, r) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), requestTime)
	defer cancel()
	s.mux.ServeHTTP(w, r.WithContext(ctx))
}

// serve lets a request through to its handler.
func (s *Shell) serve(route Route, w http.ResponseWriter, r *http.Request) {
	p := s.page(w, r)
	p.route = route
	r.Body = http.MaxBytesReader(w, r.Body, route.MaxBody)
	if !route.Access.Allows(p.person()) {
		p.refuse(route)
		return
	}
	if route.Method != http.MethodGet {
		if err := s.checkForgery(p); err != nil {
			p.fail(err)
			return
		}
	}
	if route.Weighty && !s.sessions.Recent(p.person(), route.Method == http.MethodGet) {
		p.askAnew()
		return
	}
	if err := route.Handle(p); err != nil {
		p.fail(err)
	}
}

// refuse sends who is not signed in to sign in, and tells everybody else that they may not. Who was not signed in before asks
// for nothing yet by following a link: that is no refusal.
func (p *Page) refuse(route Route) {
	why := custody.RefusedAccess
	if p.lapsed {
		why = custody.RefusedSession
	}
	if p.Session == nil && route.Method == http.MethodGet {
		if p.lapsed {
			p.note(why, "")
		}
		p.redirect(signInPath(route.Access.kind, p.Request.URL.RequestURI()))
		return
	}
	p.fail(forbidden(why))
}
