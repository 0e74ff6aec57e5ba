package gateway_test

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

var (
	caseReference = regexp.MustCompile(`YY44-\d{8}-[0-9A-HJKMNP-TV-Z]{6}`)
	disputeOp     = regexp.MustCompile(`name="op" value="([^"]+)"`)
)

// file fills in the form that leads from a page and gives the address of the draft.
func (s *story) file(t *testing.T, b *browser, form string, values url.Values) (address, body string) {
	t.Helper()
	status, page, _ := b.get(s.home.URL + form)
	require.Equal(t, http.StatusOK, status, page)
	values.Set("token", field(t, page, "token"))
	values.Set("op", disputeOp.FindStringSubmatch(page)[1])
	status, body, at := b.post(s.home.URL+"/citizen/disputes", values)
	require.Equal(t, http.StatusOK, status, body)
	require.Regexp(t, `^/citizen/disputes/[A-Za-z0-9_-]{22}$`, at.Path)
	_, _, again := b.post(s.home.URL+"/citizen/disputes", values)
	assert.Equal(t, at.String(), again.String(), "sent twice it is one draft")
	return at.String(), body
}

// statementsAlone requires that nothing has come onto the ledger from a block on but what gateways state of what they applied.
func (s *story) statementsAlone(t *testing.T, from uint64) {
	t.Helper()
	next := s.Blocks()
	if next == from {
		return
	}
	enough := errors.New("enough")
	err := s.Ledger().Blocks(t.Context(), from, func(b registry.Block) error {
		for _, tx := range b.Transactions {
			signed, err := registry.Parse(tx.Command)
			require.NoError(t, err)
			require.IsType(t, &registry.Witness{}, signed.Command, "something of it is on the ledger")
		}
		if b.Number+1 < next {
			return nil
		}
		return enough
	})
	require.ErrorIs(t, err, enough)
}

func (s *story) wrongName() url.Values {
	return url.Values{"certificate": {s.mine.ID}, "kind": {"field"}, "field": {gbt.FieldHolderName}, "wrong": {"名字少了一个字 <b>"}, "should": {"丁建欣欣"}}
}

func TestACitizenReportsAMistakeAndTheOfficeSeesIt(t *testing.T) {
	s := newStory(t)
	b := s.citizen(t, "citizen1.440000")
	blocks := s.Blocks()
	_, body, _ := b.get(s.home.URL + "/citizen/certificates/" + s.mine.ID)
	link := "/citizen/disputes/new?certificate=" + s.mine.ID
	assert.Contains(t, body, `href="`+link+`"`)
	address, body := s.file(t, b, link, s.wrongName())
	reference := caseReference.FindString(body)
	require.NotEmpty(t, reference)
	for _, words := range []string{"名字少了一个字 &lt;b&gt;", "丁建欣欣", "持证主体", zh("citizen.dispute.ledger")} {
		assert.Contains(t, body, words)
	}
	_, body, _ = b.get(s.home.URL + "/citizen/disputes")
	assert.Contains(t, body, reference)
	assert.Contains(t, body, zh("citizen.dispute.short.open"))

	officer := staff(t, s.home.URL, "issuer.440000", s.provider)
	_, body, _ = officer.get(s.home.URL + "/office")
	assert.Contains(t, body, zh("office.task.disputes"))
	_, body, _ = officer.get(s.home.URL + "/office/disputes")
	assert.Contains(t, body, reference)
	assert.NotContains(t, body, "名字少了一个字", "the list says what is about what, and no more")
	seen := s.home.URL + regexp.MustCompile(`/office/disputes/[\w-]{22}`).FindString(body)
	status, body, _ := officer.get(seen)
	require.Equal(t, http.StatusOK, status)
	for _, words := range []string{"名字少了一个字", "丁建欣欣", s.holder(t).name, "/office/certificates/" + s.mine.ID, zh("office.dispute.act.text")} {
		assert.Contains(t, body, words)
	}
	for account, of := range map[string]string{"window.440000": s.home.URL, "auditor.440000": s.home.URL} {
		other := staff(t, of, account, s.provider)
		for _, page := range []string{seen, s.home.URL + "/office/disputes"} {
			status, _, _ = other.get(page)
			assert.Equal(t, http.StatusForbidden, status, account)
		}
	}
	abroad := staff(t, s.abroad.URL, "issuer.510000", s.provider)
	_, body, _ = abroad.get(s.abroad.URL + "/office/disputes")
	assert.Contains(t, body, zh("office.disputes.none"), "each gateway keeps its own region's")
	status, _, _ = abroad.get(strings.Replace(seen, s.home.URL, s.abroad.URL, 1))
	assert.Equal(t, http.StatusNotFound, status)

	status, body, _ = b.fill(address+"/edit", address, url.Values{"kind": {"status"}, "field": {gbt.FieldHolderName}, "wrong": {"没有理由"}})
	require.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, "没有理由")
	assert.NotContains(t, body, "丁建欣欣")
	_, body, _ = officer.get(seen)
	assert.Contains(t, body, "没有理由")

	status, body, _ = b.fill(address, address+"/withdraw", url.Values{})
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, zh("citizen.dispute.state.withdrawn"))
	assert.NotContains(t, body, "/edit")
	status, _, _ = officer.get(seen)
	assert.Equal(t, http.StatusNotFound, status, "what is withdrawn is not the office's to read")
	_, body, _ = officer.get(s.home.URL + "/office/disputes")
	assert.NotContains(t, body, reference)
	status, _, _ = b.fill(address, address, url.Values{"kind": {"status"}, "wrong": {"又来"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status, "nor can it be changed")
	_, _, at := b.get(address + "/edit")
	assert.Equal(t, address, at.String())
	s.statementsAlone(t, blocks)
}

func TestACitizenReportsAUse(t *testing.T) {
	s, second, _ := severalStory(t)
	b := s.citizen(t, "citizen1.440000")
	_, live := s.makeSeveral(t, b, second.ID, false)
	status, _ := newBrowser(t).upload(s.abroad.URL, map[string]string{"code": short(t, live), "useCause": "查验"}, nil)
	require.Equal(t, http.StatusOK, status)
	_, body, _ := b.get(s.home.URL + "/citizen/uses")
	link := regexp.MustCompile(`/citizen/disputes/new\?use=\d+`).FindString(body)
	require.NotEmpty(t, link, body)
	seq := link[strings.Index(link, "=")+1:]
	_, page, _ := b.get(s.home.URL + link)
	assert.Contains(t, page, `<select id="certificate"`, "several were shown")
	_, body = s.file(t, b, link, url.Values{"use": {seq}, "certificate": {second.ID}, "kind": {"use"}, "wrong": {"那天我不在四川"}})
	for _, words := range []string{"那天我不在四川", "公共核验", "建筑施工特种作业人员操作资格证书"} {
		assert.Contains(t, body, words)
	}
	officer := staff(t, s.home.URL, "issuer.440000", s.provider)
	_, body, _ = officer.get(s.home.URL + "/office/disputes")
	_, body, _ = officer.get(s.home.URL + regexp.MustCompile(`/office/disputes/[\w-]{22}`).FindString(body))
	for _, words := range []string{"那天我不在四川", "四川", "公共核验", both} {
		assert.Contains(t, body, words)
	}
	token := field(t, page, "token")
	for name, v := range map[string]url.Values{
		"a use that is not there":   {"use": {"99"}, "certificate": {second.ID}},
		"no number":                 {"use": {"x"}, "certificate": {second.ID}},
		"the largest number":        {"use": {"18446744073709551615"}, "certificate": {second.ID}},
		"a certificate beside it":   {"use": {seq}, "certificate": {s.other.ID}},
		"another's certificate":     {"certificate": {s.other.ID}},
		"no certificate":            {},
		"an id that is none":        {"certificate": {"x"}},
		"another's use, by nothing": {"use": {"-1"}},
	} {
		v.Set("token", token)
		v.Set("kind", "use")
		v.Set("wrong", "x")
		status, _, _ := b.post(s.home.URL+"/citizen/disputes", v)
		assert.Equal(t, http.StatusNotFound, status, name)
	}
	other := s.citizen(t, "citizen2.440000")
	status, _, _ = other.get(s.home.URL + link)
	assert.Equal(t, http.StatusNotFound, status, "another's use")
}

func TestADraftThatMakesNoSenseIsRefused(t *testing.T) {
	s := newStory(t)
	b := s.citizen(t, "citizen1.440000")
	form := s.home.URL + "/citizen/disputes/new?certificate=" + s.mine.ID
	for name, c := range map[string]struct {
		change func(v url.Values)
		key    string
	}{
		"no kind":      {func(v url.Values) { v.Del("kind") }, "citizen.error.dispute.kind"},
		"unknown kind": {func(v url.Values) { v.Set("kind", "x") }, "citizen.error.dispute.kind"},
		"of a use":     {func(v url.Values) { v.Set("kind", "use") }, "citizen.error.dispute.kind"},
		"no field":     {func(v url.Values) { v.Del("field") }, "citizen.error.dispute.field"},
		"other field":  {func(v url.Values) { v.Set("field", "noSuchField") }, "citizen.error.dispute.field"},
		"no words":     {func(v url.Values) { v.Set("wrong", " \n") }, "citizen.error.dispute.text"},
		"too long":     {func(v url.Values) { v.Set("wrong", strings.Repeat("长", 1001)) }, "citizen.error.dispute.text"},
		"no text":      {func(v url.Values) { v.Set("should", "a\x00") }, "citizen.error.dispute.text"},
	} {
		v := s.wrongName()
		c.change(v)
		status, body, _ := b.fill(form, s.home.URL+"/citizen/disputes", v)
		assert.Equal(t, http.StatusUnprocessableEntity, status, name)
		assert.Contains(t, body, zh(c.key), name)
	}
	status, _, _ := b.post(s.home.URL+"/citizen/disputes", s.wrongName())
	assert.Equal(t, http.StatusForbidden, status, "a form without its token is another site's")
	_, body, _ := b.get(s.home.URL + "/citizen/disputes")
	assert.Contains(t, body, zh("citizen.disputes.none"))
}

func TestAnotherCitizensDraftIsNotThere(t *testing.T) {
	s := newStory(t)
	b, other := s.citizen(t, "citizen1.440000"), s.citizen(t, "citizen2.440000")
	address, _ := s.file(t, b, "/citizen/disputes/new?certificate="+s.mine.ID, s.wrongName())
	for _, page := range []string{address, address + "/edit", s.home.URL + "/citizen/disputes/new?certificate=" + s.mine.ID, s.home.URL + "/citizen/disputes/x"} {
		status, _, _ := other.get(page)
		assert.Equal(t, http.StatusNotFound, status, page)
	}
	for _, page := range []string{address, address + "/withdraw"} {
		status, _, _ := other.fill(s.home.URL+"/citizen", page, url.Values{"kind": {"status"}, "wrong": {"x"}})
		assert.Equal(t, http.StatusNotFound, status, page)
	}
	_, body, _ := other.get(s.home.URL + "/citizen/disputes")
	assert.Contains(t, body, zh("citizen.disputes.none"))
	_, _, at := newBrowser(t).get(address)
	assert.Equal(t, "/sign-in", at.Path)
	_, body, _ = b.get(address)
	assert.Contains(t, body, zh("citizen.dispute.state.open"))

	erase := s.home.URL + "/citizen/delete"
	officer := staff(t, s.home.URL, "issuer.440000", s.provider)
	_, body, _ = officer.get(s.home.URL + "/office/disputes")
	require.Regexp(t, caseReference, body)
	status, _, _ := b.fill(erase, erase, url.Values{"understood": {"yes"}, "sure": {"yes"}})
	require.Equal(t, http.StatusOK, status)
	_, body, _ = officer.get(s.home.URL + "/office/disputes")
	assert.Contains(t, body, zh("office.disputes.none"), "an erased citizen's draft is gone")
}
