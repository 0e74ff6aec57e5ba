package shell_test

import (
	"bytes"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/session"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/text"
)

func section() shell.Section {
	answer := func(p *shell.Page) error { return p.Render(http.StatusOK, "test/page", nil) }
	return shell.Section{Name: "test", Pages: fs.FS(fstest.MapFS{
		"page.html": {Data: []byte(`{{define "title"}}T{{end}}{{define "main"}}<form method="post" action="/form">{{template "token" .}}</form>{{end}}`)}}),
		Routes: []shell.Route{
			{Method: http.MethodGet, Path: "/", Access: shell.Everybody(), Handle: answer},
			{Method: http.MethodGet, Path: "/mine", Access: shell.Citizens(), Handle: answer},
			{Method: http.MethodGet, Path: "/office", Access: shell.Staff(), Handle: answer},
			{Method: http.MethodGet, Path: "/office/issue", Access: shell.Staff(session.RoleIssue), Handle: answer},
			{Method: http.MethodPost, Path: "/form", Access: shell.Everybody(), Handle: answer},
			{Method: http.MethodPost, Path: "/mine", Access: shell.Citizens(), Handle: answer},
		}}
}

func start(t *testing.T) (*shell.Shell, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	s, err := shell.New(shell.Options{Region: "440000", Name: "广东省", Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now}, section())
	require.NoError(t, err)
	return s, &log
}

const cookie = "hz_440000_session"

func ask(s http.Handler, method, path, body string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8440"+path, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestARouteIsForWhomItSays(t *testing.T) {
	s, log := start(t)
	people := map[string]*session.Person{"nobody": nil, "citizen": {Kind: session.Citizen, Name: "甲乙丙"},
		"clerk":  {Kind: session.Staff, Name: "甲乙丙", Roles: []session.Role{session.RoleVerify}},
		"issuer": {Kind: session.Staff, Name: "甲乙丙", Roles: []session.Role{session.RoleIssue}}}
	checked := 0
	for _, route := range s.Routes() {
		for who, person := range people {
			header := map[string]string{}
			if person != nil {
				header["Cookie"] = cookie + "=" + s.Sessions().Start("", *person)
			}
			w := ask(s, route.Method, route.Path, "", header)
			checked++
			switch {
			case route.Access.Allows(person) && route.Method == http.MethodGet:
				assert.Equal(t, http.StatusOK, w.Code, "%s %s", who, route.Path)
			case person == nil && route.Method == http.MethodGet:
				assert.Equal(t, http.StatusSeeOther, w.Code, "%s %s", who, route.Path)
				assert.True(t, strings.HasPrefix(w.Header().Get("Location"), "/sign-in?"))
			default: // not theirs, or a form without its token
				assert.Equal(t, http.StatusForbidden, w.Code, "%s %s", who, route.Path)
			}
		}
	}
	t.Logf("%d routes × people", checked)
	assert.GreaterOrEqual(t, checked, 32)
	assert.Contains(t, log.String(), "page refused")
	assert.NotContains(t, log.String(), "甲乙丙", "no person is in the log")
}

var tokenField = regexp.MustCompile(`name="token" value="([^"]+)"`)

func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	s, _ := start(t)
	page := ask(s, http.MethodGet, "/", "", nil)
	token := "token=" + tokenField.FindStringSubmatch(page.Body.String())[1]
	visitor := strings.SplitN(page.Header().Get("Set-Cookie"), ";", 2)[0]
	good := map[string]string{"Cookie": visitor, "Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8440"}
	require.Equal(t, http.StatusOK, ask(s, http.MethodPost, "/form", token, good).Code)
	with := func(name, value string) map[string]string {
		out := map[string]string{}
		for k, v := range good {
			out[k] = v
		}
		out[name] = value
		return out
	}
	for name, c := range map[string]struct {
		body   string
		header map[string]string
	}{
		"no token":                {"", good},
		"another token":           {token + "x", good},
		"another browser":         {token, with("Cookie", "hz_440000_visitor="+session.NewID())},
		"no cookie":               {token, with("Cookie", "")},
		"another site":            {token, with("Sec-Fetch-Site", "cross-site")},
		"another port's page":     {token, with("Sec-Fetch-Site", "same-site")},
		"another origin":          {token, map[string]string{"Cookie": visitor, "Origin": "http://127.0.0.1:9999"}},
		"a token of before":       {token, with("Cookie", visitor+"; "+cookie+"="+s.Sessions().Start("", session.Person{Kind: session.Citizen}))},
		"a session in the token":  {"token=" + session.NewID(), good},
		"the token in the header": {"", with("token", token)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, http.StatusForbidden, ask(s, http.MethodPost, "/form", c.body, c.header).Code)
		})
	}
}

func TestEveryAnswerIsSealedOff(t *testing.T) {
	s, _ := start(t)
	for _, path := range []string{"/", "/sign-in", "/nowhere", "/mine"} {
		w := ask(s, http.MethodGet, path, "", nil)
		csp := w.Header().Get("Content-Security-Policy")
		assert.Contains(t, csp, "default-src 'none'")
		assert.Contains(t, csp, "frame-ancestors 'none'")
		assert.NotContains(t, csp, "unsafe")
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		for _, inline := range []string{"<script>", " style=", " onclick=", "<style", "javascript:", "⟦", "http://", "https://"} {
			assert.NotContains(t, w.Body.String(), inline, path)
		}
	}
	assert.Equal(t, http.StatusNotFound, ask(s, http.MethodGet, "/nowhere", "", nil).Code)
}

func TestPreferencesAreKeptAndLeadNowhereElse(t *testing.T) {
	s, _ := start(t)
	w := ask(s, http.MethodGet, "/?lang=en&x=1", "", nil)
	assert.Equal(t, http.StatusSeeOther, w.Code)
	assert.Equal(t, "/?x=1", w.Header().Get("Location"))
	set := strings.SplitN(w.Header().Get("Set-Cookie"), ";", 2)[0]
	assert.Contains(t, ask(s, http.MethodGet, "/", "", map[string]string{"Cookie": set}).Body.String(), `<html lang="en">`)
	w = ask(s, http.MethodGet, "/?large=1", "", nil)
	set = strings.SplitN(w.Header().Get("Set-Cookie"), ";", 2)[0]
	assert.Contains(t, ask(s, http.MethodGet, "/", "", map[string]string{"Cookie": set}).Body.String(), `class="large"`)
	for _, path := range []string{"//evil.example/?lang=en", "/%5cevil.example?lang=en", "/\\evil.example?lang=en"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawQuery = strings.SplitN(path, "?", 2)[0], "lang=en"
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		assert.NotContains(t, strings.ReplaceAll(w.Header().Get("Location"), "%2F", "/"), "//", path)
	}
}

func TestOverTLSCookiesAreBoundToTheHost(t *testing.T) {
	s, err := shell.New(shell.Options{Region: "440000", Log: slog.New(slog.DiscardHandler), Now: time.Now, Secure: true}, section())
	require.NoError(t, err)
	set := ask(s, http.MethodGet, "/", "", nil).Header().Get("Set-Cookie")
	assert.True(t, strings.HasPrefix(set, "__Host-hz_440000_visitor="), set)
	for _, attribute := range []string{"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} {
		assert.Contains(t, set, attribute)
	}
	assert.NotContains(t, set, "Domain")
	assert.Equal(t, text.Chinese, text.Langs()[0])
}
