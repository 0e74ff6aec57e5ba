package attest_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
)

type declared struct {
	name  string
	code  attest.Code
	group string // the comment above its block
}

// declaredCodes are the constants of codes.go in their order.
func declaredCodes(t testing.TB) []declared {
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, parser.ParseComments)
	require.NoError(t, err)
	var out []declared
	for _, decl := range file.Decls {
		block, ok := decl.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		for _, spec := range block.Specs {
			v := spec.(*ast.ValueSpec)                //nolint:forcetypeassert // a constant's
			text := v.Values[0].(*ast.BasicLit).Value //nolint:forcetypeassert // a string's
			value, err := strconv.Unquote(text)
			require.NoError(t, err)
			out = append(out, declared{v.Names[0].Name, attest.Code(value), strings.TrimSpace(block.Doc.Text())})
		}
	}
	require.Greater(t, len(out), 100)
	return out
}

// TestEveryCodeIsExplained holds the tables to codes.go: a new code comes with a sentence in both languages.
func TestEveryCodeIsExplained(t *testing.T) {
	unknownZh, unknownEn := attest.Explain("NO_SUCH_CODE")
	seen := map[string]string{}
	for _, c := range declaredCodes(t) {
		zh, en := attest.Explain(c.code)
		assert.NotEqual(t, unknownZh, zh, "%s (%s) has no explanation in explain*.go", c.name, c.code)
		assert.NotEqual(t, unknownEn, en, c.name)
		assert.True(t, strings.HasSuffix(zh, "。"), "%s: %s", c.name, zh)
		assert.True(t, strings.HasSuffix(en, "."), "%s: %s", c.name, en)
		assert.True(t, strings.ContainsFunc(zh, isHan), c.name)
		assert.False(t, strings.ContainsFunc(en, isHan), c.name)
		assert.Empty(t, seen[string(c.code)], "%s and %s have one value", c.name, seen[string(c.code)])
		seen[string(c.code)] = c.name
	}
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

func TestResultsAndChecksHaveWords(t *testing.T) {
	for _, r := range attest.Results() {
		zh, en := attest.ResultText(r)
		assert.True(t, strings.ContainsFunc(zh, isHan), r)
		assert.NotEmpty(t, en, r)
	}
	zh, _ := attest.ResultText("of tomorrow")
	undetermined, _ := attest.ResultText(attest.Undetermined)
	assert.Equal(t, undetermined, zh, "a result that is not known is no decision")
	for _, c := range attest.Judge(&attest.Evidence{}).Checks {
		zh, en := attest.CheckText(c.Name)
		assert.True(t, strings.ContainsFunc(zh, isHan), c.Name)
		assert.NotEqual(t, string(c.Name), en, c.Name)
	}
}

// TestErrorsDocument compares docs/errors.md with what the code says; `go test ./attest -run TestErrorsDocument -rewrite`
// writes it.
func TestErrorsDocument(t *testing.T) {
	var b strings.Builder
	b.WriteString("# 错误代码 Error codes\n\n" +
		"Every refusal and every check of a verdict carries one of these codes. A code never changes its meaning, and is the\n" +
		"same in the rules of the ledger, in the gateway, in the API's problem details (`code`) and in a verification receipt.\n" +
		"The list is `attest/codes.go`; this page is written from it by `go generate ./attest`.\n\n" +
		"## 核验结论 Results of a verdict\n\n| result | 说明 | meaning |\n|---|---|---|\n")
	for _, r := range attest.Results() {
		zh, en := attest.ResultText(r)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r, zh, en)
	}
	group := ""
	for _, c := range declaredCodes(t) {
		if c.group != group {
			group = c.group
			fmt.Fprintf(&b, "\n## %s\n\n| code | 说明 | meaning |\n|---|---|---|\n", strings.TrimSuffix(strings.Join(strings.Fields(group), " "), "."))
		}
		zh, en := attest.Explain(c.code)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.code, zh, en)
	}
	const path = "../docs/errors.md"
	if rewrite := flag.Lookup("rewrite"); rewrite != nil && rewrite.Value.String() == "true" {
		require.NoError(t, os.MkdirAll("../docs", 0o750))
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(have), "docs/errors.md is out of date: run go generate ./attest")
}
