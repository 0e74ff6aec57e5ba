package api_test

import (
	"bytes"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
)

const canary = "张三丰99999919900101001X"

func TestBodiesThatAreRefused(t *testing.T) {
	g := newGateway(t)
	good := `{"presentation":"a~","useCause":"办事","scenario":"事项"}`
	for name, c := range map[string]struct {
		body, code, pointer string
	}{
		"empty":                {"", "JSON_SYNTAX", ""},
		"truncated":            {good[:20], "JSON_SYNTAX", ""},
		"trailing":             {good + "{}", "JSON_TRAILING_BYTES", ""},
		"duplicate":            {strings.Replace(good, "{", `{"useCause":"`+canary+`",`, 1), "JSON_DUPLICATE_MEMBER", ""},
		"nested duplicate":     {strings.Replace(good, "{", `{"receipt":{"a":1,"a":2},`, 1), "JSON_DUPLICATE_MEMBER", ""},
		"deep":                 {strings.Repeat(`{"receipt":`, 100) + "1" + strings.Repeat("}", 100), "JSON_TOO_DEEP", ""},
		"not UTF-8":            {strings.Replace(good, "办事", "\xff", 1), "JSON_NOT_UTF8", ""},
		"unknown member":       {strings.Replace(good, "{", `{"`+canary+`":1,`, 1), "JSON_UNKNOWN_MEMBER", ""},
		"other case":           {strings.Replace(good, "useCause", "UseCause", 1), "JSON_UNKNOWN_MEMBER", ""},
		"wrong type":           {strings.Replace(good, `"办事"`, "1", 1), "JSON_WRONG_TYPE", "/useCause"},
		"null":                 {strings.Replace(good, `"a~"`, "null", 1), "JSON_WRONG_TYPE", "/presentation"},
		"an array":             {"[" + good + "]", "JSON_WRONG_TYPE", ""},
		"no presentation":      {`{"useCause":"办事","scenario":"事项"}`, "JSON_MISSING_MEMBER", "/presentation"},
		"no purpose":           {`{"presentation":"a~","scenario":"事项"}`, "PURPOSE_MISSING", "/useCause"},
		"empty purpose":        {strings.Replace(good, "办事", "", 1), "PURPOSE_MISSING", "/useCause"},
		"long purpose":         {strings.Replace(good, "办事", strings.Repeat("办", 201), 1), "PURPOSE_TOO_LONG", "/useCause"},
		"no scenario":          {`{"presentation":"a~","useCause":"办事"}`, "SCENARIO_MISSING", "/scenario"},
		"receipt of no object": {strings.Replace(good, "{", `{"receipt":"`+canary+`",`, 1), "JSON_WRONG_TYPE", "/receipt"},
		"age out of range":     {strings.Replace(good, "{", `{"maxAgeSeconds":-1,`, 1), "FIELD_INVALID", "/maxAgeSeconds"},
		"age no integer":       {strings.Replace(good, "{", `{"maxAgeSeconds":1.5,`, 1), "JSON_WRONG_TYPE", "/maxAgeSeconds"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := g.For(t).Do(apitest.Request{Method: http.MethodPost, Path: "/v1/verifications", Body: c.body})
			p := answer.Refused(400, c.code)
			assert.NotContains(t, string(answer.Body), canary, "a problem never repeats what was sent")
			if c.pointer != "" {
				require.NotEmpty(t, p.Errors)
				assert.Equal(t, c.pointer, p.Errors[0].Pointer)
			}
		})
	}
	assert.Empty(t, g.region.seen, "no refused request reached the verifier")
	assert.NotContains(t, g.log.String(), canary)
	g.Do(apitest.Request{Method: http.MethodPost, Path: "/v1/verifications", Body: good}).Require(200)
	g.Do(apitest.Request{Method: http.MethodPost, Path: "/v1/verifications", Body: strings.Replace(good, "办事", strings.Repeat("办", 200), 1)}).Require(200)
}

func TestEveryPlaceThatIsWrongIsNamed(t *testing.T) {
	g := newGateway(t)
	p := g.Do(apitest.Request{Path: "/v1/certificates", Key: "issue-0001", Body: map[string]any{"certificates": []any{
		map[string]any{"authority": "x", "type": aType, "typeVersion": 0, "fields": map[string]any{}},
		map[string]any{"authority": ours, "type": aType, "typeVersion": 1, "fields": map[string]any{"a": 1}},
		map[string]any{"type": aType, "typeVersion": 1, "fields": map[string]any{"a": 1}},
	}}}).Refused(400, p400)
	pointers := map[string]bool{}
	for _, e := range p.Errors {
		pointers[e.Pointer] = true
	}
	assert.Equal(t, map[string]bool{
		"/certificates/0/authority": true, "/certificates/0/typeVersion": true, "/certificates/0/fields": true, "/certificates/2/authority": true,
	}, pointers)
}

const p400 = "FIELD_INVALID"

func TestLimitsOnItems(t *testing.T) {
	g := newGateway(t)
	one := issueOne(ours)["certificates"].([]any)[0]
	many := func(n int) map[string]any {
		list := make([]any, n)
		for i := range list {
			list[i] = one
		}
		return map[string]any{"certificates": list}
	}
	var issued api.IssueResponse
	g.Do(apitest.Request{Path: "/v1/certificates", Key: "issue-1000", Body: many(1000)}).Require(201).JSON(&issued)
	assert.Len(t, issued.Certificates, 1000)
	g.Do(apitest.Request{Path: "/v1/certificates", Key: "issue-1001", Body: many(1001)}).Refused(400, p400)
	g.Do(apitest.Request{Path: "/v1/certificates", Key: "issue-0000", Body: many(0)}).Refused(400, p400)
}

func TestBodyLimits(t *testing.T) {
	g := newGateway(t)
	large := `{"presentation":"` + strings.Repeat("a", 131072) + `"}`
	g.Do(apitest.Request{Path: "/v1/verifications", Body: large}).Refused(413, "BODY_TOO_LARGE")
	// Without an announced length the limit bites while reading.
	g.Do(apitest.Request{Path: "/v1/verifications", Body: io.MultiReader(strings.NewReader(large))}).Refused(413, "BODY_TOO_LARGE")
	prepare(t, g)
	api.SetBodyLimit(g.server, "addDatasetVersion", 1<<20)
	endless := &repeat{text: "440000,广东省\n"}
	g.Do(apitest.Request{Path: "/v1/datasets/gbt-2260/versions", Key: "version-1", Type: "text/csv", Body: endless}).Refused(413, "BODY_TOO_LARGE")
}

// repeat reads the same text for ever.
type repeat struct {
	text string
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	for n < len(p) {
		n += copy(p[n:], r.text)
	}
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

func TestContentTypes(t *testing.T) {
	g := newGateway(t)
	for _, mediaType := range []string{"text/plain", "application/xml", "nonsense;;", "multipart/form-data; boundary=x"} {
		g.Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne(), Type: mediaType}).Refused(415, "CONTENT_TYPE")
	}
	g.Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne(), Type: "application/json; charset=utf-8"}).Require(200)
	g.Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne(), Header: map[string]string{"Content-Encoding": "gzip"}}).Refused(415, "CONTENT_TYPE")
}

func TestParametersThatAreRefused(t *testing.T) {
	g := newGateway(t)
	table := examples(t, g)
	without := table["issueCertificates"].Request
	without.Key = ""
	p := g.Do(without).Refused(400, "IDEMPOTENCY_KEY_MISSING")
	assert.Equal(t, "Idempotency-Key", p.Errors[0].Pointer)
	for name, r := range map[string]apitest.Request{
		"short key":        {Path: "/v1/certificates", Body: issueOne(ours), Key: "short"},
		"key of no ASCII":  {Path: "/v1/certificates", Body: issueOne(ours), Key: canary},
		"unknown wait":     {Path: "/v1/certificates?wait=forever", Body: issueOne(ours), Key: "operation-1"},
		"id of wrong form": {Path: "/v1/certificates/" + canary},
		"row no number":    {Path: "/v1/datasets/gbt-2260/versions/1/rows/x/proof"},
		"row below zero":   {Path: "/v1/datasets/gbt-2260/versions/1/rows/-1/proof"},
		"version zero":     {Path: "/v1/datasets/gbt-2260/versions/0/rows/0/proof"},
		"USCC too short":   {Path: "/v1/authorities/123"},
		"list too large":   {Path: "/v1/authorities/" + ours + "/status-lists/4294967296"},
		"traversal":        {Path: "/v1/datasets/..%2F..%2Fetc/versions/1/rows/0/proof"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := g.For(t).Do(r)
			answer.Refused(400, p400)
			assert.NotContains(t, string(answer.Body), canary)
		})
	}
	g.Do(apitest.Request{Path: "/v1/documents", Body: map[string]any{"digest": digestOf("f")}, Key: "operation-1"}).Refused(400, "JSON_MISSING_MEMBER")
	assert.NotContains(t, g.log.String(), canary)
}

func TestStatusEntriesNameOneCertificate(t *testing.T) {
	g := newGateway(t)
	id, _ := prepare(t, g)
	for name, c := range map[string]struct {
		entry  map[string]any
		status int
	}{
		"id":             {map[string]any{"certificate": id}, 200},
		"list and index": {map[string]any{"list": 0, "index": 0}, 200},
		"neither":        {map[string]any{}, 400},
		"both":           {map[string]any{"certificate": id, "list": 0, "index": 0}, 400},
		"list alone":     {map[string]any{"list": 0}, 400},
		"id and list":    {map[string]any{"certificate": id, "list": 0}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			c.entry["state"], c.entry["reason"] = "suspended", "02"
			g.For(t).Do(apitest.Request{Path: "/v1/status", Key: "status-" + strings.ReplaceAll(name, " ", "-"), Body: map[string]any{
				"authority": ours, "entries": []any{c.entry},
			}}).Require(c.status)
		})
	}
}

func TestARetryIsTheSameOperation(t *testing.T) {
	g := newGateway(t)
	var first, again api.IssueResponse
	request := apitest.Request{Path: "/v1/certificates", Body: issueOne(ours), Key: "retry-0001"}
	g.Do(request).Require(201).JSON(&first)
	g.Do(request).Require(201).JSON(&again)
	assert.Equal(t, first, again)
	request.Path += "?wait=anchored"
	g.Do(request).Require(201).JSON(&again)
	assert.Equal(t, first.Certificates[0].ID, again.Certificates[0].ID, "waiting or not, it is the same request")
	assert.Len(t, g.region.certificates, 1)

	other := issueOne(ours)
	other["certificates"].([]any)[0].(map[string]any)["typeVersion"] = 2
	request.Body = other
	g.Do(request).Refused(409, "OPERATION_CONFLICT")

	// The same key on another route, or with another credential, is another operation.
	g.Do(apitest.Request{Path: "/v1/documents?authority=" + ours, Body: map[string]any{"digest": digestOf("f")}, Key: "retry-0001"}).Require(201)
	colleague := g.key(t, "office-1", ours, working()...)
	g.As(colleague).Do(apitest.Request{Path: "/v1/certificates", Body: issueOne(ours), Key: "retry-0001"}).Require(201)
	assert.Len(t, g.region.certificates, 2)
}

func TestABadItemSpoilsNoOther(t *testing.T) {
	g := newGateway(t)
	refused := verifyOne()
	refused["nonce"] = "refuse"
	withoutPurpose := verifyOne()
	delete(withoutPurpose, "useCause")
	items := []any{verifyOne(), withoutPurpose, 7, map[string]any{"useCause": 5}, refused, verifyOne()}
	var got api.BatchResponse
	g.Do(apitest.Request{Path: "/v1/verifications/batch", Body: map[string]any{"verifications": items}}).Require(200).JSON(&got)
	require.Len(t, got.Results, len(items))
	codes := make([]string, len(items))
	for i, r := range got.Results {
		if r.Problem != nil {
			codes[i] = r.Problem.Code
		} else {
			codes[i] = string(r.Verification.Result)
		}
	}
	assert.Equal(t, []string{"valid", "PURPOSE_MISSING", "JSON_WRONG_TYPE", "JSON_WRONG_TYPE", "TYPE_UNKNOWN", "valid"}, codes)

	// What cannot be read as JSON has no items: it is refused whole.
	body := `{"verifications":[{"presentation":"a~","useCause":"x","useCause":"y","scenario":"s"}]}`
	g.Do(apitest.Request{Path: "/v1/verifications/batch", Body: body}).Refused(400, "JSON_DUPLICATE_MEMBER")
	g.Do(apitest.Request{Path: "/v1/verifications/batch", Body: `{"verifications":{}}`}).Refused(400, "JSON_WRONG_TYPE")
}

func TestWhatWasNotDecided(t *testing.T) {
	g := newGateway(t)
	id, _ := prepare(t, g)
	g.Get("/v1/ledger/batches/unknown").Refused(404, "BATCH_UNKNOWN")
	g.Get("/v1/authorities/"+theirs).Refused(404, "NOT_FOUND")
	g.Get("/nowhere").Refused(404, "NOT_FOUND")
	g.Do(apitest.Request{Method: http.MethodDelete, Path: "/v1/certificates/" + id}).Refused(405, "METHOD_NOT_ALLOWED")

	var issued api.IssueResponse
	g.Do(apitest.Request{Path: "/v1/certificates", Body: issueOne(ours), Key: "unanchored"}).Require(201).JSON(&issued)
	assert.Equal(t, api.StateRecorded, issued.Certificates[0].State, "recorded is never called anchored")
	g.Get("/v1/certificates/"+issued.Certificates[0].ID+"/receipt").Refused(409, "NOT_ANCHORED_YET")
	g.Do(apitest.Request{Path: "/v1/certificates/" + id + "/presentations", Body: map[string]any{
		"fields": []string{}, "audience": "a", "nonce": "elsewhere",
	}}).Refused(409, "NOT_IN_CUSTODY")
}

func TestEmptyCSVAndBrokenConnection(t *testing.T) {
	g := newGateway(t)
	prepare(t, g)
	g.Do(apitest.Request{Path: "/v1/datasets/gbt-2260/versions", Key: "version-1", Type: "text/csv", Body: "a,b\n1\n"}).Refused(400, p400)
	var body bytes.Buffer
	body.WriteString("a,b\n")
	g.Do(apitest.Request{Path: "/v1/datasets/gbt-2260/versions", Key: "version-1", Type: "text/csv", Body: body.Bytes()}).Require(201)
}

// The verifier is given the request member by member as it was sent.
func TestTheVerifierSeesTheRequest(t *testing.T) {
	g := newGateway(t)
	body := `{"presentation":"a~b~","receipt":{"v": 1},"useCause":"\u529e\u4e8b","scenario":"事项","audience":"aud","nonce":"n","maxAgeSeconds":60,"caseNumber":"2026-7"}`
	g.Do(apitest.Request{Path: "/v1/verifications", Body: body}).Require(200)
	want := api.VerificationRequest{
		Presentation: "a~b~", Receipt: []byte(`{"v": 1}`), UseCause: "办事", Scenario: "事项", Audience: "aud", Nonce: "n", MaxAgeSeconds: 60,
		CaseNumber: "2026-7",
	}
	assert.Equal(t, []api.VerificationRequest{want}, g.region.seen)
	assert.Equal(t, 8, reflect.TypeFor[api.VerificationRequest]().NumField(), "a new member is read too")
}
