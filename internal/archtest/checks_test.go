package archtest

import (
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testdata/bad is a module that breaks the rules. Each breach must be found, and what is allowed there must not.
func TestBadTreeIsFound(t *testing.T) {
	tree, err := Load(t.Context(), filepath.Join("testdata", "bad"))
	require.NoError(t, err)
	files, err := tree.CheckFiles()
	require.NoError(t, err)
	rules, err := tree.CheckDeterminism(t.Context())
	require.NoError(t, err)

	var got []string
	for _, v := range slices.Concat(tree.CheckImports(), files, rules) {
		rule, _, _ := strings.Cut(v.Rule, " (")
		got = append(got, fmt.Sprintf("%s | %s | %s", rule, strings.TrimPrefix(v.Where, tree.Module+"/"), v.What))
	}
	inMapOrder := `range in map order; sort the keys, or say on the line "// ordered: why it cannot matter"`
	assert.ElementsMatch(t, []string{
		"attest is the root | attest | attest/merkle",
		"attest is pure | attest | imports os",
		"no work at import | attest/attest.go:10 | func init",
		"attest does not know the time | attest/attest.go:10 | time.Now",
		"attest starts no goroutine | attest/attest.go:16 | go statement",
		"the rules are deterministic | attest/registry/registry.go:9 | " + inMapOrder,
		"the rules are deterministic | attest/registry/registry.go:12 | " + inMapOrder,
		"the rules are deterministic | attest/registry/registry.go:18 | " + inMapOrder,
		"the rules are deterministic | attest/registry/registry.go:28 | floating point",
		"handlers know interfaces | api | internal/glue → internal/vault",
		"siblings keep apart | internal/index | internal/vault",
		"support for tests does not ship | internal/vault | internal/vaulttest",
		"chaincode adapts the registry alone | chaincode | api",
		"chaincode is linked by its server alone | cmd/huzheng | chaincode",
		"a test waits for a condition, not for a time | web/web_test.go:9 | time.Sleep",
		"a skipped test says why | web/web_test.go:11 | Skip without a reason",
		"a skipped test says why | web/web_test.go:14 | Skip without a reason",
		"a package says why it exists | attest | no package comment",
		"a package says why it exists | attest/registry | no package comment",
		"a package says why it exists | api | no package comment",
		"a package says why it exists | chaincode | no package comment",
		"a package says why it exists | cmd/huzheng | no package comment",
		"a package says why it exists | internal/glue | no package comment",
		"a package says why it exists | internal/index | no package comment",
		"a package says why it exists | internal/vault | no package comment",
		"a package says why it exists | internal/vaulttest | no package comment",
		"a package says why it exists | web | no package comment",
	}, got)
}

func TestOwnership(t *testing.T) {
	for _, c := range []struct {
		rel, imp string
		tests    bool
		want     string
	}{
		{"internal/index", "github.com/cockroachdb/pebble/v2/vfs", false, ""},
		{"internal/verify", "github.com/cockroachdb/pebble/v2", false, "owned"},
		{"internal/verify", "github.com/cockroachdb/pebble/v2", true, "owned"},
		{"cmd/huzheng", "github.com/labstack/echo/v4", false, "owned"},
		{"web", "github.com/labstack/echo/v4", false, ""},
		{"attest", "github.com/emmansun/gmsm/sm2", false, ""},
		{"chaincode", "github.com/emmansun/gmsm/sm2", false, "owned"},
		{"attest", "pgregory.net/rapid", true, ""},
		{"attest", "pgregory.net/rapid", false, "tests only"},
		{"internal/vaulttest", "github.com/stretchr/testify/require", false, ""},
		{"internal/vectors", "github.com/stretchr/testify/require", false, ""},
		{"attest", "github.com/stretchr/testify-more/require", true, "has no owner"},
		{"cmd/huzheng", "example.org/new/module", false, "has no owner"},
	} {
		got := ownership(c.rel, c.imp, c.tests)
		if c.want == "" {
			assert.Empty(t, got, "%s imports %s", c.rel, c.imp)
		} else {
			assert.Contains(t, got, c.want, "%s imports %s", c.rel, c.imp)
		}
	}
}

func TestSignatures(t *testing.T) {
	const source = `package p

import (
	p "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/labstack/echo/v4"
)

type Options struct {
	FS    vfs.FS
	quiet *p.DB
}
type options struct{ FS vfs.FS }
type Handler func(echo.Context) error
type Reader interface {
	Iter() *p.Iterator
	snapshot() *p.Snapshot
}

var DB *p.DB

func Open() (map[string][]*p.DB, error)
func open() *p.DB
func (options) Get() *p.DB
func (*Options) Get(p.Reader)
func Body() string { return string(p.Sync.Sync) }
`
	lines := func(rel string) []string {
		path := filepath.Join(t.TempDir(), "p.go")
		require.NoError(t, os.WriteFile(path, []byte(source), 0o600))
		tree := &Tree{Root: filepath.Dir(path), Module: "example.org/m"}
		f, err := tree.parse(token.NewFileSet(), rel, path)
		require.NoError(t, err)
		var out []string
		for _, v := range checkSignatures(f) {
			what, _, _ := strings.Cut(v.What, " in ")
			out = append(out, strings.TrimPrefix(v.Where, "p.go:")+" "+what[strings.LastIndex(what, ".")+1:])
		}
		return out
	}
	assert.Equal(t, []string{"10 FS", "14 Context", "16 Iterator", "20 DB", "22 DB", "25 Reader"}, lines("internal/vault"))
	assert.Equal(t, []string{"10 FS", "16 Iterator", "20 DB", "22 DB", "25 Reader"}, lines("api"))
	assert.Equal(t, []string{"14 Context"}, lines("internal/pebblekv"))
}

func TestLongFile(t *testing.T) {
	dir := t.TempDir()
	tree := &Tree{Root: dir, Module: "example.org/m"}
	count := func(head string, lines int) int {
		path := filepath.Join(dir, "p.go")
		require.NoError(t, os.WriteFile(path, []byte(head+"package p"+strings.Repeat("\n", lines)), 0o600))
		f, err := tree.parse(token.NewFileSet(), "p", path)
		require.NoError(t, err)
		return len(checkFile(f))
	}
	assert.Zero(t, count("", maxLines))
	assert.Equal(t, 1, count("", maxLines+1))
	assert.Zero(t, count("// Code generated by a test. DO NOT EDIT.\n\n", maxLines+1))
}

func TestTextRules(t *testing.T) {
	for _, c := range []struct{ name, line, want string }{
		{"a.go", "// TO" + "DO: later", "nothing is left"},
		{"a.md", "FIX" + "ME", "nothing is left"},
		{"a.go", "mastodons", ""},
		{"a.sh", "cd /ro" + "ot/x", "no path of one machine"},
		{"a.go", `"../wo` + `rk/x"`, ""},
		{"a.yml", "url: https://proxy.go" + "lang.org", "no host"},
		{"a.go", "x() //nolint", "a nolint"},
		{"a.go", "x() //nolint:gosec", "a nolint"},
		{"a.go", "x() //nolint:gosec,errcheck //", "a nolint"},
		{"a.go", "x() //nolint:gosec // the port is ours", ""},
		{"a.md", "`//nolint`", ""},
		{"a.bin", "TO" + "DO\x00", ""},
	} {
		got := CheckText(c.name, []byte("first\n"+c.line+"\n"))
		if c.want == "" {
			assert.Empty(t, got, c.line)
			continue
		}
		require.Len(t, got, 1, c.line)
		assert.Contains(t, got[0].Rule, c.want)
		assert.Equal(t, c.name+":2", got[0].Where)
	}
}

func TestLinks(t *testing.T) {
	const page = "[a](b.md) [c](../README.md#top) [d](https://example.org/x) [e](#here)\n" +
		"![i](gone.svg) [t](gone.md \"title\")\n" +
		"`[code](gone.md)`\n```\n[fenced](gone.md)\n```\n[z](<gone too.md>)\n"
	exists := func(name string) bool { return name == "docs/b.md" || name == "README.md" }
	var got []string
	for _, v := range CheckLinks("docs/a.md", []byte(page), exists) {
		got = append(got, v.Where+" "+v.What)
	}
	assert.Equal(t, []string{"docs/a.md:2 gone.svg", "docs/a.md:2 gone.md", "docs/a.md:7 gone"}, got)
}

// Outside a checkout the tree is walked: an unpacked archive is held to the same rules.
func TestTrackedFilesWithoutGit(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.go", ".ci/run", ".git-not/x", "bin/huzheng", "docs/b.md", ".golangci.yml"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	files, err := TrackedFiles(t.Context(), dir)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"a.go", ".ci/run", "docs/b.md", ".golangci.yml"}, files)
}
