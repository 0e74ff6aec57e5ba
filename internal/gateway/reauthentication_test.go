package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/demoidp"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/web/text"
)

// remembering is a world whose people's provider remembers them, and whose first gateway's clock can be put ahead.
func remembering(t *testing.T) (home *gatewaytest.Region, w *gatewaytest.World, p *demoidp.Provider, ahead *atomic.Int64) {
	t.Helper()
	p, ahead = provider(t), &atomic.Int64{}
	config := p.SignIn()
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	config.Now = now
	w = gatewaytest.Found(t, gatewaytest.Options{Pages: &gateway.Pages{SignIn: &config}, Clock: func(string) func() time.Time { return now }})
	return w.Regions[0], w, p, ahead
}

// answer signs in at the provider's page, which is body, and has it remember the browser.
func (b *browser) answer(body string, at *url.URL, account string, p *demoidp.Provider) (status int, page string, _ *url.URL) {
	b.t.Helper()
	require.Equal(b.t, "/login", at.Path, "the provider asks")
	for _, person := range p.People() {
		if person.Account == account {
			return b.post(at.Scheme+"://"+at.Host+"/login", url.Values{"id": {field(b.t, body, "id")}, "account": {account},
				"password": {person.Password}, "remember": {"yes"}})
		}
	}
	require.Fail(b.t, "nobody has that account")
	return 0, "", nil
}

// TestTheProviderAsksAgainWhereItHasTo holds that what the provider remembers opens no session that was ended, by whomever.
func TestTheProviderAsksAgainWhereItHasTo(t *testing.T) {
	home, _, p, ahead := remembering(t)
	b := newBrowser(t)
	begin := home.URL + "/sign-in/go?as=staff&back=/office"
	_, body, at := b.get(begin)
	status, _, at := b.answer(body, at, "issuer.440000", p)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "/office", at.Path)

	_, _, at = b.get(begin)
	assert.Equal(t, "/office", at.Path, "the provider remembers, and may")

	_, body, _ = b.get(home.URL + "/office")
	_, _, _ = b.post(home.URL+"/sign-out", url.Values{"token": {field(t, body, "token")}})
	_, body, at = b.get(begin)
	status, _, at = b.answer(body, at, "issuer.440000", p)
	require.Equal(t, http.StatusOK, status, "after signing out")
	require.Equal(t, "/office", at.Path)

	ahead.Store(int64(16 * time.Minute))
	_, _, at = b.get(home.URL + "/office")
	require.Equal(t, "/sign-in", at.Path, "idle")
	_, _, at = b.get(begin)
	assert.Equal(t, "/login", at.Path, "after the idle limit")
}

// TestAProviderThatDoesNotAskIsFound leaves out of the request what has the provider ask, as whoever sits at the browser could.
func TestAProviderThatDoesNotAskIsFound(t *testing.T) {
	home, _, p, ahead := remembering(t)
	b := newBrowser(t)
	_, body, at := b.get(home.URL + "/sign-in/go?as=staff&back=/office")
	status, _, _ := b.answer(body, at, "issuer.440000", p)
	require.Equal(t, http.StatusOK, status)

	ahead.Store(int64(2 * time.Minute))
	stripped := 0
	b.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		query := r.URL.Query()
		if query.Get("prompt") == "login" && query.Get("max_age") == "0" {
			query.Del("prompt")
			query.Del("max_age")
			r.URL.RawQuery = query.Encode()
			stripped++
		}
		return nil
	}
	status, body, at = b.get(home.URL + "/sign-in/go?as=staff&anew=1&back=/office")
	require.Equal(t, 1, stripped)
	assert.Equal(t, http.StatusForbidden, status)
	assert.Equal(t, "/sign-in/callback", at.Path, "the provider did not ask")
	assert.Contains(t, body, text.Of(text.Chinese, "signin.error.stale"))
	refused := home.Gateway.Vault()
	list, err := refused.FindRefusals([]string{officeAccount(home, 0)}, 0, time.Now().Unix()+3600, 0, 9)
	require.NoError(t, err)
	assert.True(t, has(list, &custody.Refusal{Caller: custody.CallerStaff, Account: officeAccount(home, 0), ID: refused.StaffID(p.URL, "issuer.440000"),
		Route: "GET /sign-in/callback", Reason: custody.RefusedSignIn, Code: "stale"}), dump(list))
}

func TestWeightyActsAskWhoItIs(t *testing.T) {
	home, w, p, ahead := remembering(t)
	certificate := home.Constructor(3)
	w.Settle()
	b := newBrowser(t)
	_, body, at := b.get(home.URL + "/sign-in/go?as=staff&back=/office")
	_, _, _ = b.answer(body, at, "issuer.440000", p)
	page := "/office/certificates/" + certificate.ID
	suspend := func() (int, string) {
		_, body, _ := b.get(home.URL + page)
		asked := form(t, body, page+"/status")
		asked.Set("state", "suspended")
		asked.Set("reason", "02")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, home.URL+page+"/status", strings.NewReader(asked.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Referer", home.URL+page)
		status, body, _ := b.do(r)
		return status, body
	}
	for range 2 { // somebody is at work all the time
		ahead.Add(int64(8 * time.Minute))
		_, _, at = b.get(home.URL + "/office")
		require.Equal(t, "/office", at.Path)
	}
	status, body := suspend()
	assert.Equal(t, http.StatusForbidden, status)
	assert.Contains(t, body, text.Of(text.Chinese, "shell.anew"))
	_, link, ok := strings.Cut(body, `href="/sign-in/go?`)
	require.True(t, ok, body)
	link, _, _ = strings.Cut(link, `"`)
	ahead.Store(0) // the provider's clock is the machine's
	_, body, at = b.get(home.URL + "/sign-in/go?" + strings.ReplaceAll(link, "&amp;", "&"))
	status, _, at = b.answer(body, at, "issuer.440000", p)
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, page, at.Path, "back at the page that the form was on")
	status, body = suspend()
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, text.Of(text.Chinese, "office.confirm.suspended"))

	governor := staff(t, home.URL, "governor.440000", p)
	ahead.Store(int64(9 * time.Minute))
	_, _, at = governor.get(home.URL + "/office/agreements/new")
	assert.Equal(t, "/login", at.Path, "before a long form is filled in")
}
