// Package program builds the command for tests that run it as its users do.
package program

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Build makes the program in a folder of the test's own and returns its path. The test has to lie two folders below the
// root of the module.
func Build(t testing.TB) string {
	t.Helper()
	const root = "../.."
	noteSources(t, root)
	path := filepath.Join(t.TempDir(), "huzheng")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, root+"/cmd/huzheng").CombinedOutput() //nolint:gosec // our own program
	require.NoError(t, err, "%s", out)
	return path
}

// noteSources looks at every source file, so that the go command does not take an earlier result for the test's while
// the program has changed: it knows what a test looked at, and not what a process that it started has read.
func noteSources(t testing.TB, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if name := entry.Name(); path != root && (strings.HasPrefix(name, ".") || name == "bin" || name == "node_modules") {
				return fs.SkipDir
			}
			return nil
		case strings.HasSuffix(path, ".go"), strings.HasSuffix(path, ".yaml"), strings.HasSuffix(path, ".json"), filepath.Base(path) == "go.mod":
			_, err := os.Stat(path)
			return err
		}
		return nil
	})
	require.NoError(t, err)
}
