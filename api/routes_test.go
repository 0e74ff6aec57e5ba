package api_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
)

// example is a good request of an operation, as the office sends it.
type example struct {
	apitest.Request
	status int
}

// examples has one good request for every operation. prepare makes what it speaks of.
func examples(t testing.TB, g *gateway) map[string]example {
	t.Helper()
	certificate, receipt := prepare(t, g)
	digest := map[string]any{"digest": digestOf("file")}
	entry := map[string]any{
		"authority": ours, "name": "行政区划代码", "fields": []string{"code", "name"}, "grade": "general", "sharing": "open", "updatePeriod": "每年",
	}
	proposal := map[string]any{
		"id": "cross-2026-02", "version": 1, "issuers": []string{"440000"}, "relying": []string{"510000"}, "types": []string{aType},
		"scenarios": []string{"二级建造师执业资格认定"}, "from": 1767225600, "conditions": map[string]any{"disclose": []string{"certificateHolderName"}},
	}
	get := func(path string) example { return example{apitest.Request{Path: path}, 200} }
	post := func(status int, path string, body any) example {
		return example{apitest.Request{Method: http.MethodPost, Path: path, Body: body}, status}
	}
	write := func(status int, path string, body any) example {
		e := post(status, path, body)
		e.Key = "operation-1"
		return e
	}
	put := write(200, "/v1/datasets/gbt-2260", entry)
	put.Method = http.MethodPut
	version := write(201, "/v1/datasets/gbt-2260/versions", "code,name\n440000,广东省\n")
	version.Type = "text/csv"
	return map[string]example{
		"issueCertificates":     write(201, "/v1/certificates", issueOne(ours)),
		"getCertificate":        get("/v1/certificates/" + certificate),
		"getCertificateReceipt": get("/v1/certificates/" + certificate + "/receipt"),
		"getCertificateStatus":  get("/v1/certificates/" + certificate + "/status"),
		"presentCertificate": post(200, "/v1/certificates/"+certificate+"/presentations",
			map[string]any{"fields": []string{"certificateHolderName"}, "audience": "https://gw.510000.example", "nonce": "0FvHn2"}),
		"recordDocument":    write(201, "/v1/documents?authority="+ours, digest),
		"checkDocument":     post(200, "/v1/documents/check", map[string]any{"digest": digestOf("file"), "salt": handleOf("s"), "receipt": receiptFor("d", "document")}),
		"publishDataset":    put,
		"addDatasetVersion": version,
		"proveRow":          get("/v1/datasets/gbt-2260/versions/1/rows/0/proof"),
		"checkRow":          post(200, "/v1/datasets/rows/check", rowProof("440000", "广东省")),
		"setStatus": write(200, "/v1/status", map[string]any{
			"authority": ours, "entries": []any{map[string]any{"certificate": certificate, "state": "revoked", "reason": "03"}},
		}),
		"createCode":        write(201, "/v1/codes", codeOf(certificate)),
		"listCodes":         get("/v1/codes?certificate=" + certificate),
		"getCode":           get("/v1/codes/" + handleOf("code")),
		"cancelCode":        write(200, "/v1/codes/"+handleOf("code")+"/cancellation", map[string]any{}),
		"redeemCode":        write(200, "/v1/codes/redemptions", map[string]any{"code": "44-0410-6105-Y", "scenario": "二级建造师执业资格认定"}),
		"listAgreements":    get("/v1/agreements"),
		"proposeAgreement":  write(201, "/v1/agreements", proposal),
		"approveAgreement":  write(200, "/v1/agreements/cross-2026-01/versions/1/approvals", digest),
		"withdrawAgreement": write(200, "/v1/agreements/cross-2026-01/versions/1/withdrawals", map[string]any{"ends": 1798761600}),
		"registerType":      write(201, "/v1/types", map[string]any{"$id": "urn:huzheng:type:" + aType + ":1", "title": "二级建造师"}),
		"registerAuthority": write(201, "/v1/authorities", map[string]any{"code": ours, "name": "住房和城乡建设厅", "types": []string{aType}}),
		"setAuthorityScope": write(200, "/v1/authorities/"+ours+"/scopes", map[string]any{"types": []string{aType}}),
		"setAuthorityState": write(200, "/v1/authorities/"+ours+"/states", map[string]any{"state": "suspended"}),
		"rotateKey":         write(200, "/v1/keys/rotations", map[string]any{"owner": ours}),
		"markCompromised":   write(200, "/v1/keys/compromises", map[string]any{"key": ours + "#1", "from": 7}),
		"proposeRegion":     write(201, "/v1/regions/proposals", map[string]any{"entry": map[string]any{"network": "xinan-1"}}),
		"approveRegion":     write(200, "/v1/regions/500000/approvals", digest),
		"verify":            post(200, "/v1/verifications", verifyOne()),
		"verifyBatch":       post(200, "/v1/verifications/batch", map[string]any{"verifications": []any{verifyOne()}}),
		"printCertificate":  get("/v1/certificates/" + certificate + "/print?fields=certificateHolderName"),
		"printReceipt":      get("/v1/receipts/" + receipt + "/print"),
		"getReceipt":        get("/v1/receipts/" + receipt), "getReceiptInclusion": get("/v1/receipts/" + receipt + "/inclusion"),
		"getLedger": get("/v1/ledger"), "getBatch": get("/v1/ledger/batches/" + handleOf("batch")),
		"listTypes": get("/v1/types"), "listRegions": get("/v1/regions"), "listRegionProposals": get("/v1/regions/proposals"),
		"listAuthorities": get("/v1/authorities"), "getAuthority": get("/v1/authorities/" + ours),
		"getStatusList":     get("/v1/authorities/" + ours + "/status-lists/0"),
		"getIssuerMetadata": get("/.well-known/jwt-vc-issuer/v1/authorities/" + ours),
		"getSnapshot":       get("/v1/snapshot"),
		"healthz":           get("/healthz"), "readyz": get("/readyz"), "getOpenAPI": get("/openapi.yaml"),
	}
}

func issueOne(authority string) map[string]any {
	return map[string]any{"certificates": []any{map[string]any{
		"authority": authority, "type": aType, "typeVersion": 1,
		"fields": map[string]any{"certificateHolderName": "张三", "certificateHolderCode": "99999919900101001X"},
	}}}
}

func codeOf(certificate string) map[string]any {
	return map[string]any{
		"certificates": []any{map[string]any{"certificate": certificate, "fields": []string{"certificateHolderName"}}}, "useCause": "办理",
		"scenario": "二级建造师执业资格认定", "audience": map[string]any{"kind": "any"}, "lifeSeconds": 600, "uses": 1,
	}
}

func verifyOne() map[string]any {
	return map[string]any{
		"presentation": "e30.e30.AA~", "useCause": "办理二级建造师执业资格认定", "scenario": "二级建造师执业资格认定", "receipt": receiptFor("x", "certificate"),
	}
}

// prepare leaves an anchored certificate, a receipt and a dataset with a row, all of the office's tenant.
func prepare(t testing.TB, g *gateway) (certificate, receipt string) {
	t.Helper()
	var issued api.IssueResponse
	g.Do(apitest.Request{Path: "/v1/certificates?wait=anchored", Body: issueOne(ours), Key: "prepare-1"}).Require(201).JSON(&issued)
	require.Equal(t, api.StateAnchored, issued.Certificates[0].State)
	var verdict api.Verification
	g.Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne()}).Require(200).JSON(&verdict)
	g.region.mu.Lock()
	defer g.region.mu.Unlock()
	g.region.owners["gbt-2260"], g.region.rows["gbt-2260"] = ours, []string{"440000,广东省"}
	return issued.Certificates[0].ID, verdict.ReceiptID
}

func document(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()), "the document and all its examples")
	return doc
}

// eachOperation walks openapi.yaml.
func eachOperation(t testing.TB, f func(method, path string, op *openapi3.Operation)) {
	t.Helper()
	for path, item := range document(t).Paths.Map() {
		for method, op := range item.Operations() {
			f(method, path, op)
		}
	}
}

func TestEveryOperationAnswersAsDocumented(t *testing.T) {
	g := newGateway(t)
	table := examples(t, g)
	eachOperation(t, func(_, _ string, op *openapi3.Operation) {
		e, ok := table[op.OperationID]
		if assert.True(t, ok, "%s has no example", op.OperationID) {
			g.Do(e.Request).Require(e.status)
		}
		delete(table, op.OperationID)
	})
	assert.Empty(t, table, "examples without an operation")
}

func TestRoutesAndDocumentAgree(t *testing.T) {
	documented := map[string]bool{}
	eachOperation(t, func(method, path string, _ *openapi3.Operation) {
		documented[method+" "+strings.NewReplacer("{", ":", "}", "").Replace(path)] = true
	})
	registered := map[string]bool{}
	for _, r := range api.Routes(newGateway(t).server) {
		registered[r] = true
	}
	delete(registered, "GET /metrics") // Prometheus describes itself
	assert.Equal(t, documented, registered)
}

func TestServerHasOneMethodForEachOperation(t *testing.T) {
	methods := reflect.TypeFor[api.ServerInterface]()
	n := 0
	eachOperation(t, func(string, string, *openapi3.Operation) { n++ })
	assert.Equal(t, n, methods.NumMethod())
}

// A POST is a write or declared to be a question; every write demands a scope and an idempotency key, and says what it
// may be as large as.
func TestEveryWriteIsGuarded(t *testing.T) {
	eachOperation(t, func(method, path string, op *openapi3.Operation) {
		effect, _ := op.Extensions["x-effect"].(string)
		if method == http.MethodGet {
			assert.Empty(t, effect, path)
			return
		}
		assert.Contains(t, []string{"write", "ask"}, effect, path)
		assert.NotEmpty(t, op.Extensions["x-scope"], path)
		assert.NotEmpty(t, op.Extensions["x-body-limit"], path)
		key := op.Parameters.GetByInAndName("header", "Idempotency-Key")
		assert.Equal(t, effect == "write", key != nil && key.Required, path)
	})
}

func TestDocumentCheckTakesAForm(t *testing.T) {
	g := newGateway(t)
	content := bytes.Repeat([]byte("a file\n"), 1<<16)
	form := func(parts ...string) apitest.Request {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for _, name := range parts {
			part, err := w.CreateFormFile(name, name)
			require.NoError(t, err)
			value := map[string][]byte{"salt": []byte(handleOf("s")), "receipt": receiptFor("d", "document"), "file": content}[name]
			_, err = part.Write(value)
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		return apitest.Request{Path: "/v1/documents/check", Body: body.Bytes(), Type: w.FormDataContentType()}
	}
	var got api.CheckResult
	g.Do(form("salt", "receipt", "file")).Require(200).JSON(&got)
	assert.Equal(t, sha256Of(content), got.Code, "the file's own digest reached the service")

	for _, parts := range [][]string{{}, {"file"}, {"salt", "file"}, {"receipt", "salt", "file"}, {"salt", "receipt"}} {
		g.Do(form(parts...)).Refused(400, "JSON_MISSING_MEMBER")
	}
	g.Do(form("salt", "receipt", "file", "file")).Refused(400, "FIELD_INVALID")
	broken := form("salt", "receipt", "file")
	broken.Type = "multipart/form-data"
	g.Do(broken).Refused(415, "CONTENT_TYPE")
	truncated := form("salt", "receipt", "file")
	truncated.Body = truncated.Body.([]byte)[:2000]
	g.Do(truncated).Refused(400, "BODY_INCOMPLETE")
}

func TestAFileAndItsDigestAreOneRequest(t *testing.T) {
	g := newGateway(t)
	content := bytes.Repeat([]byte{7}, 1<<20)
	var byFile, byDigest api.Document
	g.Do(apitest.Request{Path: "/v1/documents?authority=" + ours, Body: content, Type: "application/octet-stream", Key: "document-1"}).
		Require(201).JSON(&byFile)
	assert.Equal(t, sha256Of(content), byFile.Digest)
	g.Do(apitest.Request{Path: "/v1/documents?authority=" + ours, Body: map[string]any{"digest": byFile.Digest}, Key: "document-1"}).
		Require(201).JSON(&byDigest)
	assert.Equal(t, byFile, byDigest)
	g.Do(apitest.Request{Path: "/v1/documents?authority=" + ours, Body: []byte("other"), Type: "application/octet-stream", Key: "document-1"}).
		Refused(409, "OPERATION_CONFLICT")
}
