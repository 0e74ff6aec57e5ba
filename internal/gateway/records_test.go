package gateway_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// checkFile sends a file with its salt and receipt to a region.
func checkFile(t *testing.T, at *gatewaytest.Region, d *api.Document, file []byte) api.CheckResult {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, part := range []struct{ name, content string }{{"salt", d.Salt}, {"receipt", string(d.Receipt)}} {
		require.NoError(t, form.WriteField(part.name, part.content))
	}
	w, err := form.CreateFormFile("file", "file")
	require.NoError(t, err)
	_, err = w.Write(file)
	require.NoError(t, err)
	require.NoError(t, form.Close())
	var result api.CheckResult
	at.Client.Do(apitest.Request{Path: "/v1/documents/check", Body: body.Bytes(), Type: form.FormDataContentType()}).
		Require(http.StatusOK).JSON(&result)
	return result
}

func TestADocumentIsProvedAbroadAndAnAlteredOneIsNot(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		t.Run(string(suite), func(t *testing.T) {
			w := gatewaytest.Found(t, gatewaytest.Options{Suite: suite})
			home, abroad := w.Regions[0], w.Regions[1]
			file := bytes.Repeat([]byte("%PDF-1.7 示例 "), 10_000)
			record := func(key string, content []byte) *apitest.Response {
				path := "/v1/documents?authority=" + string(home.Authority(sample.TypeConstructor).Code)
				return home.Client.Do(apitest.Request{Path: path, Key: key, Body: content, Type: "application/octet-stream"})
			}
			var d, again api.Document
			record("document-1", file).Require(http.StatusCreated).JSON(&d)
			require.NoError(t, home.Gateway.Notary().Flush(t.Context()))
			w.Settle()
			record("document-1", file).Require(http.StatusCreated).JSON(&again)
			assert.Equal(t, d.ID, again.ID)
			assert.Equal(t, d.Salt, again.Salt)
			require.NotEmpty(t, again.Receipt)
			record("document-1", append(file, '!')).Refused(http.StatusConflict, "OPERATION_CONFLICT")

			result := checkFile(t, abroad, &again, file)
			assert.Equal(t, api.Result("valid"), result.Result, "%+v", result.Checks)
			assert.Equal(t, string(home.Authority(sample.TypeConstructor).Code), result.Authority)
			file[len(file)/2] ^= 1
			result = checkFile(t, abroad, &again, file)
			assert.Equal(t, api.Result("invalid"), result.Result)
			assert.Equal(t, "RECEIPT_PATH", result.Code)
		})
	}
}

// entry is a catalogue entry of two columns.
func entry(home *gatewaytest.Region, grade api.DatasetEntryGrade) api.DatasetEntry {
	return api.DatasetEntry{Authority: string(home.Authority(sample.TypeConstructor).Code), Name: "示例数据", Grade: grade,
		Sharing: "open", UpdatePeriod: "每年", Fields: []string{"code", "name"}}
}

func publish(home *gatewaytest.Region, id string, e api.DatasetEntry) *apitest.Response {
	return home.Client.Do(apitest.Request{Method: http.MethodPut, Path: "/v1/datasets/" + id, Key: "publish-" + id, Body: e})
}

func version(home *gatewaytest.Region, id, key, csv string) *apitest.Response {
	return home.Client.Do(apitest.Request{Path: "/v1/datasets/" + id + "/versions", Key: key, Body: csv, Type: "text/csv"})
}

func TestARowOfADatasetIsProvedAbroad(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	publish(home, "codes", entry(home, "general")).Require(http.StatusOK)
	const table = "code,name\n110000,北京\n440000,广东\n510000,四川\n"
	var v api.DatasetVersion
	version(home, "codes", "version-1", table).Require(http.StatusCreated).JSON(&v)
	assert.EqualValues(t, 3, v.Rows)
	assert.EqualValues(t, 1, v.Version)
	home.Client.Get("/v1/datasets/codes/versions/1/rows/0/proof").Refused(http.StatusConflict, "NOT_ANCHORED_YET")
	require.NoError(t, home.Gateway.Notary().Flush(t.Context()))
	w.Settle()
	version(home, "codes", "version-1", table).Require(http.StatusCreated).JSON(&v)
	assert.EqualValues(t, 1, v.Version, "a retry makes no second version")
	version(home, "codes", "version-1", table+"430000,湖南\n").Refused(http.StatusConflict, "OPERATION_CONFLICT")

	check := func(proof []byte) (result api.CheckResult) {
		abroad.Client.Do(apitest.Request{Path: "/v1/datasets/rows/check", Body: proof}).Require(http.StatusOK).JSON(&result)
		return result
	}
	for row, name := range []string{"北京", "广东", "四川"} {
		proof := home.Client.Get("/v1/datasets/codes/versions/1/rows/" + string(rune('0'+row)) + "/proof").Require(http.StatusOK).Body
		assert.Contains(t, string(proof), name)
		result := check(proof)
		assert.Equal(t, api.Result("valid"), result.Result, "%+v", result.Checks)
		result = check(bytes.Replace(proof, []byte(name), []byte("别处"), 1))
		assert.Equal(t, api.Result("invalid"), result.Result)
		var moved map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(proof, &moved))
		moved["index"] = json.RawMessage(string(rune('0' + (row+1)%3)))
		altered, err := json.Marshal(moved)
		require.NoError(t, err)
		assert.Equal(t, api.Result("invalid"), check(altered).Result)
	}
	home.Client.Get("/v1/datasets/codes/versions/1/rows/3/proof").Refused(http.StatusNotFound, "NOT_FOUND")
	home.Client.Get("/v1/datasets/codes/versions/2/rows/0/proof").Refused(http.StatusNotFound, "NOT_FOUND")
	abroad.Client.Get("/v1/datasets/codes/versions/1/rows/0/proof").Refused(http.StatusNotFound, "NOT_FOUND")
}

func TestTablesThatCannotBeReadAreRefusedWhole(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home := w.Regions[0]
	publish(home, "core", entry(home, "core")).Refused(http.StatusForbidden, "DATASET_GRADE")
	publish(home, "important", entry(home, "important")).Refused(http.StatusForbidden, "DATASET_GRADE")
	approved := entry(home, "important")
	approved.Approval = "粤数〔2026〕1号"
	publish(home, "approved", approved).Require(http.StatusOK)
	publish(home, "codes", entry(home, "general")).Require(http.StatusOK)
	for name, c := range map[string]struct{ table, code string }{
		"GBK":          {"code,name\n440000,\xb9\xe3\xb6\xab\n", "DATASET_ENCODING"},
		"GBK header":   {"code,\xc3\xfb\xb3\xc6\n440000,x\n", "DATASET_ENCODING"},
		"UTF-16":       {"\xff\xfec\x00o\x00d\x00e\x00,\x00n\x00", "DATASET_ENCODING"},
		"ragged":       {"code,name\n110000,北京\n440000\n510000,四川\n", "DATASET_CSV"},
		"open quote":   {"code,name\n440000,\"广东\n", "DATASET_CSV"},
		"other header": {"name,code\n广东,440000\n", "DATASET_CSV"},
		"no rows":      {"code,name\n", "DATASET_CSV"},
		"empty":        {"", "DATASET_CSV"},
	} {
		t.Run(name, func(t *testing.T) {
			before := home.Gateway.Vault().Queues()
			p := version(home.For(t), "codes", "refused-"+strings.ReplaceAll(name, " ", "-"), c.table).
				Refused(http.StatusUnprocessableEntity, c.code)
			if name == "ragged" {
				assert.Contains(t, p.Detail, "line 3")
			}
			assert.Equal(t, before, home.Gateway.Vault().Queues(), "nothing half done")
		})
	}
	var v api.DatasetVersion
	version(home, "codes", "with-a-mark", "\xef\xbb\xbfcode,name\n440000,广东\n").Require(http.StatusCreated).JSON(&v)
	assert.EqualValues(t, 1, v.Version, "a byte order mark is passed over, and no refused table took a number")
}
