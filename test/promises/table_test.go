package promises_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheTableNamesRealTests: docs/promises.md says which test keeps which promise, by folder and name; each is there, and
// so is each flag that makes one larger.
func TestTheTableNamesRealTests(t *testing.T) {
	root := filepath.Join("..", "..")
	table, err := os.ReadFile(filepath.Join(root, "docs", "promises.md"))
	require.NoError(t, err)
	named := regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(string(table), -1)
	require.Greater(t, len(named), 40)
	sources := map[string]string{}
	for _, name := range named {
		folder := name[1]
		if _, ok := sources[folder]; !ok {
			sources[folder] = testsOf(t, filepath.Join(root, folder))
		}
		assert.Contains(t, sources[folder], "\nfunc "+name[2]+"(", "%s", folder)
	}
	all := ""
	for _, source := range sources {
		all += source
	}
	for _, flag := range regexp.MustCompile("`-([a-z.-]+)`").FindAllStringSubmatch(string(table), -1) {
		if strings.HasPrefix(flag[1], "rapid.") { // of the library that draws the cases
			continue
		}
		assert.Regexp(t, `flag\.(Int|Uint64|Bool)\("`+regexp.QuoteMeta(flag[1])+`"`, all)
	}
}

func testsOf(t *testing.T, folder string) string {
	t.Helper()
	var out strings.Builder
	matches, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	for _, name := range matches {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		out.Write(source)
	}
	return out.String()
}
