// Package npm sets up a Node program with its pinned packages for a test.
package npm

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Install copies the files named, with package.json and package-lock.json beside them, into a folder of the test's own and
// fetches the pinned packages there. The test is skipped, with the reason, where they cannot be fetched.
func Install(t *testing.T, names ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range append([]string{"package.json", "package-lock.json"}, names...) {
		data, err := os.ReadFile(name) //nolint:gosec // the test's own files
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600)) //nolint:gosec // a folder of the test's
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ci := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
	ci.Dir = dir
	if out, err := ci.CombinedOutput(); err != nil {
		t.Skipf("the packages cannot be fetched (%v): %s", err, out)
	}
	return dir
}
