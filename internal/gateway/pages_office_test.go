package gateway_test

import (
	"bytes"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/demoidp"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/web/text"
)

// offices is a world whose staff can sign in.
func offices(t *testing.T) (*gatewaytest.World, *demoidp.Provider) {
	t.Helper()
	p := provider(t)
	config := p.SignIn()
	return gatewaytest.Found(t, gatewaytest.Options{Pages: &gateway.Pages{SignIn: &config}}), p
}

// staff signs somebody in, in a browser of their own.
func staff(t *testing.T, gateway, account string, p *demoidp.Provider) *browser {
	t.Helper()
	b := newBrowser(t)
	status, body, _ := signInAs(t, b, gateway, "staff", account, p)
	require.Equal(t, http.StatusOK, status, body)
	return b
}

var anyHidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// form takes the hidden fields of the last form of a page that has such an action.
func form(t *testing.T, body, action string) url.Values {
	t.Helper()
	at := strings.LastIndex(body, `action="`+action+`"`)
	require.GreaterOrEqual(t, at, 0, "the page has no form %s: %s", action, body)
	part, _, _ := strings.Cut(body[at:], "</form>")
	out := url.Values{}
	for _, m := range anyHidden.FindAllStringSubmatch(part, -1) {
		out.Set(m[1], html.UnescapeString(m[2]))
	}
	return out
}

// submit opens a page, fills in its form and sends it.
func (b *browser) submit(page, action string, values map[string]string) (status int, body string, at *url.URL) {
	b.t.Helper()
	status, body, u := b.get(page)
	require.Equal(b.t, http.StatusOK, status, body)
	filled := form(b.t, body, action)
	for name, value := range values {
		filled.Set(name, value)
	}
	return b.post(u.Scheme+"://"+u.Host+action, filled)
}

// sendFiles opens a page and sends its form with files.
func (b *browser) sendFiles(page, action string, values map[string]string, files map[string]string) (status int, body string, at *url.URL) {
	b.t.Helper()
	status, body, u := b.get(page)
	require.Equal(b.t, http.StatusOK, status, body)
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	filled := form(b.t, body, action)
	for name, value := range values {
		filled.Set(name, value)
	}
	for name := range filled {
		require.NoError(b.t, w.WriteField(name, filled.Get(name)))
	}
	for name, content := range files {
		part, err := w.CreateFormFile("file", name)
		require.NoError(b.t, err)
		_, err = part.Write([]byte(content))
		require.NoError(b.t, err)
	}
	require.NoError(b.t, w.Close())
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, u.Scheme+"://"+u.Host+action, &out)
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(r)
}

func TestAnOfficerVerifiesFiles(t *testing.T) {
	w, p := offices(t)
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(1)
	w.Settle()
	presented := home.Present(certificate.ID, abroad, "nonce-1")
	both := map[string]string{"a.sdjwt": presented.Presentation, "a.receipt.json": string(presented.Receipt)}
	why := map[string]string{"useCause": gatewaytest.UseCause, "scenario": gatewaytest.Scenario, "caseNumber": "2026-0001"}
	b := staff(t, abroad.URL, "window.510000", p)

	status, body, _ := b.sendFiles(abroad.URL+"/office/verify", "/office/verify", why, both)
	require.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, text.Of(text.Chinese, "verdict.result.valid"))
	assert.Contains(t, body, gatewaytest.AgreementID)
	assert.Contains(t, body, "2026-0001")
	assert.Contains(t, body, "持证主体代码", "an officer sees what was disclosed")

	status, body, _ = b.sendFiles(abroad.URL+"/office/verify", "/office/verify", map[string]string{"useCause": "", "caseNumber": "张三", "scenario": "没有"}, nil)
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	for _, key := range []string{"office.error.cause", "office.error.case", "office.error.scenario", "office.error.nothing"} {
		assert.Contains(t, body, text.Of(text.Chinese, key))
	}
	broken := map[string]string{"a.sdjwt": strings.Replace(presented.Presentation, ".", ".A", 1), "a.receipt.json": string(presented.Receipt)}
	_, body, _ = b.sendFiles(abroad.URL+"/office/verify", "/office/verify", why, broken)
	assert.Contains(t, body, text.Of(text.Chinese, "office.nothing"), "what does not hold is not shown")
	assert.NotContains(t, body, "持证主体代码")
}

// fields are the form's fields for a sample certificate.
func issueFields(t *testing.T, r *gatewaytest.Region, n int) map[string]string {
	t.Helper()
	a := r.Authority(sample.TypeConstructor)
	g, err := sample.New(1, a.Code, a.Name, a.Division)
	require.NoError(t, err)
	record, err := g.Record(sample.TypeConstructor, n)
	require.NoError(t, err)
	out := map[string]string{}
	for name, value := range record.Values() {
		out["f."+name] = value
	}
	out["f."+gbt.FieldExpiringDate] = "2099-12-31"
	return out
}

func TestAnOfficerIssuesByForm(t *testing.T) {
	w, p := offices(t)
	home, abroad := w.Regions[0], w.Regions[1]
	b := staff(t, home.URL, "issuer.440000", p)
	page, action := home.URL+"/office/issue/"+string(sample.TypeConstructor), "/office/issue/"+string(sample.TypeConstructor)

	_, body, _ := b.get(home.URL + "/office/issue")
	assert.Contains(t, body, "二级建造师注册证书")
	assert.NotContains(t, body, "不动产权证书", "the office is not accredited for it")
	status, _, _ := b.get(home.URL + "/office/issue/" + string(sample.TypeRealEstate))
	assert.Equal(t, http.StatusNotFound, status)

	wrong := issueFields(t, home, 7)
	wrong["f."+gbt.FieldHolderCode], wrong["f."+gbt.FieldHolderName] = "999999190001010000", ""
	wrong["f.registrationProfession"] = "没有的专业"
	status, body, _ = b.submit(page, action, wrong)
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	for _, field := range []string{gbt.FieldHolderCode, gbt.FieldHolderName, "registrationProfession"} {
		assert.Contains(t, body, `<a href="#`+field+`">`)
	}
	assert.Equal(t, 3, strings.Count(body, `class="field-error"`), body)

	status, body, _ = b.get(page)
	require.Equal(t, http.StatusOK, status)
	good := form(t, body, action)
	for name, value := range issueFields(t, home, 7) {
		if name != "f."+gbt.FieldIdentifier {
			good.Set(name, value)
		}
	}
	status, body, first := b.post(home.URL+action, good)
	require.Equal(t, http.StatusOK, status, body)
	require.True(t, strings.HasPrefix(first.Path, "/office/certificates/"), first.Path)
	assert.Contains(t, body, text.Of(text.Chinese, "office.certificate.anchored"))
	assert.Contains(t, body, "1.2.156.3005.2."+string(sample.TypeConstructor), "the identifier was made")
	_, _, second := b.post(home.URL+action, good)
	assert.Equal(t, first.Path, second.Path, "a form sent twice issues once")
	good.Set("f.registrationNumber", "another")
	status, _, _ = b.post(home.URL+action, good)
	assert.Equal(t, http.StatusUnprocessableEntity, status, "the same form with other contents is refused")

	id := strings.TrimPrefix(first.Path, "/office/certificates/")
	w.Settle()
	verdict := abroad.Verify(home.Present(id, abroad, "n"))
	assert.Equal(t, "valid", string(verdict.Result), verdict.Code)
	elsewhere := staff(t, abroad.URL, "issuer.510000", p)
	status, _, _ = elsewhere.get(abroad.URL + first.Path)
	assert.Equal(t, http.StatusNotFound, status)
}
