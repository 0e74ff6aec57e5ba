package promises_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
)

// freeType is a certificate type whose fields may hold anything.
const freeType = gbt.TypeCode("11100000000013338W999")

// secrets are what one walk of the path plants: by name, drawn from a seed.
type secrets struct {
	t      testing.TB
	random *rand.Rand
	by     map[string][]byte
}

func newSecrets(t testing.TB, seed uint64) *secrets {
	return &secrets{t: t, random: rand.New(rand.NewPCG(seed, 9)), by: map[string][]byte{}}
}

// text plants eight rare Chinese characters and eight letters.
func (s *secrets) text(name string) string {
	out := make([]rune, 16)
	for i := range out {
		out[i] = 'a' + s.random.Int32N(26)
		if i < 8 {
			out[i] = 0x6a00 + s.random.Int32N(0x1000)
		}
	}
	s.by[name] = []byte(string(out))
	return string(out)
}

// ascii plants twenty letters and digits, for what takes no others.
func (s *secrets) ascii(name string) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
	out := make([]byte, 20)
	for i := range out {
		out[i] = letters[s.random.IntN(len(letters))]
	}
	s.by[name] = out
	return string(out)
}

func (s *secrets) citizen(name string) string {
	born := time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, s.random.IntN(18000))
	number, err := gbt.NewCitizenNumber(fmt.Sprintf("%s%s%03d", gbt.SyntheticArea, born.Format("20060102"), s.random.IntN(1000)))
	require.NoError(s.t, err)
	s.by[name] = []byte(number.Text())
	return number.Text()
}

func (s *secrets) needles() []needle {
	var list []needle
	for name, secret := range s.by {
		list = append(list, needles(name, secret)...)
	}
	return list
}

// path is one walk through everything that a gateway does with data of persons and offices.
type path struct {
	t              *testing.T
	w              *gatewaytest.World
	home, abroad   *gatewaytest.Region
	secrets        *secrets
	authority      string
	problems       bytes.Buffer // bodies of refused requests
	certificates   []string
	answers        int
	receiptID      string
	documentAnswer api.Document
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.b.Bytes())
}

// newPath founds a consortium that logs everything to out.
func newPath(t *testing.T, suite attest.Suite, out io.Writer, regions ...string) *path {
	t.Helper()
	w := gatewaytest.Found(t, gatewaytest.Options{Suite: suite, Regions: regions,
		Logger: slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	p := &path{t: t, w: w, home: w.Regions[0], abroad: w.Regions[1], secrets: newSecrets(t, 1)}
	code, err := gbt.NewUSCC("11", p.home.Code, "EXAMPL09")
	require.NoError(t, err)
	p.authority = string(code)
	require.NoError(t, p.home.Gateway.AddType(t.Context(), attest.CertificateType{Code: string(freeType), Version: 1, Name: "测试证照",
		Schema: []byte(`{"type":"object"}`), Grades: freeGrades()}))
	require.NoError(t, p.home.Gateway.AddAuthority(t.Context(), attest.Authority{Code: p.authority, Name: "测试机构（示例）",
		Division: p.home.Code, Types: []string{string(freeType)}}))
	agreement := gatewaytest.Agreement([]string{p.home.Code, p.abroad.Code})
	agreement.ID, agreement.Types = "free", []string{string(freeType)}
	p.agree(agreement)
	return p
}

func (p *path) agree(proposal api.AgreementProposal) {
	p.t.Helper()
	var a api.Agreement
	p.home.Client.Do(apitest.Request{Path: "/v1/agreements", Body: proposal, Key: "propose-" + proposal.ID}).Require(http.StatusCreated).JSON(&a)
	require.NoError(p.t, p.w.Consortium().CaughtUp(p.t.Context()))
	p.abroad.Client.Do(apitest.Request{Path: "/v1/agreements/" + proposal.ID + "/versions/1/approvals", Key: "approve-" + proposal.ID,
		Body: api.AgreementApproval{Digest: a.Digest}}).Require(http.StatusOK)
	require.NoError(p.t, p.w.Consortium().CaughtUp(p.t.Context()))
}

func freeGrades() map[string]attest.Grade {
	grades := map[string]attest.Grade{"estateLocation": attest.GradeImportant, "owners": attest.GradeImportant}
	for _, f := range gbt.Fields() {
		grades[f.English] = attest.GradeImportant
	}
	return grades
}

// fields fills every field of the standard that may hold anything, and two that are nested.
func (p *path) fields(which string) json.RawMessage {
	s := p.secrets
	values := map[string]any{"estateLocation": s.text(which + " location"),
		"owners": []any{s.text(which + " owner"), map[string]any{"name": s.text(which + " owner's name"), "share": s.ascii(which + " share")}}}
	for _, f := range gbt.Fields() {
		switch f.English {
		case gbt.FieldHolderTypeCode:
			values[f.English] = gbt.HolderCodeCitizen
		case gbt.FieldHolderCode:
			values[f.English] = s.citizen(which + " holder code")
		case gbt.FieldTypeCode:
			values[f.English] = string(freeType)
		case gbt.FieldAuthorityCode:
			values[f.English] = p.authority
		case gbt.FieldIdentifier:
			id, err := gbt.NewIdentifier(freeType, gbt.USCC(p.authority), s.ascii(which+" licence serial"), 1)
			require.NoError(p.t, err)
			values[f.English] = id.Text()
			s.by[which+" licence identifier"] = []byte(id.Text())
		case gbt.FieldIssuedDate, gbt.FieldEffectiveDate, gbt.FieldExpiringDate: // days say nothing by themselves
		default:
			values[f.English] = s.text(which + " " + f.English)
		}
	}
	raw, err := json.Marshal(values)
	require.NoError(p.t, err)
	return raw
}

// refused notes the body of an answer that must be a problem.
func (p *path) refused(r *apitest.Response) {
	p.t.Helper()
	require.GreaterOrEqual(p.t, r.Status, 400, "%s", r.Body)
	p.problems.Write(r.Body)
	p.problems.WriteByte('\n')
}

// walk does everything once, and much of it wrongly beside.
func (p *path) walk() {
	p.t.Helper()
	p.issue()
	p.verify()
	p.status()
	p.documents()
	p.dataset()
	require.NoError(p.t, p.home.Gateway.Notary().Flush(p.t.Context()))
	require.NoError(p.t, p.abroad.Gateway.Notary().Flush(p.t.Context()))
	p.w.Settle()
}

func (p *path) issue() {
	p.t.Helper()
	s := p.secrets
	body := api.IssueRequest{Certificates: []api.NewCertificate{
		{Authority: p.authority, Type: string(freeType), TypeVersion: 1, Fields: p.fields("first")},
		{Authority: p.authority, Type: string(freeType), TypeVersion: 1, Fields: p.fields("second")}}}
	key := s.ascii("idempotency key")
	for range 3 {
		var out api.IssueResponse
		p.home.Client.Do(apitest.Request{Path: "/v1/certificates?wait=anchored", Body: body, Key: key}).Require(http.StatusCreated).JSON(&out)
		p.certificates = []string{out.Certificates[0].ID, out.Certificates[1].ID}
		for i, c := range out.Certificates { // salts are as secret as what they hide
			for j, d := range strings.Split(strings.Trim(c.SdJWT, "~"), "~")[1:] {
				s.by[fmt.Sprintf("disclosure %d.%d", i, j)] = []byte(d)
			}
		}
	}
	p.home.Client.Get("/v1/certificates/" + p.certificates[0]).Require(http.StatusOK)

	bad := body.Certificates[0]
	p.refused(p.home.Client.Do(apitest.Request{Path: "/v1/certificates", Key: key, Body: api.IssueRequest{Certificates: []api.NewCertificate{bad}}}))
	bad.Fields = json.RawMessage(`{"certificateHolderTypeCode":"111","certificateHolderCode":"` + s.ascii("bad holder code") + `"}`)
	p.refused(p.home.Client.Do(apitest.Request{Path: "/v1/certificates", Key: "bad-" + key, Body: api.IssueRequest{Certificates: []api.NewCertificate{bad}}}))
	bad.Fields = json.RawMessage(`{"certificateIdentifier":"` + s.ascii("bad identifier") + `"}`)
	p.refused(p.home.Client.Do(apitest.Request{Path: "/v1/certificates", Key: "worse-" + key, Body: api.IssueRequest{Certificates: []api.NewCertificate{bad}}}))
	p.refused(p.home.Client.Do(apitest.Request{Path: "/v1/certificates", Key: "torn-" + key,
		Body: `{"certificates":[{"authority":"` + s.ascii("bad authority") + `","fields":{"` + s.text("bad field") + `":"` + s.text("torn value")}))
	p.refused(p.home.Client.Do(apitest.Request{Path: "/v1/certificates", Key: "double-" + key,
		Body: `{"` + s.text("doubled member") + `":1,"certificates":[],"certificates":["` + s.text("doubled value") + `"]}`}))
	p.refused(p.home.Client.Get("/v1/certificates/" + s.ascii("bad id")))
	p.refused(p.home.Client.As("hz_" + s.ascii("bad token")).Get("/v1/certificates/" + p.certificates[0]))
}

func (p *path) verify() {
	p.t.Helper()
	s := p.secrets
	p.w.Settle()
	use, nonce := s.text("use cause"), s.text("nonce")
	var presented api.Presentation
	p.home.Client.Do(apitest.Request{Path: "/v1/certificates/" + p.certificates[0] + "/presentations", Body: api.PresentationRequest{
		Fields: append(gatewaytest.Disclosed(), "owners"), Audience: p.abroad.Audience(), Nonce: nonce}}).Require(http.StatusOK).JSON(&presented)
	request := api.VerificationRequest{Presentation: presented.Presentation, Receipt: presented.Receipt, UseCause: use,
		Scenario: gatewaytest.Scenario, Audience: p.abroad.Audience(), Nonce: nonce}
	v := p.abroad.Verify(request)
	require.Equal(p.t, api.Result("valid"), v.Result, "%s %+v", v.Code, v.Checks)
	p.receiptID = v.ReceiptID
	p.abroad.Client.Get("/v1/receipts/" + v.ReceiptID).Require(http.StatusOK)

	wrong := request
	wrong.Nonce = s.text("wrong nonce")
	require.Equal(p.t, api.Result("invalid"), p.abroad.Verify(wrong).Result)
	wrong = request
	wrong.Presentation = s.ascii("no presentation") + "~" + s.ascii("no disclosure") + "~"
	require.Equal(p.t, api.Result("invalid"), p.abroad.Verify(wrong).Result)
	wrong = request
	wrong.Scenario = s.text("scenario of nobody")
	require.Equal(p.t, api.Result("not_recognised"), p.abroad.Verify(wrong).Result)
	wrong.UseCause = strings.Repeat(s.text("long use cause"), 20)
	p.refused(p.abroad.Client.Do(apitest.Request{Path: "/v1/verifications", Body: wrong}))
	p.refused(p.abroad.Client.Do(apitest.Request{Path: "/v1/verifications", Body: map[string]any{s.text("unknown member"): s.text("unknown value")}}))
	p.abroad.Client.Do(apitest.Request{Path: "/v1/verifications/batch", Body: api.BatchRequest{Verifications: []api.VerificationRequest{request, wrong, request}}}).Require(http.StatusOK)
	p.answers = 6 // receipts given
	p.refused(p.home.Client.Do(apitest.Request{Path: "/v1/certificates/" + p.certificates[0] + "/presentations",
		Body: api.PresentationRequest{Fields: []string{s.text("field of nobody")}, Audience: "a", Nonce: "n"}}))
}

func (p *path) status() {
	p.t.Helper()
	set := func(key string, e api.StatusEntry) *apitest.Response {
		return p.home.Client.Do(apitest.Request{Path: "/v1/status", Key: key, Body: api.StatusRequest{Authority: p.authority, Entries: []api.StatusEntry{e}}})
	}
	key := p.secrets.ascii("idempotency key of a status")
	for range 2 {
		set(key, api.StatusEntry{Certificate: p.certificates[1], State: "revoked", Reason: "04", From: 1_700_000_000}).Require(http.StatusOK)
	}
	p.refused(set("again-"+key, api.StatusEntry{Certificate: p.certificates[1], State: "suspended", Reason: "02"}))
	p.refused(set(key, api.StatusEntry{Certificate: p.certificates[0], State: "suspended", Reason: "02"}))
}

func (p *path) documents() {
	p.t.Helper()
	s := p.secrets
	file := []byte("%PDF-1.7\n" + s.text("document") + "\n" + s.ascii("document's number"))
	s.by["document's bytes"] = file
	record := func() *apitest.Response {
		return p.home.Client.Do(apitest.Request{Path: "/v1/documents?authority=" + p.authority, Key: "document-key-1", Body: file, Type: "application/octet-stream"})
	}
	record().Require(http.StatusCreated)
	require.NoError(p.t, p.home.Gateway.Notary().Flush(p.t.Context()))
	p.w.Settle()
	record().Require(http.StatusCreated).JSON(&p.documentAnswer)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	require.NoError(p.t, form.WriteField("salt", p.documentAnswer.Salt))
	require.NoError(p.t, form.WriteField("receipt", string(p.documentAnswer.Receipt)))
	part, err := form.CreateFormFile("file", s.ascii("file's name")+".pdf")
	require.NoError(p.t, err)
	_, err = part.Write(file)
	require.NoError(p.t, err)
	require.NoError(p.t, form.Close())
	var result api.CheckResult
	p.abroad.Client.Do(apitest.Request{Path: "/v1/documents/check", Body: body.Bytes(), Type: form.FormDataContentType()}).Require(http.StatusOK).JSON(&result)
	require.Equal(p.t, api.Result("valid"), result.Result)
	s.by["document's salt"] = []byte(p.documentAnswer.Salt)
}

func (p *path) dataset() {
	p.t.Helper()
	s := p.secrets
	p.home.Client.Do(apitest.Request{Method: http.MethodPut, Path: "/v1/datasets/rows", Key: "publish-rows", Body: api.DatasetEntry{
		Authority: p.authority, Name: s.text("dataset's title"), Fields: []string{"code", "name"}, Grade: "important",
		Approval: s.text("approval"), Sharing: "conditional", UpdatePeriod: "每年"}}).Require(http.StatusOK)
	add := func(key, table string) *apitest.Response {
		return p.home.Client.Do(apitest.Request{Path: "/v1/datasets/rows/versions", Key: key, Body: table, Type: "text/csv"})
	}
	table := "code,name\n" + s.ascii("cell of row 1") + "," + s.text("name in row 1") + "\n" + s.citizen("code in row 2") + "," + s.text("name in row 2") + "\n"
	add("version-of-rows-1", table).Require(http.StatusCreated)
	p.refused(add("version-of-rows-2", "code,name\n"+s.ascii("cell of a bad table")+"\n"))
	p.refused(add("version-of-rows-3", "code,name\n\""+s.text("open quote")+"\n"))
	p.refused(add("version-of-rows-4", "code,"+s.text("column of nobody")+"\n"))
	require.NoError(p.t, p.home.Gateway.Notary().Flush(p.t.Context()))
	p.w.Settle()
	proof := p.home.Client.Get("/v1/datasets/rows/versions/1/rows/1/proof").Require(http.StatusOK).Body
	var result api.CheckResult
	p.abroad.Client.Do(apitest.Request{Path: "/v1/datasets/rows/check", Body: proof}).Require(http.StatusOK).JSON(&result)
	require.Equal(p.t, api.Result("valid"), result.Result, "%+v", result.Checks)
	p.refused(p.abroad.Client.Do(apitest.Request{Path: "/v1/datasets/rows/check", Body: bytes.Replace(proof, []byte(`"row"`), []byte(`"`+s.text("unknown part")+`"`), 1)}))
}
