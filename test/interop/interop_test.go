package interop

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/test/internal/npm"
	"github.com/huzheng-ledger/huzheng/test/internal/program"
)

// installed fetches the pinned packages into a folder of the test's own, or says why it cannot.
func installed(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: no independent implementation to verify with", program)
		}
	}
	return npm.Install(t, "verify.mjs")
}

func TestCertificatesVerifyElsewhere(t *testing.T) {
	dir := installed(t)
	out := filepath.Join(t.TempDir(), "out")
	demo := exec.Command(program.Build(t), "demo", "--certificates", "200", "--out", out, "--json")
	printed, err := demo.Output()
	require.NoError(t, err, "%s", printed)

	check := exec.Command("node", filepath.Join(dir, "verify.mjs"), out)
	text, err := check.Output()
	require.NoError(t, err, "%s", text)
	var report struct {
		Certificates int      `json:"certificates"`
		Claims       int      `json:"claims"`
		Failures     []string `json:"failures"`
	}
	require.NoError(t, json.Unmarshal(text, &report))
	assert.GreaterOrEqual(t, report.Certificates, 100)
	assert.Greater(t, report.Claims, 10*report.Certificates)
	assert.Empty(t, report.Failures)
}
