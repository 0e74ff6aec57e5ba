package shell

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Failure is an answer that says why something did not happen.
type Failure struct {
	Status int
	Title  string // key of its words
	Text   string // key of its words
	Code   attest.Code
	Refuse string // why a request was refused, for the log; empty: it was no refusal
}

func (f *Failure) Error() string { return f.Title }

func missing() error {
	return &Failure{Status: http.StatusNotFound, Title: "shell.missing", Text: "shell.missing.text"}
}

// Missing is what a page answers for what is not there, or is not to be told of.
func Missing() error { return missing() }

// Withheld is what a page answers for what is there and not for whoever asks: as Missing to them, as a refusal in the log.
func Withheld(why string) error {
	return &Failure{Status: http.StatusNotFound, Title: "shell.missing", Text: "shell.missing.text", Refuse: why}
}

func forbidden() error {
	return &Failure{Status: http.StatusForbidden, Title: "shell.forbidden", Text: "shell.forbidden.why", Refuse: "access"}
}

func stale(why string) error {
	return &Failure{Status: http.StatusForbidden, Title: "shell.stale", Text: "shell.stale.why", Refuse: why}
}

// Busy is what a page answers who asks too often.
func Busy() error {
	return &Failure{Status: http.StatusTooManyRequests, Title: "shell.busy", Text: "shell.busy.text", Refuse: "rate"}
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
	return &Failure{Status: status, Title: "shell.problem", Code: coded.Code}
}

// fail answers with what went wrong. A refusal is logged with the route and who is refused as a kind, never as a person.
func (p *Page) fail(err error) {
	f := failureOf(err)
	kind, office := "", ""
	if p.Session != nil {
		kind, office = string(p.Session.Kind), p.Session.Office
	}
	attrs := []slog.Attr{slog.String("route", p.route.Method+" "+p.route.Path), slog.String("kind", kind), slog.String("office", office)}
	switch {
	case f.Refuse != "":
		p.shell.o.Log.LogAttrs(p.Request.Context(), slog.LevelWarn, "page refused", append(attrs, slog.String("reason", f.Refuse))...)
	case f.Status == http.StatusInternalServerError:
		p.shell.o.Log.LogAttrs(p.Request.Context(), slog.LevelError, "page failed", append(attrs, slog.Any("error", err))...)
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
