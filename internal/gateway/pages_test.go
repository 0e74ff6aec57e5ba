package gateway_test

import (
	"bytes"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/demoidp"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/web/text"
)

// browser is somebody at the pages, without scripts.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t, &http.Client{Jar: jar}}
}

func (b *browser) do(r *http.Request) (status int, body string, at *url.URL) {
	b.t.Helper()
	res, err := b.client.Do(r)
	require.NoError(b.t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	assert.LessOrEqual(b.t, len(data), 100_000, "a page is small")
	return res.StatusCode, string(data), res.Request.URL
}

func (b *browser) get(address string) (status int, body string, at *url.URL) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	require.NoError(b.t, err)
	return b.do(r)
}

func (b *browser) post(address string, values url.Values) (status int, body string, at *url.URL) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(values.Encode()))
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

var hidden = regexp.MustCompile(`name="(token|id)" value="([^"]+)"`)

// field is the value of a hidden field of a page.
func field(t *testing.T, body, name string) string {
	t.Helper()
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		if m[1] == name {
			return m[2]
		}
	}
	require.Fail(t, "the page has no field "+name, body)
	return ""
}

// provider starts the embedded identity provider over people of the world's regions.
func provider(t *testing.T) *demoidp.Provider {
	t.Helper()
	people, err := demoidp.People(1, gatewaytest.Guangdong, gatewaytest.Sichuan)
	require.NoError(t, err)
	p, err := demoidp.Start(t.Context(), people, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

func signInAs(t *testing.T, b *browser, gateway, kind, account string, p *demoidp.Provider) (status int, body string, at *url.URL) {
	t.Helper()
	_, page, login := b.get(gateway + "/sign-in/go?as=" + kind + "&back=/ledger")
	for _, person := range p.People() {
		if person.Account == account {
			return b.post(login.Scheme+"://"+login.Host+"/login", url.Values{"id": {field(t, page, "id")}, "account": {account},
				"password": {person.Password}})
		}
	}
	require.Fail(t, "nobody has that account")
	return 0, "", nil
}

func TestPeopleSignInAndOut(t *testing.T) {
	p := provider(t)
	config := p.SignIn()
	w := gatewaytest.Found(t, gatewaytest.Options{Pages: &gateway.Pages{SignIn: &config}})
	home, abroad := w.Regions[0], w.Regions[1]

	b := newBrowser(t)
	status, body, at := signInAs(t, b, home.URL, "staff", "window.440000", p)
	require.Equal(t, http.StatusOK, status, body)
	assert.Equal(t, "/ledger", at.Path)
	assert.Contains(t, body, "广东窗口核验员")
	status, body, _ = b.post(home.URL+"/sign-out", url.Values{"token": {"forged"}})
	assert.Equal(t, http.StatusForbidden, status)
	assert.Contains(t, body, text.Of(text.Chinese, "shell.stale"))
	_, body, _ = b.get(home.URL + "/ledger")
	assert.Contains(t, body, "广东窗口核验员", "a forged form signs nobody out")
	status, body, _ = b.post(home.URL+"/sign-out", url.Values{"token": {field(t, body, "token")}})
	assert.Equal(t, http.StatusOK, status)
	assert.NotContains(t, body, "广东窗口核验员")

	for name, c := range map[string]struct{ at, kind, account, says string }{
		"a citizen":                   {home.URL, "citizen", "citizen1.440000", ""},
		"a citizen from elsewhere":    {home.URL, "citizen", "citizen1.510000", ""},
		"a citizen as staff":          {home.URL, "staff", "citizen1.440000", "signin.error.person"},
		"staff as a citizen":          {home.URL, "citizen", "window.440000", "signin.error.person"},
		"staff of another region":     {abroad.URL, "staff", "window.440000", "signin.error.office"},
		"staff of their own region":   {abroad.URL, "staff", "issuer.510000", ""},
		"an answer nobody waited for": {"", "", "", "signin.error.expired"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t)
			var status int
			var body string
			if c.at == "" {
				status, body, _ = b.get(home.URL + "/sign-in/callback?code=x&state=y")
			} else {
				status, body, _ = signInAs(t, b, c.at, c.kind, c.account, p)
			}
			if c.says == "" {
				assert.Equal(t, http.StatusOK, status)
				assert.Contains(t, body, text.Of(text.Chinese, "shell.sign-out"))
				return
			}
			assert.Equal(t, http.StatusForbidden, status)
			assert.Contains(t, body, text.Of(text.Chinese, c.says))
			assert.NotContains(t, body, text.Of(text.Chinese, "shell.sign-out"))
		})
	}
}

// upload sends the public form.
func (b *browser) upload(gateway string, fields map[string]string, files map[string]string) (status int, body string) {
	b.t.Helper()
	_, page, _ := b.get(gateway + "/")
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	require.NoError(b.t, w.WriteField("token", field(b.t, page, "token")))
	for name, value := range fields {
		require.NoError(b.t, w.WriteField(name, value))
	}
	for name, content := range files {
		part, err := w.CreateFormFile("file", name)
		require.NoError(b.t, err)
		_, err = part.Write([]byte(content))
		require.NoError(b.t, err)
	}
	require.NoError(b.t, w.Close())
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, gateway+"/verify", &form)
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	status, body, _ = b.do(r)
	return status, body
}

var receiptLink = regexp.MustCompile(`href="(/receipts/[^"]+)"`)

func TestThePublicVerifiesFiles(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{Pages: &gateway.Pages{}})
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(1)
	w.Settle()
	presented := home.Present(certificate.ID, abroad, "nonce-1")
	b := newBrowser(t)
	why := map[string]string{"useCause": "审查", "scenario": ""}
	both := map[string]string{"a.sdjwt": presented.Presentation, "a.receipt.json": string(presented.Receipt)}

	status, body := b.upload(abroad.URL, why, both)
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, `<h1 id="verdict">有效</h1>`)
	assert.Contains(t, body, gatewaytest.AgreementID)
	link := receiptLink.FindStringSubmatch(body)
	require.NotNil(t, link)
	status, receipt, _ := b.get(abroad.URL + link[1])
	require.Equal(t, http.StatusOK, status)
	status, body = b.upload(home.URL, why, map[string]string{"receipt.jwt": receipt})
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, text.Of(text.Chinese, "public.receipt.holds"))
	_, body = b.upload(home.URL, why, map[string]string{"receipt.jwt": receipt[:len(receipt)-4] + "AAAA"})
	assert.Contains(t, body, text.Of(text.Chinese, "public.receipt.broken"))

	_, body = b.upload(abroad.URL, why, map[string]string{"a.sdjwt": presented.Presentation})
	assert.Contains(t, body, text.Of(text.Chinese, "verdict.result.undetermined"), "no receipt is a doubt")
	status, body = b.upload(abroad.URL, why, map[string]string{"a.receipt.json": string(presented.Receipt)})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, text.Of(text.Chinese, "upload.receipt-only"))
	status, body = b.upload(abroad.URL, map[string]string{"useCause": " ", "scenario": "没有的事项"}, nil)
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	for _, key := range []string{"public.error.cause", "public.error.scenario", "public.error.nothing"} {
		assert.Contains(t, body, text.Of(text.Chinese, key))
	}
	own := abroad.Verify(presented)
	status, _, _ = b.get(abroad.URL + "/receipts/" + own.ReceiptID)
	assert.Equal(t, http.StatusNotFound, status, "a tenant's receipt is not the public's")
}
