package gateway_test

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/demoidp"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/web/text"
)

// story is a world with pages: a citizen with a certificate at home, and another one with another.
type story struct {
	*gatewaytest.World
	home, abroad *gatewaytest.Region
	provider     *demoidp.Provider
	mine, other  api.IssuedCertificate
	ahead        atomic.Int64 // of the home's clock
}

func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{provider: provider(t)}
	config := s.provider.SignIn()
	s.World = gatewaytest.Found(t, gatewaytest.Options{Pages: &gateway.Pages{SignIn: &config, Public: api.Rate{PerSecond: 1000, Burst: 1000}},
		Clock: func(region string) func() time.Time {
			if region != gatewaytest.Guangdong {
				return nil
			}
			return func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }
		}})
	s.home, s.abroad = s.Regions[0], s.Regions[1]
	s.mine, s.other = s.home.Constructor(0), s.home.Constructor(1) // as the provider's people hold them
	s.Settle()
	return s
}

// citizen is one signed in at home, without scripts.
func (s *story) citizen(t *testing.T, account string) *browser {
	t.Helper()
	b := newBrowser(t)
	status, body, _ := signInAs(t, b, s.home.URL, "citizen", account, s.provider)
	require.Equal(t, http.StatusOK, status, body)
	return b
}

// fill posts the form of the page at address.
func (b *browser) fill(page, address string, values url.Values) (status int, body string, at *url.URL) {
	b.t.Helper()
	_, body, _ = b.get(page)
	values.Set("token", field(b.t, body, "token"))
	return b.post(address, values)
}

// makeCode walks all the steps and returns the address of the live page.
func (s *story) makeCode(t *testing.T, b *browser, change func(step string, v url.Values)) (address, body string) {
	t.Helper()
	status, body, at := b.fill(s.home.URL+"/citizen", s.home.URL+"/citizen/codes/new", url.Values{"certificate": {s.mine.ID}})
	require.Equal(t, http.StatusOK, status, body)
	for _, step := range []string{"what", "to", "why", "life", "confirm"} {
		require.Equal(t, step, path.Base(at.Path))
		v := map[string]url.Values{"what": {"field-" + s.mine.ID: gatewaytest.Disclosed()}, "to": {"to": {"any"}},
			"why":  {"scenario": {gatewaytest.Scenario}, "useCause": {"投标资格审查"}},
			"life": {"life": {"600"}, "uses": {"1"}}, "confirm": {}}[step]
		if change != nil {
			change(step, v)
		}
		v.Set("token", field(t, body, "token"))
		status, body, at = b.post(at.String(), v)
		require.Equal(t, http.StatusOK, status, body)
	}
	require.Regexp(t, `^/citizen/codes/[A-Za-z0-9_-]{22}$`, at.Path)
	return at.String(), body
}

var spokenCode = regexp.MustCompile(`class="short" aria-label="([^"]+)"`)

// short reads the short code off the live page.
func short(t *testing.T, body string) string {
	t.Helper()
	m := spokenCode.FindStringSubmatch(body)
	require.NotNil(t, m, body)
	return strings.NewReplacer(" ", "", "，", "").Replace(m[1])
}

func zh(key string, args ...any) string { return text.Of(text.Chinese, key, args...) }

func TestACitizensCodeIsRedeemedOnAnotherProvincesPage(t *testing.T) {
	s := newStory(t)
	b := s.citizen(t, "citizen1.440000")
	_, body, _ := b.get(s.home.URL + "/citizen")
	assert.Contains(t, body, zh("citizen.state.valid"))
	assert.Contains(t, body, zh("citizen.uses.none"))
	assert.NotContains(t, body, s.other.ID)
	status, body, _ := b.get(s.home.URL + "/citizen/certificates/" + s.mine.ID)
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, zh("verdict.predicate.age", "60"))
	for _, f := range gatewaytest.Disclosed() {
		g, _ := gbt.FieldOf(f)
		assert.Contains(t, body, g.Chinese)
	}

	address, live := s.makeCode(t, b, nil)
	assert.Contains(t, live, "<svg", "the QR code is in the page")
	assert.Contains(t, live, zh("citizen.code.unused", 1, 1))
	stranger := newBrowser(t)
	redeem := func(code string) (int, string) {
		return stranger.upload(s.abroad.URL, map[string]string{"code": code, "useCause": "查验", "scenario": ""}, nil)
	}
	status, body = redeem(short(t, live))
	require.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, `<h1 id="verdict">有效</h1>`, body)
	assert.Contains(t, body, gatewaytest.Scenario, "for what the citizen named")
	link := receiptLink.FindStringSubmatch(body)
	require.NotNil(t, link)
	status, _, _ = stranger.get(s.abroad.URL + link[1])
	assert.Equal(t, http.StatusOK, status, "the public's receipt")

	start := time.Now()
	_, body, _ = b.get(s.home.URL + "/citizen/uses")
	for _, words := range []string{"四川", "公共核验", zh("citizen.event.verified"), zh("verdict.result.valid"), gatewaytest.Scenario, "持证主体"} {
		assert.Contains(t, body, words)
	}
	assert.Less(t, time.Since(start), 5*time.Second)
	_, body, _ = b.get(address)
	assert.Contains(t, body, zh("citizen.code.state.used_up"))
	assert.NotContains(t, body, `class="qr"`, "nothing is left to scan")

	status, body = redeem(short(t, live))
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, zh("public.error.code-unusable"))
	_, body, _ = b.get(address)
	assert.Contains(t, body, zh("citizen.event.refused"), "the citizen sees the attempt")
	status, body = redeem("44-AAAA-AAAA-A")
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, zh("public.error.code-format"))
}

// TestAFormSentTwiceIsOneUse holds that a verifier who sends the form again, as browsers do, gets the same answer, and that
// the answer is that form's alone.
func TestAFormSentTwiceIsOneUse(t *testing.T) {
	s := newStory(t)
	_, live := s.makeCode(t, s.citizen(t, "citizen1.440000"), nil)
	stranger := newBrowser(t)
	form := strings.Repeat("f", 43)
	send := func(form string) (int, string) {
		return stranger.upload(s.abroad.URL, map[string]string{"code": short(t, live), "useCause": "查验", "form": form}, nil)
	}
	for range 2 {
		status, body := send(form)
		require.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, `<h1 id="verdict">有效</h1>`)
	}
	for _, other := range []string{strings.Repeat("g", 43), "", "f"} {
		status, _ := send(other)
		assert.Equal(t, http.StatusUnprocessableEntity, status)
		status, _ = send(other)
		assert.Equal(t, http.StatusUnprocessableEntity, status)
	}
}

func TestACodeEndsAsAgreed(t *testing.T) {
	s := newStory(t)
	b := s.citizen(t, "citizen1.440000")
	stranger := newBrowser(t)
	refused := func(code string) {
		t.Helper()
		status, body := stranger.upload(s.abroad.URL, map[string]string{"code": code, "useCause": "查验"}, nil)
		assert.Equal(t, http.StatusUnprocessableEntity, status)
		assert.Contains(t, body, zh("public.error.code-unusable"))
	}
	address, live := s.makeCode(t, b, nil)
	status, body, at := b.fill(address, address+"/cancel", url.Values{})
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, address, at.String())
	assert.Contains(t, body, zh("citizen.code.state.cancelled"))
	refused(short(t, live))
}

func TestACodeForARegionOrAnOffice(t *testing.T) {
	s := newStory(t)
	b := s.citizen(t, "citizen1.440000")
	stranger := newBrowser(t)
	_, live := s.makeCode(t, b, func(step string, v url.Values) {
		if step == "to" {
			v.Set("to", "office")
			v.Set("office", string(s.abroad.Authorities[0].Code))
		}
	})
	assert.Contains(t, live, s.abroad.Authorities[0].Name)
	status, body := stranger.upload(s.abroad.URL, map[string]string{"code": short(t, live), "useCause": "查验"}, nil)
	assert.Equal(t, http.StatusUnprocessableEntity, status, "the public is not that office")
	assert.Contains(t, body, zh("public.error.code-unusable"))
	_, live = s.makeCode(t, b, func(step string, v url.Values) {
		if step == "to" {
			v.Set("to", "region")
			v.Set("region", s.abroad.Code)
		}
	})
	status, body = stranger.upload(s.home.URL, map[string]string{"code": short(t, live), "useCause": "查验"}, nil)
	assert.Equal(t, http.StatusUnprocessableEntity, status, "home is another region")
	assert.Contains(t, body, zh("public.error.code-unusable"))
	status, body = stranger.upload(s.abroad.URL, map[string]string{"code": short(t, live), "useCause": "查验"}, nil)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, `<h1 id="verdict">有效</h1>`)
}

func TestACodeExpires(t *testing.T) {
	s := newStory(t)
	b := s.citizen(t, "citizen1.440000")
	address, live := s.makeCode(t, b, nil)
	s.ahead.Store(int64(10*time.Minute + time.Second))
	_, body, _ := b.get(address)
	assert.Contains(t, body, zh("citizen.code.state.expired"))
	status, body := newBrowser(t).upload(s.abroad.URL, map[string]string{"code": short(t, live), "useCause": "查验"}, nil)
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, zh("public.error.code-unusable"))
	_, body, _ = b.get(address)
	assert.Contains(t, body, zh("citizen.event.refused"))
}

func TestStepsRefuseWhatMakesNoSense(t *testing.T) {
	s := newStory(t)
	b := s.citizen(t, "citizen1.440000")
	_, body, at := b.fill(s.home.URL+"/citizen", s.home.URL+"/citizen/codes/new", url.Values{"certificate": {s.mine.ID}})
	base := strings.TrimSuffix(at.String(), "what")
	token := field(t, body, "token")
	for _, c := range []struct {
		step   string
		values url.Values
		key    string
	}{
		{"what", url.Values{}, "citizen.error.fields"},
		{"what", url.Values{"field-" + s.mine.ID: {"noSuchField"}}, "citizen.error.fields"},
		{"to", url.Values{}, "citizen.error.to"},
		{"to", url.Values{"to": {"region"}, "region": {"999999"}}, "citizen.error.region"},
		{"to", url.Values{"to": {"office"}, "office": {"x"}}, "citizen.error.office"},
		{"why", url.Values{"useCause": {"x"}, "scenario": {"没有的事项"}}, "citizen.error.scenario"},
		{"why", url.Values{"useCause": {strings.Repeat("长", 201)}, "scenario": {gatewaytest.Scenario}}, "citizen.error.cause"},
		{"life", url.Values{"life": {"1"}, "uses": {"1"}}, "citizen.error.life"},
		{"life", url.Values{"life": {"600"}, "uses": {"1000"}}, "citizen.error.uses"},
	} {
		c.values.Set("token", token)
		status, body, _ := b.post(base+c.step, c.values)
		assert.Equal(t, http.StatusUnprocessableEntity, status, c.step)
		assert.Contains(t, body, zh(c.key), c.step)
	}
	status, _, _ := b.get(base + "nowhere")
	assert.Equal(t, http.StatusNotFound, status)
	confirm := url.Values{"token": {token}}
	_, _, first := b.post(base+"confirm", confirm)
	_, _, again := b.post(base+"confirm", confirm)
	assert.Equal(t, first.String(), again.String(), "sent twice, it is one code")
	_, _, back := b.get(base + "what")
	assert.Equal(t, first.String(), back.String(), "going back leads to the code")
}

// TestAnotherCitizenSeesNothing asks for everything of one citizen as another one, and as nobody.
func TestAnotherCitizenSeesNothing(t *testing.T) {
	s := newStory(t)
	b := s.citizen(t, "citizen1.440000")
	address, live := s.makeCode(t, b, nil)
	_, _, draft := b.fill(s.home.URL+"/citizen", s.home.URL+"/citizen/codes/new", url.Values{"certificate": {s.mine.ID}})
	status, _ := newBrowser(t).upload(s.abroad.URL, map[string]string{"code": short(t, live), "useCause": "查验"}, nil)
	require.Equal(t, http.StatusOK, status)
	other, nobody, tried := s.citizen(t, "citizen2.440000"), newBrowser(t), 0
	certificate := s.home.URL + "/citizen/certificates/" + s.mine.ID
	unknown := strings.Replace(certificate, s.mine.ID, strings.Repeat("A", len(s.mine.ID)), 1)
	_, missing, _ := other.get(unknown)
	normal := func(body string) string { return regexp.MustCompile(`/citizen/[^"?]+`).ReplaceAllString(body, "") }
	for _, page := range []string{certificate, certificate + "/print", certificate + "/portable", address, draft.String()} {
		status, body, _ := other.get(page)
		assert.Equal(t, http.StatusNotFound, status, page)
		if page != draft.String() {
			assert.Equal(t, normal(missing), normal(body), "looks like what is not there: %s", page)
		}
		_, body, at := nobody.get(page)
		assert.Equal(t, "/sign-in", at.Path)
		assert.NotContains(t, body, "<svg class=\"qr")
		tried += 2
	}
	for _, form := range []struct {
		page   string
		values url.Values
	}{{address + "/cancel", url.Values{}}, {certificate + "/portable", url.Values{"field": {gbt.FieldHolderName}}},
		{s.home.URL + "/citizen/codes/new", url.Values{"certificate": {s.mine.ID}}}, {draft.String(), url.Values{"field-" + s.mine.ID: {gbt.FieldHolderName}}}} {
		status, _, _ := other.fill(s.home.URL+"/citizen", form.page, form.values)
		assert.Equal(t, http.StatusNotFound, status, form.page)
		tried++
	}
	for _, page := range []string{"/citizen", "/citizen/codes", "/citizen/uses"} {
		status, body, _ := other.get(s.home.URL + page)
		assert.Equal(t, http.StatusOK, status)
		assert.NotContains(t, body, s.mine.ID)
		assert.NotContains(t, body, path.Base(address))
		assert.NotContains(t, body, "公共核验")
		tried++
	}
	t.Logf("%d requests of others", tried)
	officer := newBrowser(t)
	status, _, _ = signInAs(t, officer, s.home.URL, "staff", "window.440000", s.provider)
	require.Equal(t, http.StatusOK, status)
	status, _, _ = officer.get(address)
	assert.Equal(t, http.StatusForbidden, status, "staff are no citizens")
}

func TestFilesToTakeAway(t *testing.T) {
	s := newStory(t)
	b := s.citizen(t, "citizen1.440000")
	certificate := s.home.URL + "/citizen/certificates/" + s.mine.ID
	status, body, _ := b.fill(certificate+"/portable", certificate+"/portable", url.Values{"field": gatewaytest.Disclosed(), "as": {"file"}})
	require.Equal(t, http.StatusOK, status)
	assert.True(t, strings.HasPrefix(body, "HZP1:"))
	status, verdict := newBrowser(t).upload(s.abroad.URL, map[string]string{"useCause": "查验"}, map[string]string{"a.txt": body})
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, verdict, `<h1 id="verdict">有效</h1>`, "a self-contained text verifies elsewhere")
	status, body, _ = b.fill(certificate+"/portable", certificate+"/portable", url.Values{"field": gatewaytest.Disclosed(), "as": {"qr"}})
	require.Equal(t, http.StatusOK, status)
	assert.True(t, strings.HasPrefix(body, "\x89PNG"))
	status, verdict = newBrowser(t).upload(s.abroad.URL, map[string]string{"useCause": "查验"}, map[string]string{"a.png": body})
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, verdict, `<h1 id="verdict">有效</h1>`, "so does its picture")
	status, body, _ = b.fill(certificate+"/portable", certificate+"/portable", url.Values{"as": {"qr"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, zh("citizen.error.fields"))
	status, body, _ = b.get(certificate + "/print")
	if strings.Contains(body, "FONT_MISSING") {
		t.Log("no Chinese font is installed: the print is not tried")
		return
	}
	require.Equal(t, http.StatusOK, status)
	status, verdict = newBrowser(t).upload(s.abroad.URL, map[string]string{"useCause": "查验"}, map[string]string{"a.pdf": body})
	require.Equal(t, http.StatusOK, status, verdict)
	assert.Contains(t, verdict, `<h1 id="verdict">有效</h1>`, "and a print")
}

func TestACitizenDeletesEverything(t *testing.T) {
	s := newStory(t)
	b, elsewhere := s.citizen(t, "citizen1.440000"), s.citizen(t, "citizen1.440000")
	_, live := s.makeCode(t, b, nil)
	page := s.home.URL + "/citizen/delete"
	status, body, _ := b.fill(page, page, url.Values{})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, zh("citizen.error.understood"))
	status, body, _ = b.fill(page, page, url.Values{"understood": {"yes"}})
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, zh("citizen.delete.sure"))
	_, body, _ = b.get(s.home.URL + "/citizen")
	assert.Contains(t, body, s.mine.ID, "nothing is deleted before it is confirmed")

	status, body, _ = b.fill(page, page, url.Values{"understood": {"yes"}, "sure": {"yes"}})
	require.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, zh("citizen.deleted"))
	assert.Contains(t, body, s.mine.ID, "the commitment stays on the ledger, and is named once more")
	for name, who := range map[string]*browser{"here": b, "elsewhere": elsewhere} {
		_, _, at := who.get(s.home.URL + "/citizen")
		assert.Equal(t, "/sign-in", at.Path, "signed out %s", name)
	}
	status, body = newBrowser(t).upload(s.abroad.URL, map[string]string{"code": short(t, live), "useCause": "查验"}, nil)
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, zh("public.error.code-unusable"))
	b = s.citizen(t, "citizen1.440000")
	for _, page := range []string{"/citizen", "/citizen/codes", "/citizen/uses", "/citizen/delete"} {
		status, body, _ := b.get(s.home.URL + page)
		require.Equal(t, http.StatusOK, status, page)
		assert.NotContains(t, body, s.mine.ID, page)
	}
	other := s.citizen(t, "citizen2.440000")
	_, body, _ = other.get(s.home.URL + "/citizen")
	assert.Contains(t, body, s.other.ID, "and nobody else's")
}

func TestDeletionAsksWhoItIs(t *testing.T) {
	s := newStory(t)
	b := s.citizen(t, "citizen1.440000")
	page := s.home.URL + "/citizen/delete"
	s.ahead.Store(int64(6 * time.Minute))
	_, body, _ := b.get(page)
	assert.Contains(t, body, zh("citizen.delete.again"))
	assert.NotContains(t, body, `action="/citizen/delete"`)
	status, _, _ := b.fill(page, page, url.Values{"understood": {"yes"}, "sure": {"yes"}})
	assert.Equal(t, http.StatusForbidden, status)
	_, body, _ = b.get(s.home.URL + "/citizen")
	assert.Contains(t, body, s.mine.ID)
}

// TestACitizenReadsWhatARegionCannotProve: it says so, names the region and the reason, and nothing that the region has made up.
func TestACitizenReadsWhatARegionCannotProve(t *testing.T) {
	s := newStory(t)
	about, err := custody.ParseID(s.mine.ID)
	require.NoError(t, err)
	require.NoError(t, s.home.Gateway.Codes().Report(t.Context(), s.abroad.Code, []custody.Report{{About: about, JWS: []byte("made up")}}))
	b := s.citizen(t, "citizen1.440000")
	_, body, _ := b.get(s.home.URL + "/citizen/uses")
	zh, _ := attest.Explain(attest.CodeVerificationReceipt)
	for _, text := range []string{"四川", "该地区报告了一次使用，但不能证明", zh} {
		assert.Contains(t, body, text)
	}
	assert.NotContains(t, body, "made up")
}
