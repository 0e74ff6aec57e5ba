package badinput_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// counts is what a refused request leaves as it was. That it was refused is on record, and no verification: the queues hold
// the receipts of those.
type counts struct {
	queues     []custody.QueueState
	batches    uint64
	agreements int
	operations int
}

func countsOf(t *testing.T, r *gatewaytest.Region) counts {
	t.Helper()
	var list api.AgreementList
	r.Client.Get("/v1/agreements").Require(http.StatusOK).JSON(&list)
	open, err := r.Gateway.Vault().OpenCommands()
	require.NoError(t, err)
	return counts{queues: r.Gateway.Vault().Queues(), batches: r.Gateway.Index().Batches(),
		agreements: len(list.Agreements), operations: len(open)}
}

// refusal is one request and what it must be answered.
type refusal struct {
	request apitest.Request
	status  int
	code    string
	item    string // code of the one entry of errors, where the problem is at one place
	anon    bool   // sent without a credential
}

// within puts JSON into a request to issue certificates.
func within(body string) apitest.Request {
	return apitest.Request{Path: "/v1/certificates", Body: body, Key: "operation-1"}
}

func TestJSONThatCanBeReadInTwoWaysIsRefused(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home := w.Regions[0]
	whole, err := json.Marshal(api.IssueRequest{Certificates: []api.NewCertificate{home.NewCertificate(sample.TypeConstructor, 1)}})
	require.NoError(t, err)
	good := string(whole)
	bad := func(body, code string) refusal { return refusal{request: within(body), status: 400, code: code} }
	check(t, w, map[string]refusal{
		"empty":             bad("", "JSON_SYNTAX"),
		"truncated":         bad(good[:len(good)/2], "JSON_SYNTAX"),
		"trailing":          bad(good+"{}", "JSON_TRAILING_BYTES"),
		"doubled":           bad(good[:len(good)-1]+`,"certificates":[]}`, "JSON_DUPLICATE_MEMBER"),
		"doubled, escaped":  bad(strings.Replace(good, `"fields":{`, `"fields":{"a":1,"\u0061":2,`, 1), "JSON_DUPLICATE_MEMBER"),
		"deep":              bad(strings.Replace(good, `"fields":{`, `"fields":{"deep":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`,`, 1), "JSON_TOO_DEEP"),
		"deep and open":     bad(strings.Repeat(`{"a":`, 100_000), "JSON_TOO_DEEP"),
		"not UTF-8":         bad(strings.Replace(good, `"fields":{`, "\"fields\":{\"a\":\"\xff\",", 1), "JSON_NOT_UTF8"),
		"half a surrogate":  bad(strings.Replace(good, `"fields":{`, `"fields":{"a":"\ud800",`, 1), "JSON_NOT_UTF8"),
		"unknown member":    bad(good[:len(good)-1]+`,"more":1}`, "JSON_UNKNOWN_MEMBER"),
		"case of a member":  bad(strings.Replace(good, `"certificates"`, `"Certificates"`, 1), "JSON_UNKNOWN_MEMBER"),
		"missing member":    bad(`{}`, "JSON_MISSING_MEMBER"),
		"another type":      bad(`{"certificates":{}}`, "JSON_WRONG_TYPE"),
		"an array":          bad(`[]`, "JSON_WRONG_TYPE"),
		"a large number":    bad(strings.Replace(good, `"typeVersion":1`, `"typeVersion":1e400`, 1), "FIELD_INVALID"),
		"a fraction":        bad(strings.Replace(good, `"typeVersion":1`, `"typeVersion":1.5`, 1), "JSON_WRONG_TYPE"),
		"no items":          bad(`{"certificates":[]}`, "FIELD_INVALID"),
		"too many items":    bad(`{"certificates":[`+strings.Repeat(`{},`, 1000)+`{}]}`, "FIELD_INVALID"),
		"oversize":          {request: within(`{"certificates":"` + strings.Repeat("x", 16<<20) + `"}`), status: 413, code: "BODY_TOO_LARGE"},
		"another encoding":  {request: apitest.Request{Path: "/v1/certificates", Body: good, Key: "operation-1", Type: "text/plain"}, status: 415, code: "CONTENT_TYPE"},
		"no key of a write": {request: apitest.Request{Path: "/v1/certificates", Body: good}, status: 400, code: "IDEMPOTENCY_KEY_MISSING"},
		"no credential":     {request: within(good), status: 401, code: "UNAUTHENTICATED", anon: true},
		"no such route":     {request: apitest.Request{Path: "/v1/nothing", Body: good}, status: 404, code: "NOT_FOUND"},
		"no such method":    {request: apitest.Request{Method: http.MethodDelete, Path: "/v1/certificates"}, status: 405, code: "METHOD_NOT_ALLOWED"},
	})
}

// otherID is an id that nothing has: like one, but for its last character, which carries bits of the id to its end.
func otherID(id string) string {
	if id[42] == 'A' {
		return id[:42] + "E"
	}
	return id[:42] + "A"
}

// check sends each request and counts before and after.
func check(t *testing.T, w *gatewaytest.World, table map[string]refusal) {
	t.Helper()
	home := w.Regions[0]
	w.Settle()
	before := countsOf(t, home)
	for name, c := range table {
		t.Run(name, func(t *testing.T) {
			client := home.Client.For(t)
			if c.anon {
				client = client.As("")
			}
			p := client.Do(c.request).Refused(c.status, c.code)
			if c.item != "" {
				require.Len(t, p.Errors, 1)
				assert.Equal(t, c.item, p.Errors[0].Code)
			}
		})
	}
	assert.Equal(t, before, countsOf(t, home), "nothing half done")
}

func TestWhatTheRulesDoNotKnowIsRefused(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	certificate := home.Constructor(1)
	authority := string(home.Authority(sample.TypeConstructor).Code)
	issue := func(status int, code string, change func(c *api.NewCertificate)) refusal {
		c := home.NewCertificate(sample.TypeConstructor, 2)
		change(&c)
		return refusal{request: apitest.Request{Path: "/v1/certificates", Key: "operation-1", Body: api.IssueRequest{Certificates: []api.NewCertificate{
			home.NewCertificate(sample.TypeConstructor, 3), c}}}, status: status, code: code, item: code}
	}
	field := func(status int, code, name string, value any) refusal {
		return issue(status, code, func(c *api.NewCertificate) {
			var fields map[string]any
			require.NoError(t, json.Unmarshal(c.Fields, &fields))
			fields[name] = value
			if value == nil {
				delete(fields, name)
			}
			var err error
			c.Fields, err = json.Marshal(fields)
			require.NoError(t, err)
		})
	}
	operation := 0
	status := func(code int, word string, e api.StatusEntry) refusal {
		operation++ // an operation that the rules refused stays refused
		return refusal{request: apitest.Request{Path: "/v1/status", Key: fmt.Sprintf("status-operation-%d", operation), Body: api.StatusRequest{Authority: authority,
			Entries: []api.StatusEntry{e}}}, status: code, code: word}
	}
	agreement := func(code int, word string, change func(p *api.AgreementProposal)) refusal {
		p := gatewaytest.Agreement([]string{home.Code, abroad.Code})
		p.ID = "refused"
		change(&p)
		return refusal{request: apitest.Request{Path: "/v1/agreements", Key: "operation-3", Body: p}, status: code, code: word}
	}
	slot := func(list, index int64) api.StatusEntry {
		return api.StatusEntry{List: &list, Index: &index, State: "revoked", Reason: "04"}
	}
	document := func(uscc string) apitest.Request {
		return apitest.Request{Path: "/v1/documents?authority=" + uscc, Key: "operation-4", Body: "file", Type: "application/octet-stream"}
	}
	foreign := string(abroad.Authority(sample.TypeConstructor).Code)
	nobody, err := gbt.NewUSCC("11", home.Code, "EXAMPL77")
	require.NoError(t, err)
	wrongNumber := "999999199001010010"
	now := time.Now().Unix()
	table := map[string]refusal{
		"unknown authority":     issue(422, "AUTHORITY_UNKNOWN", func(c *api.NewCertificate) { c.Authority = string(nobody) }),
		"another region's":      issue(422, "AUTHORITY_UNKNOWN", func(c *api.NewCertificate) { c.Authority = foreign }),
		"unknown type":          issue(422, "TYPE_UNKNOWN", func(c *api.NewCertificate) { c.Type = "11100000000013338W998" }),
		"unknown version":       issue(422, "TYPE_UNKNOWN", func(c *api.NewCertificate) { c.TypeVersion = 9 }),
		"not accredited":        issue(403, "TYPE_NOT_ACCREDITED", func(c *api.NewCertificate) { c.Type = string(sample.TypeRealEstate) }),
		"validity reversed":     issue(400, "DATES_REVERSED", func(c *api.NewCertificate) { c.ValidFrom, c.ValidUntil = now+100, now+50 }),
		"validity over":         issue(400, "DATES_REVERSED", func(c *api.NewCertificate) { c.ValidUntil = now - 50 }),
		"dates reversed":        field(400, "DATES_REVERSED", gbt.FieldExpiringDate, "2001-01-01"),
		"no date":               field(400, "DATE_FORMAT", gbt.FieldExpiringDate, "2026-02-30"),
		"citizen number":        field(422, "CITIZEN_NUMBER", gbt.FieldHolderCode, wrongNumber),
		"licence identifier":    field(422, "LICENCE_IDENTIFIER_CHECK", gbt.FieldIdentifier, "1.2.156.3005.2.11100000000013338W001."+authority+".20260000002.001.0"),
		"field missing":         field(422, "FIELD_MISSING", gbt.FieldHolderName, nil),
		"field unknown":         field(422, "FIELD_UNKNOWN", "nickname", "x"),
		"predicate given":       field(422, "FIELD_UNKNOWN", "age_over_60", true),
		"field of another kind": field(400, "FIELD_INVALID", gbt.FieldHolderName, 7),
		"holder's key": issue(422, "KEY_FORMAT", func(c *api.NewCertificate) {
			c.HolderKey = json.RawMessage(`{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`)
		}),
	}
	for name, c := range map[string]refusal{
		"status index out of range": status(400, "FIELD_INVALID", slot(0, 131072)),
		"status list out of range":  status(404, "NOT_FOUND", slot(7, 1)),
		"status of nobody":          status(404, "NOT_FOUND", slot(0, (certificate.StatusIndex+1)%131072)),
		"status with both names": status(400, "FIELD_INVALID", api.StatusEntry{Certificate: certificate.ID, List: new(int64), State: "revoked",
			Reason: "04"}),
		"unknown certificate":         status(404, "NOT_FOUND", api.StatusEntry{Certificate: otherID(certificate.ID), State: "revoked", Reason: "04"}),
		"unknown state":               status(400, "FIELD_INVALID", api.StatusEntry{Certificate: certificate.ID, State: "lost", Reason: "04"}),
		"reason that does not fit":    status(400, "FIELD_INVALID", api.StatusEntry{Certificate: certificate.ID, State: "revoked", Reason: "01"}),
		"successor of nothing":        status(400, "FIELD_INVALID", api.StatusEntry{Certificate: certificate.ID, State: "revoked", Reason: "04", Successor: certificate.ID}),
		"not suspended":               status(409, "STATUS_TRANSITION", api.StatusEntry{Certificate: certificate.ID, State: "reinstated", Reason: "01"}),
		"agreement: region":           agreement(422, "REGION_UNKNOWN", func(p *api.AgreementProposal) { p.Issuers = append(p.Issuers, "650000") }),
		"agreement: dates":            agreement(400, "DATES_REVERSED", func(p *api.AgreementProposal) { p.Until = p.From }),
		"agreement: not a party":      agreement(403, "NOT_PERMITTED", func(p *api.AgreementProposal) { p.Issuers, p.Relying = []string{abroad.Code}, []string{abroad.Code} }),
		"document: unknown authority": {request: document(string(nobody)), status: 422, code: "AUTHORITY_UNKNOWN"},
		"document: another region's":  {request: document(foreign), status: 422, code: "AUTHORITY_UNKNOWN"},
		"dataset: another region's": {request: apitest.Request{Method: http.MethodPut, Path: "/v1/datasets/x", Key: "operation-5", Body: api.DatasetEntry{
			Authority: foreign, Name: "x", Fields: []string{"a"}, Grade: "general", Sharing: "open", UpdatePeriod: "每年"}}, status: 422, code: "AUTHORITY_UNKNOWN"},
		"dataset: fields twice": {request: apitest.Request{Method: http.MethodPut, Path: "/v1/datasets/x", Key: "operation-5", Body: api.DatasetEntry{
			Authority: authority, Name: "x", Fields: []string{"a", "a"}, Grade: "general", Sharing: "open", UpdatePeriod: "每年"}}, status: 400, code: "FIELD_INVALID"},
		"dataset: unknown": {request: apitest.Request{Path: "/v1/datasets/none/versions", Key: "operation-6", Body: "a\n1\n", Type: "text/csv"}, status: 404, code: "NOT_FOUND"},
		"no purpose":       {request: apitest.Request{Path: "/v1/verifications", Body: map[string]string{"presentation": "a~", "scenario": "x"}}, status: 400, code: "PURPOSE_MISSING"},
		"no scenario":      {request: apitest.Request{Path: "/v1/verifications", Body: map[string]string{"presentation": "a~", "useCause": "x"}}, status: 400, code: "SCENARIO_MISSING"},
		"presentation too large": {request: apitest.Request{Path: "/v1/verifications", Body: map[string]string{"presentation": strings.Repeat("a", 1<<17), "useCause": "x",
			"scenario": "x"}}, status: 413, code: "BODY_TOO_LARGE"},
		"presentation of a field of nobody": {request: apitest.Request{Path: "/v1/certificates/" + certificate.ID + "/presentations",
			Body: api.PresentationRequest{Fields: []string{"nickname"}, Audience: "a", Nonce: "n"}}, status: 400, code: "FIELD_INVALID"},
		"certificate of nobody": {request: apitest.Request{Path: fmt.Sprintf("/v1/certificates/%043d", 0)}, status: 404, code: "NOT_FOUND"},
		"no certificate's id":   {request: apitest.Request{Path: "/v1/certificates/x"}, status: 400, code: "FIELD_INVALID"},
	} {
		table[name] = c
	}
	check(t, w, table)
}
