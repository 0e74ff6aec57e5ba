package shell

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/session"
)

// Failure is an answer that says why something did not happen.
type Failure struct {
	Status int
	Title  string // key of its words
	Text   string // key of its words
	Code   attest.Code
	Again  string                // path to sign in anew at; empty: that would not help
	Refuse custody.RefusalReason // for the record; empty: it was no refusal
}

func (f *Failure) Error() string { return f.Title }

func missing() error {
	return &Failure{Status: http.StatusNotFound, Title: "shell.missing", Text: "shell.missing.text"}
}

// Missing is what a page answers for what is not there, or is not to be told of.
func Missing() error { return missing() }

// Withheld is what a page answers for what is not for whoever asks, if it is there: as Missing to them, a refusal on record.
func Withheld() error {
	return &Failure{Status: http.StatusNotFound, Title: "shell.missing", Text: "shell.missing.text", Refuse: custody.RefusedOwner}
}

func forbidden(why custody.RefusalReason) error {
	return &Failure{Status: http.StatusForbidden, Title: "shell.forbidden", Text: "shell.forbidden.why", Refuse: why}
}

func stale(why custody.RefusalReason) error {
	return &Failure{Status: http.StatusForbidden, Title: "shell.stale", Text: "shell.stale.why", Refuse: why}
}

// Busy is what a page answers who asks too often.
func Busy() error {
	return &Failure{Status: http.StatusTooManyRequests, Title: "shell.busy", Text: "shell.busy.text", Refuse: custody.RefusedRate}
}

// statuses are those of codes that a page meets; every other one is the request's fault.
var statuses = map[attest.Code]int{
	attest.CodeNotFound:       http.StatusNotFound,
	attest.CodeForbidden:      http.StatusForbidden,
	attest.CodeRateLimited:    http.StatusTooManyRequests,
	attest.CodeOverloaded:     http.StatusServiceUnavailable,
	attest.CodeOutcomeUnknown: http.StatusServiceUnavailable,
	attest.CodeTimeout:        http.StatusServiceUnavailable,
	attest.CodeInternal:       http.StatusInternalServerError,
}

// askAnew has whoever is signed in say who they are again. A page is led there at once; a form tells why it was not taken, as
// what was filled in is lost.
func (p *Page) askAnew() {
	if p.route.Method == http.MethodGet {
		p.redirect(anewPath(p.Session.Kind, p.Request.URL.RequestURI()))
		return
	}
	p.fail(&Failure{Status: http.StatusForbidden, Title: "shell.anew", Text: "shell.anew.text", Again: anewPath(p.Session.Kind, p.formAt()),
		Refuse: custody.RefusedRecent})
}

// formAt is the page with the form that was sent, as the browser tells; a page that was itself the answer to a form is not there
// to go back to, but what is above it.
func (p *Page) formAt() string {
	from, err := url.Parse(p.Request.Referer())
	if err != nil || from.Host != p.Request.Host {
		return "/"
	}
	page := func(r Route) bool { return r.Method == http.MethodGet && r.Path == p.route.Path }
	if from.Path == p.Request.URL.Path && !slices.ContainsFunc(p.shell.routes, page) {
		return local(path.Dir(from.Path))
	}
	return local(from.RequestURI())
}

// anewPath leads to the provider, which has to ask, and back.
func anewPath(kind session.Kind, back string) string {
	return "/sign-in/go?" + url.Values{"as": {string(kind)}, "anew": {"1"}, "back": {back}}.Encode()
}

// refusals are the codes by which a service refuses whoever asks, rather than what was asked.
var refusals = map[attest.Code]custody.RefusalReason{
	attest.CodeForbidden:         custody.RefusedAccess,
	attest.CodeRateLimited:       custody.RefusedRate,
	attest.CodeProofCodeFormat:   custody.RefusedCode,
	attest.CodeProofCodeUnusable: custody.RefusedCode,
}

func failureOf(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return &Failure{Status: http.StatusRequestEntityTooLarge, Title: "shell.large-body", Text: "shell.large-body.t"}
	}
	var coded *attest.Error
	if !errors.As(err, &coded) || coded.Code == attest.CodeInternal {
		return &Failure{Status: http.StatusInternalServerError, Title: "shell.broken", Text: "shell.broken.text", Code: attest.CodeInternal}
	}
	status, ok := statuses[coded.Code]
	if !ok {
		status = http.StatusUnprocessableEntity
	}
	return &Failure{Status: status, Title: "shell.problem", Code: coded.Code, Refuse: refusals[coded.Code]}
}

// Refused puts on record that a page refuses what was asked, where the page says so itself. An error that refuses nobody is
// passed over. A page that returns its error needs no Refused.
func (p *Page) Refused(err error) {
	if f := failureOf(err); f.Refuse != "" {
		p.note(f.Refuse, string(f.Code))
	}
}

// note puts a refusal on record, with the route and who is refused, and into the log as a kind, never as a person.
func (p *Page) note(why custody.RefusalReason, code string) {
	attrs := append(p.attrs(), slog.String("reason", string(why)), slog.String("code", code))
	p.shell.o.Log.LogAttrs(p.Request.Context(), slog.LevelWarn, "page refused", attrs...)
	if p.shell.o.Refused != nil {
		p.shell.o.Refused(p.Request.Context(), Refusal{Person: p.person(), Route: p.route.Method + " " + p.route.Path, Reason: why, Code: code})
	}
}

func (p *Page) attrs() []slog.Attr {
	kind, office := "", ""
	if p.Session != nil {
		kind, office = string(p.Session.Kind), p.Session.Office
	}
	return []slog.Attr{slog.String("route", p.route.Method+" "+p.route.Path), slog.String("kind", kind), slog.String("office", office)}
}

// fail answers with what went wrong.
func (p *Page) fail(err error) {
	f := failureOf(err)
	switch {
	case f.Refuse != "":
		p.note(f.Refuse, string(f.Code))
	case f.Status == http.StatusNotFound && p.route.Access.kind == session.Citizen: // what a citizen asks for is theirs, or not for them
		p.note(custody.RefusedOwner, "")
	case f.Status == http.StatusInternalServerError:
		p.shell.o.Log.LogAttrs(p.Request.Context(), slog.LevelError, "page failed", append(p.attrs(), slog.Any("error", err))...)
	}
	data := struct {
		*Failure
		Words string
	}{f, ""}
	if f.Text == "" {
		data.Words = p.Say(attest.Explain(f.Code))
	}
	if err := p.Render(f.Status, "shell/failure", data); err != nil {
		http.Error(p.Writer, http.StatusText(f.Status), f.Status)
	}
}
