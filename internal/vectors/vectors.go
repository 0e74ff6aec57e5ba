// Package vectors reads published test vectors that the project did not write and does not carry. They lie in the
// folder named by HUZHENG_VECTORS or in ../shared/vectors beside the repository; where neither exists a test that needs
// them is skipped and says so.
package vectors

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Load decodes one vector file into dst (a pointer), or skips t with the reason.
func Load(t testing.TB, name string, dst any) {
	t.Helper()
	dir := os.Getenv("HUZHENG_VECTORS")
	if dir == "" {
		_, self, _, ok := runtime.Caller(0)
		if !ok {
			t.Skip("skipped: cannot tell where the source lies, so not where the vectors are; set HUZHENG_VECTORS")
		}
		dir = filepath.Join(filepath.Dir(self), "..", "..", "..", "shared", "vectors")
	}
	path := filepath.Join(dir, name)
	data, err := os.ReadFile(path) //nolint:gosec // a test reads the folder that its user named
	if os.IsNotExist(err) {
		t.Skipf("skipped: vector file %s is not here (set HUZHENG_VECTORS to the folder that holds it)", name)
	}
	if err != nil {
		t.Fatalf("vector file %s: %v", name, err)
	}
	if err := json.Unmarshal(data, dst); err != nil {
		t.Fatalf("vector file %s: %v", name, err)
	}
}
