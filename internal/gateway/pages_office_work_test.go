package gateway_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/internal/session"
	"github.com/huzheng-ledger/huzheng/web/office"
	"github.com/huzheng-ledger/huzheng/web/text"
)

// roles are the accounts of a region's staff, and what each of them may.
var roles = map[string][]session.Role{
	"window":   {session.RoleVerify},
	"issuer":   {session.RoleVerify, session.RoleIssue, session.RoleSuspend},
	"governor": {session.RoleGovern},
	"auditor":  {session.RoleAudit},
}

// concrete puts something in for what a route's path leaves open; nothing of that name is there.
var concrete = strings.NewReplacer("{type}", string(sample.TypeConstructor), "{id}", "no-such-thing", "{version}", "1")

// TestEachRoleReachesItsRoutesAndNoOther walks the routes that the section declares, as everybody.
func TestEachRoleReachesItsRoutesAndNoOther(t *testing.T) {
	w, p := offices(t)
	home := w.Regions[0]
	visitors := map[string]*browser{"nobody": newBrowser(t), "citizen": newBrowser(t)}
	status, _, _ := signInAs(t, visitors["citizen"], home.URL, "citizen", "citizen1.440000", p)
	require.Equal(t, http.StatusOK, status)
	for role := range roles {
		visitors[role] = staff(t, home.URL, role+".440000", p)
	}
	allowed, refused, forged := 0, 0, 0
	for _, route := range office.New(office.Deps{}).Routes {
		address := home.URL + concrete.Replace(route.Path)
		for name, b := range visitors {
			what := fmt.Sprintf("%s %s as %s", route.Method, route.Path, name)
			may := route.Access.Allows(&session.Person{Kind: session.Staff, Roles: roles[name]}) && roles[name] != nil
			switch outcome := visit(t, b, route.Method, address, what); {
			case may && route.Method == http.MethodPost: // without a token
				assert.Equal(t, "forged", outcome, what)
				forged++
			case may:
				assert.Equal(t, "let in", outcome, what)
				allowed++
			default:
				assert.Contains(t, []string{"refused", "sent to sign in"}, outcome, what)
				assert.True(t, name != "nobody" || route.Method == http.MethodPost || outcome == "sent to sign in", what)
				refused++
			}
		}
	}
	assert.NotZero(t, allowed)
	t.Logf("%d let in, %d refused, %d refused as forged", allowed, refused, forged)
}

// visit asks for a route and says what came of it.
func visit(t *testing.T, b *browser, method, address, what string) string {
	t.Helper()
	if method == http.MethodPost {
		status, body, _ := b.post(address, url.Values{})
		require.Equal(t, http.StatusForbidden, status, what)
		if strings.Contains(body, text.Of(text.Chinese, "shell.stale")) {
			return "forged"
		}
		return "refused"
	}
	status, _, at := b.get(address)
	require.Less(t, status, 500, what)
	switch {
	case at.Path == "/sign-in":
		return "sent to sign in"
	case status == http.StatusForbidden:
		return "refused"
	}
	return "let in"
}

func TestAnOfficerRevokes(t *testing.T) {
	w, p := offices(t)
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(3)
	w.Settle()
	b := staff(t, home.URL, "issuer.440000", p)
	page, action := home.URL+"/office/certificates/"+certificate.ID, "/office/certificates/"+certificate.ID+"/status"

	status, body, _ := b.get(home.URL + "/office/status?id=" + strings.Repeat("A", 43))
	assert.Equal(t, http.StatusNotFound, status)
	assert.Contains(t, body, text.Of(text.Chinese, "office.error.id"))
	status, _, at := b.get(home.URL + "/office/status?id=" + certificate.ID)
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, "/office/certificates/"+certificate.ID, at.Path)

	change := func(state, reason string) (int, string) {
		_, body, _ := b.get(page)
		asked := form(t, body, action)
		asked.Set("state", state)
		asked.Set("reason", reason)
		status, body, _ := b.post(home.URL+action, asked)
		if status != http.StatusOK {
			return status, body
		}
		assert.Contains(t, body, text.Of(text.Chinese, "office.confirm."+state))
		confirmed := form(t, body, action)
		status, body, _ = b.post(home.URL+action, confirmed)
		again, _, _ := b.post(home.URL+action, confirmed)
		assert.Equal(t, status, again, "a form sent twice acts once")
		return status, body
	}
	judged := func() string {
		w.Settle()
		return string(abroad.Verify(home.Present(certificate.ID, abroad, "n-"+time.Now().Format(time.RFC3339Nano))).Result)
	}
	status, _ = change("reinstated", "01")
	assert.Equal(t, http.StatusUnprocessableEntity, status, "nothing is suspended")
	status, body = change("suspended", "02")
	require.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, text.Of(text.Chinese, "office.reason.02"))
	assert.Equal(t, "suspended", judged())
	status, _ = change("reinstated", "01")
	require.Equal(t, http.StatusOK, status)
	require.Eventually(t, func() bool { return judged() == "valid" }, 10*time.Second, 50*time.Millisecond, "a suspension lasts a second at least")
	status, _ = change("revoked", "04")
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, "revoked", judged())
	_, body, _ = b.get(page)
	assert.NotContains(t, body, action, "an end is final")

	presented := home.Present(certificate.ID, abroad, "nonce")
	officer := staff(t, abroad.URL, "window.510000", p)
	_, body, _ = officer.sendFiles(abroad.URL+"/office/verify", "/office/verify", map[string]string{"useCause": "复核"},
		map[string]string{"a.sdjwt": presented.Presentation, "a.receipt.json": string(presented.Receipt)})
	assert.Contains(t, body, text.Of(text.Chinese, "verdict.result.revoked"))
}

var importLink = regexp.MustCompile(`href="(/office/imports/[^"]+/refused)"`)

func (b *browser) table(gateway string, table []byte) (status int, body string, at *url.URL) {
	b.t.Helper()
	action := "/office/imports/" + string(sample.TypeConstructor)
	_, page, _ := b.get(gateway + "/office/issue/" + string(sample.TypeConstructor))
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	require.NoError(b.t, w.WriteField("token", form(b.t, page, action).Get("token")))
	part, err := w.CreateFormFile("table", "table.csv")
	require.NoError(b.t, err)
	_, err = part.Write(table)
	require.NoError(b.t, err)
	require.NoError(b.t, w.Close())
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, gateway+action, &out)
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(r)
}

func TestAnOfficerIssuesATable(t *testing.T) {
	w, p := offices(t)
	home := w.Regions[0]
	a := home.Authority(sample.TypeConstructor)
	g, err := sample.New(9, a.Code, a.Name, a.Division)
	require.NoError(t, err)
	const rows, bad = 450, 3
	var records []sample.Record
	for n := range rows {
		r, err := g.On(time.Now()).Record(sample.TypeConstructor, n)
		require.NoError(t, err)
		if n%150 == 7 {
			r = r.With("certificateHolderCode", "999999190001010000")
		}
		records = append(records, r)
	}
	var table bytes.Buffer
	require.NoError(t, sample.WriteCSV(&table, records, sample.SpellingChinese))
	b := staff(t, home.URL, "issuer.440000", p)

	status, body, _ := b.table(home.URL, []byte("没有,的列\n1,2\n"))
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, "没有")
	before := home.Gateway.Vault().AuditCount()
	status, body, at := b.table(home.URL, table.Bytes())
	require.Equal(t, http.StatusOK, status, body)
	require.Eventually(t, func() bool {
		_, body, _ = b.get(at.String())
		return strings.Contains(body, text.Of(text.Chinese, "office.import.ended"))
	}, time.Minute, 20*time.Millisecond, "the page says how far it is")
	assert.Contains(t, body, fmt.Sprintf("<dd>%d</dd>", rows-bad))
	_, report, _ := b.get(home.URL + importLink.FindStringSubmatch(body)[1])
	assert.Equal(t, bad+1, strings.Count(report, "\r\n"), report)
	assert.NotContains(t, report, "999999190001010000", "a report repeats no value")
	_, issued, _ := b.get(at.String() + "/issued")
	assert.Equal(t, rows-bad+1, strings.Count(issued, "\r\n"))
	assert.Equal(t, before, home.Gateway.Vault().AuditCount())

	_, _, again := b.table(home.URL, table.Bytes())
	assert.Equal(t, at.Path, again.Path, "the same table is the same import")
	elsewhere := staff(t, w.Regions[1].URL, "issuer.510000", p)
	status, _, _ = elsewhere.get(w.Regions[1].URL + at.Path)
	assert.Equal(t, http.StatusNotFound, status)
	t.Logf("%d issued, %d refused", rows-bad, bad)
}

func TestAnAgreementIsProposedHereAndApprovedThere(t *testing.T) {
	w, p := offices(t)
	home, abroad := w.Regions[0], w.Regions[1]
	ours, theirs := staff(t, home.URL, "governor.440000", p), staff(t, abroad.URL, "governor.510000", p)

	_, body, _ := ours.get(home.URL + "/office/agreements/new")
	empty := form(t, body, "/office/agreements/new")
	status, body, _ := ours.post(home.URL+"/office/agreements/new", empty)
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.GreaterOrEqual(t, strings.Count(body, `class="field-error"`), 5)

	_, body, _ = ours.get(home.URL + "/office/agreements/new")
	terms := form(t, body, "/office/agreements/new")
	for name, values := range map[string][]string{"id": {"operation-permits"}, "version": {"1"}, "issuers": {home.Code, abroad.Code},
		"relying": {home.Code, abroad.Code}, "types": {string(sample.TypeOperation)}, "scenarios": {"特种作业人员跨省执业\r\n"},
		"disclose": {"certificateHolderName"}, "from": {time.Now().AddDate(0, 0, -1).Format(time.DateOnly)}} {
		terms[name] = values
	}
	status, body, at := ours.post(home.URL+"/office/agreements/new", terms)
	require.Equal(t, http.StatusOK, status, body)
	assert.Equal(t, "/office/agreements/operation-permits/1", at.Path)
	assert.NotContains(t, body, at.Path+"/approve", "proposing it was our consent")
	_, _, again := ours.post(home.URL+"/office/agreements/new", terms)
	assert.Equal(t, at.Path, again.Path)

	w.Settle()
	_, body, _ = theirs.get(abroad.URL + at.Path)
	assert.Contains(t, body, text.Of(text.Chinese, "office.approve.text"))
	approval := form(t, body, at.Path+"/approve")
	require.Len(t, approval.Get("digest"), 43)
	status, _, _ = theirs.post(abroad.URL+at.Path+"/approve", approval)
	assert.Equal(t, http.StatusUnprocessableEntity, status, "unread")
	approval.Set("read", "yes")
	other := url.Values{"token": approval["token"], "op": approval["op"], "read": {"yes"}, "digest": {strings.Repeat("A", 43)}}
	status, _, _ = theirs.post(abroad.URL+at.Path+"/approve", other)
	assert.GreaterOrEqual(t, status, 400, "other terms than those on the ledger")
	status, body, _ = theirs.post(abroad.URL+at.Path+"/approve", approval)
	require.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, text.Of(text.Chinese, "office.agreement.in_force"))
	_, body, _ = theirs.get(abroad.URL + "/office/agreements")
	assert.Contains(t, body, "特种作业人员跨省执业")

	w.Settle()
	_, body, _ = ours.get(home.URL + at.Path)
	end := form(t, body, at.Path+"/withdraw")
	end.Set("ends", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
	status, _, _ = ours.post(home.URL+at.Path+"/withdraw", end)
	assert.Equal(t, http.StatusUnprocessableEntity, status, "not confirmed")
	end.Set("sure", "yes")
	status, body, _ = ours.post(home.URL+at.Path+"/withdraw", end)
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, text.Of(text.Chinese, "office.agreement.withdrawn"))
}

func TestReceiptsAreFoundByTheirOffice(t *testing.T) {
	w, p := offices(t)
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(2)
	w.Settle()
	b := staff(t, abroad.URL, "issuer.510000", p)
	for n := range 3 {
		presented := home.Present(certificate.ID, abroad, fmt.Sprint("n", n))
		status, body, _ := b.sendFiles(abroad.URL+"/office/verify", "/office/verify", map[string]string{"useCause": gatewaytest.UseCause,
			"scenario": gatewaytest.Scenario, "caseNumber": fmt.Sprintf("2026-%d", n/2)},
			map[string]string{"a.sdjwt": presented.Presentation, "a.receipt.json": string(presented.Receipt)})
		require.Equal(t, http.StatusOK, status, body)
	}
	tenant := string(abroad.Authority(sample.TypeConstructor).Code)
	token := abroad.Grant(grantFor(tenant))
	var v api.Verification
	abroad.Client.As(token).Do(verifyRequest(home.Present(certificate.ID, abroad, "tenant"))).Require(http.StatusOK).JSON(&v)
	links := regexp.MustCompile(`href="(/office/receipts/[A-Za-z0-9_-]{22})"`)
	count := func(b *browser, query string) int {
		status, body, _ := b.get(abroad.URL + "/office/receipts" + query)
		require.Equal(t, http.StatusOK, status, body)
		return len(links.FindAllString(body, -1))
	}
	assert.Equal(t, 3, count(b, ""))
	assert.Equal(t, 2, count(b, "?case=2026-0"))
	assert.Equal(t, 0, count(b, "?case=2026-9"))
	assert.Equal(t, 0, count(b, "?from=2020-01-01&to=2020-02-01"))
	status, _, _ := b.get(abroad.URL + "/office/receipts?from=2020-01-01&to=2026-02-01")
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	auditor := staff(t, abroad.URL, "auditor.510000", p)
	assert.Equal(t, 4, count(auditor, ""), "an auditor sees what the office's integrators verified as well")
	status, _, _ = b.get(abroad.URL + "/office/receipts/" + v.ReceiptID)
	assert.Equal(t, http.StatusNotFound, status)
	status, _, _ = auditor.get(abroad.URL + "/office/receipts/" + v.ReceiptID)
	assert.Equal(t, http.StatusOK, status)
	other := staff(t, abroad.URL, "window.510000", p)
	assert.Equal(t, 0, count(other, ""), "another office's are not its")
	_, body, _ := b.get(abroad.URL + "/office/receipts")
	link := links.FindStringSubmatch(body)[1]
	status, _, _ = other.get(abroad.URL + link)
	assert.Equal(t, http.StatusNotFound, status)
	status, jws, _ := b.get(abroad.URL + link + "/jwt")
	require.Equal(t, http.StatusOK, status)
	assert.NotContains(t, jws, "2026-0")

	w.Settle()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, abroad.URL+"/office/receipts/export", nil)
	require.NoError(t, err)
	res, err := auditor.client.Do(r)
	require.NoError(t, err)
	data, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	lines := map[string]int{}
	for _, f := range archive.File {
		in, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(in)
		require.NoError(t, err)
		lines[f.Name] = strings.Count(string(content), "\n")
	}
	assert.Equal(t, map[string]int{"receipts.jsonl": 4, "index.csv": 5}, lines)
}

func TestAnOfficerRedeemsACode(t *testing.T) {
	w, p := offices(t)
	home, abroad := w.Regions[0], w.Regions[1]
	c := newCitizen(t, home, 1)
	w.Settle()
	b := staff(t, abroad.URL, "window.510000", p)
	short := c.short(c.code(t, nil))
	_, body, at := b.get(abroad.URL + "/office/verify")
	asked := form(t, body, "/office/verify")
	asked.Set("code", short)
	asked.Set("useCause", gatewaytest.UseCause)
	asked.Set("scenario", gatewaytest.Scenario)
	asked.Set("caseNumber", "2026-7")
	status, body, _ := b.post(at.String(), asked)
	require.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, text.Of(text.Chinese, "verdict.result.valid"))
	status, _, _ = b.post(at.String(), asked)
	assert.Equal(t, http.StatusOK, status, "a form sent twice uses the code once")
	asked.Set("op", strings.Repeat("B", 22))
	status, _, _ = b.post(at.String(), asked)
	assert.Equal(t, http.StatusUnprocessableEntity, status, "the code was used")
	_, body, _ = b.get(abroad.URL + "/office/receipts?case=2026-7")
	assert.Contains(t, body, "2026-7")

	_, body, _ = b.get(abroad.URL + "/office/bundle?scenario=" + url.QueryEscape(gatewaytest.Scenario))
	assert.Contains(t, body, "二级建造师注册证书")
	bundle := form(t, body, "/office/bundle")
	bundle.Set("useCause", gatewaytest.UseCause)
	bundle.Set("codes", c.short(c.code(t, nil)))
	status, body, _ = b.post(abroad.URL+"/office/bundle", bundle)
	require.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, text.Of(text.Chinese, "office.bundle.sum.complete"))
	bundle.Set("op", strings.Repeat("C", 22))
	bundle.Set("codes", short)
	_, body, _ = b.post(abroad.URL+"/office/bundle", bundle)
	assert.Contains(t, body, text.Of(text.Chinese, "office.bundle.sum.missing"))
}

func grantFor(uscc string) credentials.Grant {
	return credentials.Grant{Tenant: "审批系统", Authorities: []string{uscc}, Scopes: []credentials.Scope{credentials.ScopeVerify}}
}

func verifyRequest(r api.VerificationRequest) apitest.Request {
	return apitest.Request{Path: "/v1/verifications", Body: r}
}
