package snippets_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/archtest/snippets"
)

const document = "# Title\n\n<!-- test:demo -->\n```sh\nmake demo\n\n# a comment\ncurl -s \\\n  http://localhost \\\n  | cat\n```\n" +
	"text\n\n```sh\nnot marked\n```\n\n<!-- test:two -->\n\n```console\nls\n```\n"

func TestExtract(t *testing.T) {
	got, err := snippets.Extract(document)
	require.NoError(t, err)
	assert.Equal(t, []snippets.Snippet{
		{Name: "demo", Line: 5, Commands: []string{"make demo", "curl -s http://localhost | cat"}},
		{Name: "two", Line: 21, Commands: []string{"ls"}},
	}, got)
	assert.Equal(t, "set -euo pipefail\nmake demo\ncurl -s http://localhost | cat\n", got[0].Script())
}

func TestExtractRefuses(t *testing.T) {
	for name, document := range map[string]string{
		"no block":     "<!-- test:a -->\ntext\n",
		"at the end":   "<!-- test:a -->\n",
		"not shell":    "<!-- test:a -->\n```go\nx\n```\n",
		"no end":       "<!-- test:a -->\n```sh\nls\n",
		"empty":        "<!-- test:a -->\n```sh\n\n```\n",
		"only comment": "<!-- test:a -->\n```sh\n# ls\n```\n",
		"twice":        "<!-- test:a -->\n```sh\nls\n```\n<!-- test:a -->\n```sh\nls\n```\n",
	} {
		_, err := snippets.Extract(document)
		assert.Error(t, err, name)
	}
}

func TestDiffer(t *testing.T) {
	a := []snippets.Snippet{{Name: "x", Line: 1, Commands: []string{"ls"}}, {Name: "y", Line: 5, Commands: []string{"ls"}}}
	b := []snippets.Snippet{{Name: "y", Line: 9, Commands: []string{"ls -l"}}, {Name: "z", Line: 12}}
	assert.Nil(t, snippets.Differ(a, a))
	assert.Equal(t, []string{`"x" is only in the first`, `"y" differs: lines 5 and 9`, `"z" is only in the second`},
		snippets.Differ(a, b))
}

// Both languages of the README tell the reader to type the same.
func TestReadmesAgree(t *testing.T) {
	read := func(name string) []snippets.Snippet {
		content, err := os.ReadFile(filepath.Join("..", "..", "..", name))
		require.NoError(t, err)
		got, err := snippets.Extract(string(content))
		require.NoError(t, err, name)
		require.NotEmpty(t, got, "%s has no snippet that a test runs", name)
		return got
	}
	assert.Empty(t, snippets.Differ(read("README.md"), read("README.zh-CN.md")))
}
