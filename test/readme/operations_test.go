package readme

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// office serves the gateway that the guide has set up, and returns how it is stopped. From then on the guide's address is its.
func (s *shell) office(t *testing.T) (stop func()) {
	t.Helper()
	c := s.command(s.script(t, "office-serve"))
	logs, err := c.StderrPipe()
	require.NoError(t, err)
	stop = s.start(t, c, logs)
	t.Cleanup(stop)
	lines := bufio.NewScanner(logs)
	for lines.Scan() {
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			s.at(line.Address)
			return stop
		}
	}
	require.Fail(t, "the gateway does not serve")
	return stop
}

// at says where the places of the guide are here.
func (s *shell) at(address string) {
	srv := filepath.Join(s.dir, "srv")
	s.place = strings.NewReplacer("/srv/huzheng", srv, "/media/safe", srv, "127.0.0.1:8440", address)
}

// until types a command until it succeeds: here, until the regions have stated that they see a fresh certificate.
func (s *shell) until(t *testing.T, command string) {
	t.Helper()
	for s.command(s.place.Replace(command)).Run() != nil {
		require.NoError(t, s.ctx.Err(), command)
	}
}

// TestOperations follows the guide for one office alone, from nothing to a restored backup and a rebuilt index.
func TestOperations(t *testing.T) {
	for _, tool := range []string{"curl", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	s := newShell(t, "docs/operations.md")
	s.at("127.0.0.1:8440")
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "srv"), 0o750))
	known := map[string]bool{"office-serve": true}
	follow := func(name string) string {
		known[name] = true
		return string(s.run(t, s.script(t, name)))
	}

	follow("office-init")
	config := filepath.Join(s.dir, "srv", "gd", "huzheng.yaml")
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	require.Contains(t, string(text), "127.0.0.1:8440")
	text = []byte(strings.Replace(string(text), "127.0.0.1:8440", "127.0.0.1:0", 1))
	require.NoError(t, os.WriteFile(config, text, 0o600))

	assert.Contains(t, follow("office-keys"), "政务服务中心")
	stop := s.office(t)
	assert.Contains(t, follow("office-issue"), "issued 100")
	assert.Contains(t, follow("office-status"), "transaction")
	follow("office-present")
	s.until(t, "huzheng verify 证照.hzp --scenario 抽查 --use-cause 抽查 --api http://127.0.0.1:8440 --key @verify.key")
	assert.Contains(t, follow("office-offline"), "有效 valid")
	stop()

	assert.Contains(t, follow("office-issue-stopped"), "issued 100")
	assert.Contains(t, follow("office-rotate"), "440000#gw-2")
	assert.Contains(t, follow("office-fsck"), "错误 errors 0")
	follow("office-backup")
	assert.Contains(t, follow("office-restore"), "有效 valid")
	assert.Contains(t, follow("office-rebuild"), "LEDGER_BEHIND")
	stop = s.office(t) // it follows the ledger from block 0, with keys that were rotated
	assert.Contains(t, string(s.run(t, "huzheng authority list --api http://"+s.place.Replace("127.0.0.1:8440"))), "11440000EXAMPL0120")
	stop()
	s.nothingLeft(t, known)
}
