package demoidp

import (
	"context"
	_ "embed" // the page is part of the binary
	"html/template"
	"net/http"

	"github.com/huzheng-ledger/huzheng/web/assets"
)

//go:embed login.html
var loginHTML string

// login is the page on which somebody says who they are.
type login struct {
	storage  *storage
	callback func(ctx context.Context, id string) string
	page     *template.Template
}

func newLogin(s *storage, callback func(context.Context, string) string) *login {
	return &login{s, callback, template.Must(template.New("login").Parse(loginHTML))}
}

func (l *login) routes(mux *http.ServeMux) {
	mux.Handle("GET "+assets.Prefix, assets.Handler())
	mux.HandleFunc("GET /login", l.ask)
	mux.HandleFunc("POST /login", l.check)
}

// policy lets the page load its stylesheet, and send its form here and on to the gateway's callback.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' http://127.0.0.1:*; base-uri 'none'; frame-ancestors 'none'"

func (l *login) show(w http.ResponseWriter, r *http.Request, status int) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	data := struct {
		ID, Style string
		People    []Person
		Failed    bool
	}{r.FormValue("id"), assets.URL("style.css"), l.storage.people, status != http.StatusOK}
	_ = l.page.Execute(w, data) // the browser has gone
}

// ask lets whoever is remembered at this browser through, unless the sign-in is to ask; else it shows the page.
func (l *login) ask(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookieRemembered); err == nil && l.storage.recall(r.FormValue("id"), c.Value) {
		http.Redirect(w, r, l.callback(r.Context(), r.FormValue("id")), http.StatusSeeOther)
		return
	}
	l.show(w, r, http.StatusOK)
}

// cookieRemembered is how a browser is known whose person wanted to stay signed in here.
const cookieRemembered = "demoidp"

const maxForm = 16 << 10

func (l *login) check(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	id := r.PostFormValue("id")
	if !l.storage.authenticate(id, r.PostFormValue("account"), r.PostFormValue("password")) {
		l.show(w, r, http.StatusForbidden)
		return
	}
	if r.PostFormValue("remember") == "yes" {
		http.SetCookie(w, &http.Cookie{Name: cookieRemembered, Value: l.storage.remember(id), Path: "/login", HttpOnly: true, //nolint:gosec // plain on the loopback alone
			SameSite: http.SameSiteLaxMode})
	}
	http.Redirect(w, r, l.callback(r.Context(), id), http.StatusSeeOther)
}
