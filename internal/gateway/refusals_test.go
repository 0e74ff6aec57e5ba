package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/demoidp"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/refusal"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/internal/throttle"
)

// refusedAt lists what is on record of an account, the newest first.
func refusedAt(t *testing.T, r *gatewaytest.Region, account string) []*custody.Refusal {
	t.Helper()
	now := time.Now().Unix()
	list, err := r.Gateway.Vault().FindRefusals([]string{account}, now-24*60*60, now+24*60*60, 0, 10_000)
	require.NoError(t, err)
	return list
}

func officeAccount(r *gatewaytest.Region, at int) string {
	return "office " + string(r.Authorities[at].Code)
}

// refusingWorld is one whose first gateway's clock can be put ahead, and which bears few wrong attempts.
func refusingWorld(t *testing.T) (w *gatewaytest.World, p *demoidp.Provider, ahead *atomic.Int64) {
	t.Helper()
	p, ahead = provider(t), &atomic.Int64{}
	config := p.SignIn()
	return gatewaytest.Found(t, gatewaytest.Options{
		Pages: &gateway.Pages{SignIn: &config, Public: api.Rate{PerSecond: 0.001, Burst: 3}},
		API:   func(cfg *api.Config) { cfg.Credential = throttle.Rate{PerSecond: 100, Burst: 100} },
		Clock: func(region string) func() time.Time {
			if region != gatewaytest.Guangdong {
				return nil
			}
			return func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		}}), p, ahead
}

// TestEveryRefusalIsOnRecord refuses a request for each reason there is, and finds the record of each.
func TestEveryRefusalIsOnRecord(t *testing.T) {
	w, p, ahead := refusingWorld(t)
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(1)
	w.Settle()
	window, issuer, citizen := staff(t, home.URL, "window.440000", p), staff(t, home.URL, "issuer.440000", p), newBrowser(t)
	status, _, _ := signInAs(t, citizen, home.URL, "citizen", "citizen1.440000", p)
	require.Equal(t, http.StatusOK, status)
	atWindow, atIssue := officeAccount(home, 2), officeAccount(home, 0)
	key := func(scopes ...credentials.Scope) (client *apitest.Client, id string) {
		token, made, err := home.Gateway.Credentials().Add(credentials.Grant{Tenant: "应用", Authorities: []string{string(home.Authorities[2].Code)}, Scopes: scopes})
		require.NoError(t, err)
		return home.Client.As(token), made.ID
	}
	reader, readerID := key(credentials.ScopeIssue)
	seen := map[custody.RefusalReason]int{}

	for _, try := range []struct {
		name    string
		do      func() int
		status  int
		account string
		want    custody.Refusal
	}{
		{"a role that is missing", func() int { s, _, _ := window.get(home.URL + "/office/agreements"); return s }, 403, atWindow,
			custody.Refusal{Caller: custody.CallerStaff, Route: "GET /office/agreements", Reason: custody.RefusedAccess}},
		{"a form of nobody", func() int { s, _, _ := newBrowser(t).post(home.URL+"/office/verify", url.Values{}); return s }, 403, "",
			custody.Refusal{Caller: custody.CallerNobody, Route: "POST /office/verify", Reason: custody.RefusedAccess}},
		{"a citizen at an office's page", func() int { s, _, _ := citizen.get(home.URL + "/office"); return s }, 403, "",
			custody.Refusal{Caller: custody.CallerCitizen, Route: "GET /office", Reason: custody.RefusedAccess}},
		{"another citizen's certificate", func() int { s, _, _ := citizen.get(home.URL + "/citizen/codes/" + strings.Repeat("A", 22)); return s }, 404, "",
			custody.Refusal{Caller: custody.CallerCitizen, Route: "GET /citizen/codes/{id}", Reason: custody.RefusedOwner}},
		{"another office's certificate", func() int {
			s, _, _ := issuer.get(home.URL + "/office/certificates/" + strings.Repeat("A", 43))
			return s
		}, 404, atIssue, custody.Refusal{Caller: custody.CallerStaff, Route: "GET /office/certificates/{id}", Reason: custody.RefusedOwner}},
		{"a form without its token", func() int { s, _, _ := window.post(home.URL+"/office/verify", url.Values{}); return s }, 403, atWindow,
			custody.Refusal{Caller: custody.CallerStaff, Route: "POST /office/verify", Reason: custody.RefusedToken}},
		{"a form of another site", func() int { return crossOrigin(t, window, home.URL+"/office/verify") }, 403, atWindow,
			custody.Refusal{Caller: custody.CallerStaff, Route: "POST /office/verify", Reason: custody.RefusedCrossOrigin}},
		{"a sign-in that nobody began", func() int { s, _, _ := newBrowser(t).get(home.URL + "/sign-in/callback?code=x&state=y"); return s }, 403, "",
			custody.Refusal{Caller: custody.CallerNobody, Route: "GET /sign-in/callback", Reason: custody.RefusedSignIn, Code: "expired"}},
		{"no API key", func() int { return home.Client.As("").Get("/v1/certificates/" + certificate.ID).Status }, 401, "",
			custody.Refusal{Caller: custody.CallerNobody, Route: "GET /v1/certificates/:id", Reason: custody.RefusedCredential, Code: "UNAUTHENTICATED"}},
		{"an API key without the scope", func() int { return reader.Get("/v1/receipts/" + strings.Repeat("A", 22)).Status }, 403, readerID,
			custody.Refusal{Caller: custody.CallerKey, ID: readerID, Route: "GET /v1/receipts/:id", Reason: custody.RefusedScope, Code: "FORBIDDEN"}},
		{"another authority's certificate by the API", func() int { return reader.Get("/v1/certificates/" + certificate.ID).Status }, 404, readerID,
			custody.Refusal{Caller: custody.CallerKey, ID: readerID, Route: "GET /v1/certificates/:id", Reason: custody.RefusedOwner, Code: "NOT_FOUND"}},
		{"a code that cannot be used", func() int {
			s, _, _ := window.submit(home.URL+"/office/verify", "/office/verify", map[string]string{"useCause": "核对", "code": unknownCode(t, home)})
			return s
		}, 422, atWindow, custody.Refusal{Caller: custody.CallerStaff, Route: "POST /office/verify", Reason: custody.RefusedCode, Code: "PROOF_CODE_UNUSABLE"}},
		{"a code that cannot be used, by everybody", func() int {
			s, _, _ := newBrowser(t).submit(home.URL+"/", "/verify", map[string]string{"useCause": "核对", "code": unknownCode(t, home)})
			return s
		}, 422, "", custody.Refusal{Caller: custody.CallerNobody, Route: "POST /verify", Reason: custody.RefusedCode, Code: "PROOF_CODE_UNUSABLE"}},
		{"too often", func() int {
			b, s := newBrowser(t), 0
			for range 3 {
				s, _, _ = b.submit(home.URL+"/", "/verify", map[string]string{"useCause": "核对", "code": unknownCode(t, home)})
			}
			return s
		}, 429, "", custody.Refusal{Caller: custody.CallerNobody, Route: "POST /verify", Reason: custody.RefusedRate}},
		{"a session that has ended", func() int {
			ahead.Store(int64(16 * time.Minute))
			s, _, at := window.get(home.URL + "/office/verify")
			require.Equal(t, "/sign-in", at.Path)
			return s
		}, 200, "", custody.Refusal{Caller: custody.CallerNobody, Route: "GET /office/verify", Reason: custody.RefusedSession}},
	} {
		before := home.Gateway.Vault().AuditCount()
		require.Equal(t, try.status, try.do(), try.name)
		assert.Greater(t, home.Gateway.Vault().AuditCount(), before, "%s: on record when the answer is there", try.name)
		if try.want.Caller == custody.CallerStaff {
			account := map[string]string{atWindow: "window.440000", atIssue: "issuer.440000"}[try.account]
			try.want.ID = home.Gateway.Vault().StaffID(p.URL, account)
		}
		try.want.Account = try.account
		assert.True(t, has(refusedAt(t, home, try.account), &try.want), "%s: %s", try.name, dump(refusedAt(t, home, try.account)))
		seen[try.want.Reason]++
	}
	redeemed := abroad.Client.Do(apitest.Request{Path: "/v1/codes/redemptions", Key: operation(), Body: api.RedemptionRequest{Code: unknownCode(t, home)}})
	require.Equal(t, http.StatusNotFound, redeemed.Status)
	assert.True(t, has(refusedAt(t, home, ""), &custody.Refusal{Caller: custody.CallerRegion, ID: abroad.Code, Route: "POST /peer/v1/redeem",
		Reason: custody.RefusedCode, Code: "PROOF_CODE_UNUSABLE"}), "at the code's home: %s", dump(refusedAt(t, home, "")))
	t.Logf("refusals on record by reason: %v", seen)

	findings, err := home.Gateway.Vault().Check(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, findings)
}

// has reports whether one of a list says what want does, and once.
func has(list []*custody.Refusal, want *custody.Refusal) bool {
	for _, r := range list {
		c := *r
		c.Seq, c.Time, c.Until, c.Count = 0, 0, 0, 0
		if c == *want && r.Count == 1 {
			return true
		}
	}
	return false
}

func dump(list []*custody.Refusal) string {
	var b strings.Builder
	for _, r := range list {
		_, _ = fmt.Fprintf(&b, "\n%+v", *r)
	}
	return b.String()
}

// unknownCode is a short code of a region that nobody has.
func unknownCode(t *testing.T, r *gatewaytest.Region) string {
	t.Helper()
	c := newCitizen(t, r, 9)
	return unknownShort(t, c.short(c.code(t, nil)))
}

func crossOrigin(t *testing.T, b *browser, address string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(""))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	status, _, _ := b.do(r)
	return status
}

// TestAnAuditorReadsRefusalsAndNobodyElse holds the list against the list of verdicts, and offices apart.
func TestAnAuditorReadsRefusalsAndNobodyElse(t *testing.T) {
	w, p, _ := refusingWorld(t)
	home := w.Regions[0]
	issuer, window := staff(t, home.URL, "issuer.440000", p), staff(t, home.URL, "window.440000", p)
	_, _, _ = issuer.get(home.URL + "/office/agreements")
	_, _, _ = window.get(home.URL + "/office/issue")
	auditor := staff(t, home.URL, "auditor.440000", p) // of the issuer's office
	status, body, _ := auditor.get(home.URL + "/office/refusals")
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, "GET /office/agreements")
	assert.Contains(t, body, home.Gateway.Vault().StaffID(p.URL, "issuer.440000"))
	assert.NotContains(t, body, "GET /office/issue", "another office's")
	assert.NotContains(t, body, "issuer.440000")
	_, body, _ = auditor.get(home.URL + "/office/receipts")
	assert.NotContains(t, body, "/office/agreements", "verdicts alone")
	status, _, _ = auditor.get(home.URL + "/office/refusals?from=2026-02-30")
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	status, _, _ = issuer.get(home.URL + "/office/refusals")
	assert.Equal(t, http.StatusForbidden, status)
}

// TestAFloodOfRefusalsStaysBounded asks every page of nobody's, thousands of times.
func TestAFloodOfRefusalsStaysBounded(t *testing.T) {
	w, _, ahead := refusingWorld(t)
	home := w.Regions[0]
	before := home.Gateway.Vault().AuditCount()
	const asked = 2400
	var done atomic.Int64
	work := make(chan string)
	for range 8 {
		go func() {
			for address := range work {
				r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, address, http.NoBody)
				if res, err := http.DefaultClient.Do(r); err == nil {
					_ = res.Body.Close()
					done.Add(1)
				}
			}
		}()
	}
	for n := range asked {
		work <- home.URL + []string{"/office/verify", "/office/bundle", "/v1/certificates", "/v1/status", "/sign-out", "/citizen/codes/x/cancel",
			"/office/issue/" + string(sample.TypeConstructor), "/office/agreements/new"}[n%8]
	}
	close(work)
	require.Eventually(t, func() bool { return done.Load() == asked }, 20*time.Second, 5*time.Millisecond)
	ahead.Store(int64(refusal.Window))
	_, _, _ = newBrowser(t).post(home.URL+"/office/verify", url.Values{}) // the next minute's first: the sums go with it
	records := home.Gateway.Vault().AuditCount() - before
	var counted uint64
	for _, r := range refusedAt(t, home, "") {
		counted += r.Count
	}
	assert.EqualValues(t, asked+1, counted)
	assert.LessOrEqual(t, records, uint64(2*refusal.MostOfCaller()), "of two minutes at most")
	t.Logf("%d refused requests became %d records", asked+1, records)
}
