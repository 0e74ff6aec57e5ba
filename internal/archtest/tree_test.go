package archtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

func loadTree(t *testing.T) *Tree {
	t.Helper()
	tree, err := Load(t.Context(), root)
	require.NoError(t, err)
	require.NotEmpty(t, tree.own(false))
	require.NotEmpty(t, tree.own(true))
	return tree
}

func report(t *testing.T, broken []Violation) {
	t.Helper()
	for _, v := range broken {
		t.Error(v)
	}
}

func TestImports(t *testing.T) { report(t, loadTree(t).CheckImports()) }

func TestCode(t *testing.T) {
	tree := loadTree(t)
	files, err := tree.CheckFiles()
	require.NoError(t, err)
	report(t, files)
	signatures, err := tree.CheckSignatures()
	require.NoError(t, err)
	report(t, signatures)
	rules, err := tree.CheckDeterminism(t.Context())
	require.NoError(t, err)
	report(t, rules)
}

func TestText(t *testing.T) {
	files, err := TrackedFiles(t.Context(), root)
	require.NoError(t, err)
	require.Contains(t, files, "internal/archtest/tree_test.go")
	exists := func(name string) bool {
		_, err := os.Stat(filepath.Join(root, name))
		return err == nil
	}
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		if strings.HasPrefix(name, "internal/archtest/testdata/") {
			continue
		}
		report(t, CheckText(name, content))
		if strings.HasSuffix(name, ".md") {
			report(t, CheckLinks(name, content, exists))
		}
	}
}

// The rules name folders; a name that is misspelt would bind nothing. Folders that are still to come are listed here, and
// leave the list when they come.
func TestRulesNameFolders(t *testing.T) {
	coming := []string{"...", "chaincode", "client/fabric", "cmd", "cmd/chaincode", "internal/notary", "test", "web/citizen", "web/office"}
	for _, folder := range ruleFolders() {
		folder = strings.TrimSuffix(folder, "/...")
		if info, err := os.Stat(filepath.Join(root, folder)); err == nil && info.IsDir() {
			continue
		}
		assert.Contains(t, coming, folder, "a rule names a folder that is neither here nor to come")
	}
}

func ruleFolders() []string {
	var out []string
	for _, r := range importRules {
		out = append(append(append(out, r.from...), r.except...), r.never...)
	}
	for _, family := range siblings {
		out = append(out, family...)
	}
	for _, d := range dependencies {
		out = append(append(out, d.owners...), d.shown...)
	}
	return append(out, testPackages...)
}
