package badinput_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/internal/testkeys"
)

// bench is what forgers work with: presentations that are good, and the stolen key store of one authority too many.
type bench struct {
	t             *testing.T
	home, abroad  *gatewaytest.Region
	first, second api.IssuedCertificate // in one batch
	other         api.IssuedCertificate // in another
	good          api.VerificationRequest
	receipt       func(c api.IssuedCertificate) json.RawMessage
	keys          *keys.Store
}

func newBench(t *testing.T) *bench {
	t.Helper()
	w := gatewaytest.Found(t, gatewaytest.Options{})
	b := &bench{t: t, home: w.Regions[0], abroad: w.Regions[1]}
	issued := b.home.Issue("both-in-one-batch", b.home.NewCertificate(sample.TypeConstructor, 1), b.home.NewCertificate(sample.TypeConstructor, 2))
	b.first, b.second, b.other = issued[0], issued[1], b.home.Constructor(3)
	b.receipt = func(c api.IssuedCertificate) json.RawMessage {
		return b.home.Client.Get("/v1/certificates/" + c.ID + "/receipt").Require(http.StatusOK).Body
	}
	w.Settle()
	b.good = b.home.Present(b.first.ID, b.abroad, "nonce-1")
	place := w.Plan.Members[0].Place
	var err error
	b.keys, err = keys.OpenStore(filepath.Join(place.Dir, "keys"), place.Master)
	require.NoError(t, err)
	return b
}

// parts are the signed certificate, the disclosures, and the key binding.
func (b *bench) parts() []string { return strings.Split(b.good.Presentation, "~") }

// rewritten changes the header of the signed certificate and keeps everything else but the binding, which would no longer
// fit.
func (b *bench) rewritten(from, to string) string {
	parts := b.parts()
	header, rest, _ := strings.Cut(parts[0], ".")
	text, err := base64.RawURLEncoding.DecodeString(header)
	require.NoError(b.t, err)
	require.Contains(b.t, string(text), from)
	parts[0] = base64.RawURLEncoding.EncodeToString(bytes.Replace(text, []byte(from), []byte(to), 1)) + "." + rest
	parts[len(parts)-1] = ""
	return strings.Join(parts, "~")
}

// signed is a certificate in the name of one authority, signed by a key of that id.
func (b *bench) signed(issuer string, s attest.Signer) string {
	now := time.Now().Unix()
	sd, err := attest.SignCertificate(&attest.Certificate{Issuer: attest.IssuerURL(b.home.Audience(), issuer), Type: string(sample.TypeConstructor),
		TypeVersion: 1, IssuedAt: now - 10, Fields: []attest.Field{{Name: "certificateHolderName", Value: []byte(`"伪造者"`)},
			{Name: "certificateHolderCode", Value: []byte(`"999999199001010013"`)}}}, s, testkeys.Salts("forger"))
	require.NoError(b.t, err)
	return string(sd.Bytes())
}

func TestForgedPresentationsAreJudged(t *testing.T) {
	b := newBench(t)
	mine := string(b.home.Authority(sample.TypeConstructor).Code)
	stolen := string(b.home.Authority(sample.TypeRealEstate).Code)
	own, err := b.keys.Signer(registry.KeyID(stolen, "1"))
	require.NoError(t, err)
	parts, other := b.parts(), strings.Split(b.home.Present(b.other.ID, b.abroad, "nonce-1").Presentation, "~")
	withheld := strings.Split(strings.Trim(b.first.SdJWT, "~"), "~")[1:]
	require.Len(t, parts, 4, "certificate, two disclosures, key binding")
	join := func(parts ...string) string { return strings.Join(parts, "~") }
	altered := func() string {
		text, err := base64.RawURLEncoding.DecodeString(parts[1])
		require.NoError(t, err)
		var d []string
		require.NoError(t, json.Unmarshal(text, &d))
		d[2] = "伪造者"
		text, err = json.Marshal(d)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	hidden := withheld[slices.IndexFunc(withheld, func(d string) bool { return !slices.Contains(parts, d) })]
	rows := map[string]struct {
		presentation string
		result       api.Result
		code         attest.Code
	}{
		"as it is":               {b.good.Presentation, "valid", attest.CodeOK},
		"alg none":               {b.rewritten(`"ES256"`, `"none"`), "invalid", attest.CodeAlgNone},
		"alg None":               {b.rewritten(`"ES256"`, `"nOnE"`), "invalid", attest.CodeAlgNone},
		"alg HS256":              {b.rewritten(`"ES256"`, `"HS256"`), "undetermined", attest.CodeAlgUnknown},
		"alg of the other suite": {b.rewritten(`"ES256"`, `"SM2"`), "undetermined", attest.CodeAlgUnknown},
		"another typ":            {b.rewritten(`"dc+sd-jwt"`, `"jwt"`), "undetermined", attest.CodeSDJWTType},
		"key by address":         {b.rewritten(`"kid":`, `"jku":"https://evil.example","kid":`), "invalid", attest.CodeSignature},
		"unsigned":               {join(parts[0][:strings.LastIndex(parts[0], ".")+1], parts[1], parts[2], parts[3]), "invalid", attest.CodeJWSFormat},
		"a forger's key":         {b.signed(mine, testkeys.Signer(t, attest.SuiteStd, registry.KeyID(mine, "1@forger"))), "invalid", attest.CodeSignature},
		"another authority's":    {b.signed(mine, own), "invalid", attest.CodeKeyMismatch},
		"an unknown key":         {b.signed(mine, testkeys.Signer(t, attest.SuiteStd, registry.KeyID(mine, "7"))), "undetermined", attest.CodeKeyUnknown},
		"an unknown authority":   {b.signed("11440000EXAMPL999X", testkeys.Signer(t, attest.SuiteStd, "11440000EXAMPL999X#1")), "undetermined", attest.CodeIssuerUnknown},
		"disclosure altered":     {join(parts[0], altered(), parts[2], parts[3]), "invalid", attest.CodeDisclosureExtra},
		"disclosure added":       {join(parts[0], parts[1], parts[2], other[1], parts[3]), "invalid", attest.CodeDisclosureExtra},
		"withheld one added":     {join(parts[0], parts[1], parts[2], hidden, parts[3]), "invalid", attest.CodeBindingHash},
		"disclosures moved":      {join(parts[0], parts[2], parts[1], parts[3]), "invalid", attest.CodeBindingHash},
		"disclosure doubled":     {join(parts[0], parts[1], parts[1], parts[2], parts[3]), "invalid", attest.CodeDisclosureTwice},
		"disclosure hidden":      {join(parts[0], parts[1], parts[3]), "invalid", attest.CodeBindingHash},
		"binding of another":     {join(parts[0], parts[1], parts[2], other[3]), "invalid", attest.CodeBindingSignature},
		"binding removed":        {join(parts[0], parts[1], parts[2], ""), "invalid", attest.CodeBindingMissing},
		"truncated":              {b.good.Presentation[:100], "invalid", attest.CodeSDJWTFormat},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			request := b.good
			request.Presentation = row.presentation
			if strings.HasSuffix(row.presentation, "~") && row.code != attest.CodeBindingMissing {
				request.Audience, request.Nonce = "", "" // it is the issuer's signature that is forged
			}
			b.judged(t, request, row.result, row.code)
		})
	}
}

func TestReceiptsOfSomethingElseProveNothing(t *testing.T) {
	b := newBench(t)
	changed := func(member string, value any) json.RawMessage {
		var receipt map[string]any
		require.NoError(t, json.Unmarshal(b.good.Receipt, &receipt))
		require.Contains(t, receipt, member)
		receipt[member] = value
		raw, err := json.Marshal(receipt)
		require.NoError(t, err)
		return raw
	}
	var whole struct {
		Batch string   `json:"batch"`
		Path  []string `json:"path"`
		Index int64    `json:"index"`
		Size  int64    `json:"size"`
	}
	require.NoError(t, json.Unmarshal(b.good.Receipt, &whole))
	require.EqualValues(t, 2, whole.Size)
	var elsewhere struct{ Batch string }
	require.NoError(t, json.Unmarshal(b.receipt(b.other), &elsewhere))
	for name, row := range map[string]struct {
		receipt json.RawMessage
		code    attest.Code
	}{
		"of another leaf":    {b.receipt(b.second), attest.CodeReceiptPath},
		"of another batch":   {b.receipt(b.other), attest.CodeReceiptPath},
		"another index":      {changed("index", 1-whole.Index), attest.CodeReceiptPath},
		"index out of range": {changed("index", 2), attest.CodeReceiptIndex},
		"another size":       {changed("size", 3), attest.CodeReceiptSize},
		"another batch's id": {changed("batch", elsewhere.Batch), attest.CodeReceiptSize},
		"an unknown batch":   {changed("batch", strings.Repeat("A", 22)), attest.CodeBatchUnknown},
		"a longer path":      {changed("path", append(whole.Path, whole.Path...)), attest.CodeReceiptPath},
		"no path":            {changed("path", []string{}), attest.CodeReceiptPath},
		"another kind":       {changed("kind", "document"), attest.CodeReceiptKind},
		"another suite":      {changed("suite", "gm"), attest.CodeHashUnknown},
		"another version":    {changed("v", 2), attest.CodeReceiptFormat},
		"a member more":      {json.RawMessage(`{"more":1,` + string(b.good.Receipt[1:])), attest.CodeJSONUnknown},
		"not one":            {json.RawMessage(`{}`), attest.CodeJSONMissing},
		"none":               {nil, attest.CodeReceiptMissing},
	} {
		t.Run(name, func(t *testing.T) {
			request := b.good
			request.Receipt = row.receipt
			b.judged(t, request, "undetermined", row.code)
		})
	}
	// A document in a receipt is ambiguous already for the API: it is refused before anything is judged.
	doubled := strings.Replace(string(b.good.Receipt), `"v":1`, `"v":1,"v":1`, 1)
	body := `{"presentation":"a~","useCause":"x","scenario":"x","receipt":` + doubled + `}`
	b.abroad.Client.Do(apitest.Request{Path: "/v1/verifications", Body: body}).Refused(http.StatusBadRequest, "JSON_DUPLICATE_MEMBER")
}

// judged: this verdict with this code, one record of it, and nothing else changed.
func (b *bench) judged(t *testing.T, request api.VerificationRequest, result api.Result, code attest.Code) {
	t.Helper()
	before := b.abroad.Gateway.Vault().AuditCount()
	v := b.abroad.For(t).Verify(request)
	assert.Equal(t, result, v.Result, "%+v", v.Checks)
	assert.Equal(t, string(code), v.Code, "%+v", v.Checks)
	assert.Equal(t, before+1, b.abroad.Gateway.Vault().AuditCount())
	if result == "invalid" {
		assert.JSONEq(t, "{}", string(v.Claims))
	}
}
