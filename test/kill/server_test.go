package kill

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/test/internal/program"
)

const region = "440000"

// site is a region on disk with the program that serves it.
type site struct {
	program, data, config string
	key                   string
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{program: program.Build(t), data: filepath.Join(dir, "gd")}
	s.config = filepath.Join(s.data, "huzheng.yaml")
	s.run(t, "init", "--data", s.data, "--region", region, "--listen", "127.0.0.1:0")
	var made struct {
		Token string `json:"token"`
	}
	text := s.run(t, "key", "create", "--data", s.data, "--tenant", "test", "--scope", "issue,verify", "--authority", "*", "--json")
	require.NoError(t, json.Unmarshal(text, &made))
	s.key = made.Token
	return s
}

// run runs a command that has to succeed.
func (s *site) run(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(s.program, args...).Output()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit)
		require.NoError(t, err, "huzheng %s: %s%s", strings.Join(args, " "), out, exit.Stderr)
	}
	return out
}

// server is a running gateway.
type server struct {
	cmd *exec.Cmd
	api *client.ClientWithResponses
}

// start serves the site and returns once it says where.
func (s *site) start(t *testing.T) *server {
	t.Helper()
	cmd := exec.Command(s.program, "serve", "--config", s.config)
	logs, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(logs)
	address := ""
	var seen []string
	for address == "" && lines.Scan() {
		var line struct{ Msg, Address string }
		seen = append(seen, lines.Text())
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			address = line.Address
		}
	}
	if address == "" {
		_ = cmd.Wait()
		require.Fail(t, "the gateway does not serve", strings.Join(seen, "\n"))
	}
	go func() {
		for lines.Scan() { // keeps the pipe empty
			continue
		}
	}()
	api, err := client.NewClientWithResponses("http://"+address, client.WithHTTPClient(&http.Client{Timeout: 30 * time.Second}),
		client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+s.key)
			return nil
		}))
	require.NoError(t, err)
	return &server{cmd: cmd, api: api}
}

// kill is kill -9; it returns once the process is gone.
func (s *server) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, s.cmd.Process.Kill())
	_ = s.cmd.Wait() // says that it was killed
}
