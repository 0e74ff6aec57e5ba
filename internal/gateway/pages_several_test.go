package gateway_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// both is what an agreement recognises both types for.
const both = "进入施工现场"

// severalStory is a story in which the citizen holds another certificate of another type, good until the last day of a year.
func severalStory(t *testing.T) (s *story, second api.IssuedCertificate, last string) {
	t.Helper()
	s = newStory(t)
	today := time.Now()
	first := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC).AddDate(0, 0, -1)
	end := time.Date(today.Year()+1, 12, 31, 0, 0, 0, 0, time.UTC)
	request := s.home.AlsoHeld(sample.TypeOperation, 0, 0)
	request.ValidFrom, request.ValidUntil = gbt.PeriodOf(first, end)
	second = s.home.Issue("second-certificate", request)[0]
	var parties []string
	for _, r := range s.Regions {
		parties = append(parties, r.Code)
	}
	s.Agree(api.AgreementProposal{ID: "site-access", Version: 1, Issuers: parties, Relying: parties, Scenarios: []string{both},
		Types: []string{string(sample.TypeConstructor), string(sample.TypeOperation)}, Conditions: api.Conditions{Disclose: []string{gbt.FieldHolderName}},
		From: time.Now().Add(-time.Hour).Unix()})
	s.Settle()
	return s, second, end.Format(time.DateOnly)
}

// makeSeveral walks all the steps for both certificates. It begins with none chosen, or with the first and adds the other.
func (s *story) makeSeveral(t *testing.T, b *browser, second string, adds bool) (address, body string) {
	t.Helper()
	begin := url.Values{}
	steps := []string{"which", "what", "to", "why", "life", "confirm"}
	if adds {
		begin.Set("certificate", s.mine.ID)
		steps = append([]string{"what"}, steps...)
	}
	status, body, at := b.fill(s.home.URL+"/citizen", s.home.URL+"/citizen/codes/new", begin)
	require.Equal(t, http.StatusOK, status, body)
	values := map[string]url.Values{"which": {"certificate": {s.mine.ID, second}}, "to": {"to": {"any"}},
		"what": {"field-" + s.mine.ID: {gbt.FieldHolderName, gbt.FieldHolderCode}, "field-" + second: {gbt.FieldHolderName, "age_over_60", "operationCategory"}},
		"why":  {"scenario": {both}, "useCause": {"进场登记"}}, "life": {"life": {"600"}, "uses": {"2"}}, "confirm": {}}
	for i, step := range steps {
		require.Equal(t, step, path.Base(at.Path))
		v := values[step]
		if adds && i == 0 {
			v = url.Values{"field-" + s.mine.ID: {gbt.FieldHolderName, gbt.FieldHolderCode}, "more": {"yes"}}
		}
		if step == "confirm" {
			assert.Contains(t, body, "建筑施工特种作业人员操作资格证书")
			assert.Contains(t, body, zh("verdict.predicate.age", "60"))
		}
		v.Set("token", field(t, body, "token"))
		status, body, at = b.post(at.String(), v)
		require.Equal(t, http.StatusOK, status, body)
	}
	require.Regexp(t, `^/citizen/codes/[A-Za-z0-9_-]{22}$`, at.Path)
	return at.String(), body
}

func TestOneCodeShowsSeveralCertificates(t *testing.T) {
	s, second, last := severalStory(t)
	b := s.citizen(t, "citizen1.440000")
	_, body, _ := b.get(s.home.URL + "/citizen")
	assert.Contains(t, body, zh("citizen.several"))
	assert.Contains(t, body, last, "the last day is the last day, for its holder")

	address, live := s.makeSeveral(t, b, second.ID, false)
	stranger := newBrowser(t)
	status, told := stranger.upload(s.abroad.URL, map[string]string{"code": short(t, live), "useCause": "查验"}, nil)
	require.Equal(t, http.StatusOK, status, told)
	assert.Contains(t, told, `<h1 id="verdict">有效</h1>`)
	assert.Contains(t, told, zh("verdict.sum", 2, zh("verdict.sum.of", 2, "有效")))
	for _, words := range []string{"二级建造师注册证书", "建筑施工特种作业人员操作资格证书", "操作类别", zh("verdict.predicate.age", "60"), last, both} {
		assert.Contains(t, told, words)
	}
	assert.Contains(t, told, zh("public.about.withheld")+"</dt><dd>持证主体代码</dd>", "what is graded important is named")
	holder := s.holder(t)
	assert.NotContains(t, told, holder.code, "and not told")
	assert.NotContains(t, told, holder.name)
	assert.Len(t, receiptLink.FindAllString(told, -1), 2, "a receipt for each")

	officer := staff(t, s.abroad.URL, "window.510000", s.provider)
	_, body, at := officer.get(s.abroad.URL + "/office/verify")
	asked := form(t, body, "/office/verify")
	asked.Set("code", short(t, live))
	asked.Set("useCause", "进场登记")
	status, body, _ = officer.post(at.String(), asked)
	require.Equal(t, http.StatusOK, status)
	for _, words := range []string{zh("verdict.sum", 2, zh("verdict.sum.of", 2, "有效")), zh("verdict.predicate.age", "60"), holder.code, last} {
		assert.Contains(t, body, words)
	}
	end, err := gbt.ParseDate(last)
	require.NoError(t, err)
	for _, page := range []string{told, body} {
		assert.NotContains(t, page, end.AddDate(0, 0, 1).Format(time.DateOnly), "nor a day late")
	}

	_, body, _ = b.get(address)
	assert.Contains(t, body, zh("citizen.code.state.used_up"))
	assert.Contains(t, body, "建筑施工特种作业人员操作资格证书（")
}

// TestOneOfSeveralFails holds that each certificate has its own verdict, and that the first that is not valid decides.
func TestOneOfSeveralFails(t *testing.T) {
	s, second, _ := severalStory(t)
	b := s.citizen(t, "citizen1.440000")
	_, live := s.makeSeveral(t, b, second.ID, true)
	s.home.SetStatus("revoke-mine", api.StatusEntry{Certificate: s.mine.ID, State: "revoked", Reason: "04"})
	s.Settle()
	status, told := newBrowser(t).upload(s.abroad.URL, map[string]string{"code": short(t, live), "useCause": "查验"}, nil)
	require.Equal(t, http.StatusOK, status, told)
	assert.Contains(t, told, `<h1 id="verdict">已撤销</h1>`)
	assert.Contains(t, told, zh("verdict.sum.of", 1, "已撤销"))
	assert.Contains(t, told, zh("verdict.sum.of", 1, "有效"))
	_, body, _ := b.get(s.home.URL + "/citizen/uses")
	assert.Contains(t, body, zh("verdict.sum.of", 1, "已撤销"))
	assert.NotContains(t, body, zh("citizen.several"), "one is left to show")
}

func TestChoosingSeveralRefusesWhatMakesNoSense(t *testing.T) {
	s, second, _ := severalStory(t)
	b := s.citizen(t, "citizen1.440000")
	_, body, at := b.fill(s.home.URL+"/citizen", s.home.URL+"/citizen/codes/new", url.Values{})
	require.Equal(t, "which", path.Base(at.Path))
	base, token := strings.TrimSuffix(at.String(), "which"), url.Values{"token": {field(t, body, "token")}}
	for _, step := range []string{"what", "to", "why", "life", "confirm"} {
		_, _, at := b.get(base + step)
		assert.Equal(t, "which", path.Base(at.Path), "nothing comes before the choice: %s", step)
		status, _, _ := b.post(base+step, token)
		assert.Equal(t, http.StatusNotFound, status, step)
	}
	for _, ids := range [][]string{nil, {"x"}, {s.other.ID}} {
		status, body, _ := b.post(base+"which", url.Values{"token": token["token"], "certificate": ids})
		assert.Equal(t, http.StatusUnprocessableEntity, status)
		assert.Contains(t, body, zh("citizen.error.certificates"))
	}
	_, _, at = b.post(base+"which", url.Values{"token": token["token"], "certificate": {s.mine.ID, second.ID, s.other.ID}})
	require.Equal(t, "what", path.Base(at.Path))
	status, body, _ := b.post(base+"what", url.Values{"token": token["token"], "field-" + s.mine.ID: {gbt.FieldHolderName}, "field-" + s.other.ID: {gbt.FieldHolderName}})
	assert.Equal(t, http.StatusUnprocessableEntity, status, "of each something")
	assert.Contains(t, body, `<a href="#fields-`+second.ID+`">建筑施工特种作业人员操作资格证书：`+zh("citizen.error.fields"))
	assert.NotContains(t, body, `id="fields-`+s.other.ID, "another's is not among them")
	other := s.citizen(t, "citizen2.440000")
	status, _, _ = other.fill(s.home.URL+"/citizen", s.home.URL+"/citizen/codes/new", url.Values{})
	assert.Equal(t, http.StatusNotFound, status, "who has one has nothing to choose")
}

type person struct{ name, code string }

// holder is whom the first constructor's certificate names.
func (s *story) holder(t *testing.T) person {
	t.Helper()
	for _, p := range s.provider.People() {
		if p.Account == "citizen1.440000" {
			return person{p.Name, p.Code}
		}
	}
	require.Fail(t, "nobody")
	return person{}
}
