package shell

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/internal/session"
	"github.com/huzheng-ledger/huzheng/web/text"
)

// The cookies. Ports share a host's cookies, and several gateways may be on one loopback: their names carry the region.
const (
	cookieSession = "session"
	cookieVisitor = "visitor" // binds tokens to a browser that nobody has signed in at
	cookieSignIn  = "signin"
	cookieLang    = "lang"
	cookieLarge   = "large"
)

// signedOut stands in the session's cookie once somebody has signed out, so that the next sign-in at this browser asks who it is.
const signedOut = "out"

func (s *Shell) tls(r *http.Request) bool { return s.o.Secure || r.TLS != nil }

func (s *Shell) cookieName(r *http.Request, name string) string {
	name = "hz_" + s.o.Region + "_" + name
	if s.tls(r) {
		return "__Host-" + name
	}
	return name
}

func (s *Shell) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(r, name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for as long as the browser is open, or for life; a negative life removes it.
func (s *Shell) setCookie(w http.ResponseWriter, r *http.Request, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(r, name), Value: value, Path: "/", HttpOnly: true, //nolint:gosec // plain on the loopback alone
		Secure: s.tls(r), SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)})
}

func (s *Shell) setSession(p *Page, id string) {
	s.setCookie(p.Writer, p.Request, cookieSession, id, 0)
	p.secret = id
	if current, ok := s.sessions.Get(id); ok {
		p.Session = &current
	}
}

// visitor is the secret of a browser that nobody has signed in at, made where it has none.
func (s *Shell) visitor(p *Page) string {
	if secret := s.cookie(p.Request, cookieVisitor); len(secret) == 43 {
		return secret
	}
	secret := session.NewID()
	s.setCookie(p.Writer, p.Request, cookieVisitor, secret, 0)
	return secret
}

// token proves that we made a form for the browser that holds the secret.
func (s *Shell) token(secret string) string {
	mac := hmac.New(sha256.New, s.key[:])
	mac.Write([]byte("huzheng/v1/form\x00" + secret))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

const year = 365 * 24 * time.Hour

// choosePreferences takes ?lang= and ?large= of a page into cookies, and leads to the page without them.
func (s *Shell) choosePreferences(w http.ResponseWriter, r *http.Request) (done bool) {
	if r.Method != http.MethodGet || r.URL.RawQuery == "" {
		return false
	}
	query := r.URL.Query()
	lang, large := text.Lang(query.Get("lang")), query.Get("large")
	if lang == text.Chinese || lang == text.English {
		s.setCookie(w, r, cookieLang, string(lang), year)
		done = true
	}
	if large == "0" || large == "1" {
		s.setCookie(w, r, cookieLarge, large, year)
		done = true
	}
	if !done {
		return false
	}
	query.Del("lang")
	query.Del("large")
	to := url.URL{Path: r.URL.Path, RawQuery: query.Encode()}
	http.Redirect(w, r, local(to.String()), http.StatusSeeOther)
	return true
}

// local is a path of this site, whatever was asked for: no link of ours leads elsewhere by what a stranger wrote into it.
func local(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(path, "//") ||
		strings.ContainsAny(path, "\\\r\n") {
		return "/"
	}
	return path
}
