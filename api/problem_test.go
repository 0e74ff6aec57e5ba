package api_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
)

func itoa(n int) string { return strconv.Itoa(n) }

// codes reads the one list of codes from its source, so that none can be forgotten.
func codes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../attest/codes.go", nil, 0)
	require.NoError(t, err)
	var list []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for _, value := range spec.Values {
			if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				code, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				list = append(list, code)
			}
		}
		return true
	})
	require.Greater(t, len(list), 100)
	return list
}

func TestEveryCodeHasItsStatus(t *testing.T) {
	statuses := api.ProblemClasses()
	for _, code := range codes(t) {
		status, ok := statuses[code]
		if assert.True(t, ok, "%s has no place in problem_table.go", code) {
			assert.NotEmpty(t, http.StatusText(status), "%s stands twice in problem_table.go", code)
		}
		delete(statuses, code)
	}
	assert.Empty(t, statuses, "codes that are none")
}

// Generated code is what openapi.yaml gives today.
func TestGeneratedCodeIsCurrent(t *testing.T) {
	generator, err := filepath.Abs("../bin/tools/oapi-codegen")
	require.NoError(t, err)
	if _, err := os.Stat(generator); err != nil {
		t.Skip("bin/tools/oapi-codegen is not built; make generate builds it")
	}
	document := api.OpenAPI()
	for config, output := range map[string]string{
		"models.cfg.yaml": "models.gen.go", "server.cfg.yaml": "server.gen.go", "client/client.cfg.yaml": "client/client.gen.go",
	} {
		settings, err := os.ReadFile(config)
		require.NoError(t, err)
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "cfg.yaml"), settings, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "openapi.yaml"), document, 0o600))
		command := exec.CommandContext(t.Context(), generator, "-config", "cfg.yaml", "openapi.yaml")
		command.Dir = dir
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s", out)
		want, err := os.ReadFile(filepath.Join(dir, filepath.Base(output)))
		require.NoError(t, err)
		got, err := os.ReadFile(output)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, got), "%s is not what openapi.yaml gives: run make generate", output)
	}
}

// FuzzBody: whatever is sent, the answer is a verdict or a problem of the client's, well-formed and without an echo.
func FuzzBody(f *testing.F) {
	g := newGateway(f)
	f.Add([]byte(`{"presentation":"a~","useCause":"办事","scenario":"事项"}`), "application/json")
	f.Add([]byte(`{"presentation":"a~","useCause":"办事","scenario":"事项","receipt":{"v":1e400}}`), "application/json")
	f.Add([]byte(`{"presentation":"a~","presentation":"b~"}`), "application/json")
	f.Add([]byte(`{"verifications":[{},[],null,1e999,"x"]}`), "application/json; charset=x")
	f.Add([]byte("\xff\xfe{"), "multipart/form-data; boundary=a")
	f.Add([]byte("--a\r\nContent-Disposition: form-data; name=salt\r\n\r\nx\r\n--a--"), "multipart/form-data; boundary=a")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		for _, path := range []string{"/v1/verifications", "/v1/verifications/batch", "/v1/documents/check"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
			r.Header["Content-Type"] = []string{contentType}
			r.Header.Set("Authorization", "Bearer "+g.office)
			w := httptest.NewRecorder()
			g.server.ServeHTTP(w, r)
			require.Less(t, w.Code, http.StatusInternalServerError, "%s", w.Body.String())
			require.True(t, utf8.Valid(w.Body.Bytes()))
			if w.Code == http.StatusOK {
				continue
			}
			var p api.Problem
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
			require.Equal(t, w.Code, int(p.Status))
			require.True(t, strings.HasPrefix(p.Type, "urn:huzheng:problem:"))
		}
	})
}
