package readme

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/archtest/snippets"
	"github.com/huzheng-ledger/huzheng/test/internal/program"
)

// patience bounds everything: what takes some seconds takes a minute or two on a machine that is taken many times over.
const patience = 5 * time.Minute

// shell is a reader who types a document's snippets in a folder of their own.
type shell struct {
	ctx      context.Context
	dir      string
	env      []string
	document string
	snippets []snippets.Snippet
	place    *strings.Replacer // what a document calls a place, and where it is here
}

func newShell(t *testing.T, document string) *shell {
	t.Helper()
	built := program.Build(t)                                                        // which may take longer than all the rest
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience) // serve is ended by a cleanup
	t.Cleanup(cancel)
	markdown, err := os.ReadFile(filepath.Join("..", "..", document))
	require.NoError(t, err)
	list, err := snippets.Extract(string(markdown))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "bin"), 0o750))
	require.NoError(t, os.Symlink(built, filepath.Join(dir, "bin", "huzheng")))
	return &shell{ctx: ctx, dir: dir, document: document, snippets: list, place: strings.NewReplacer(),
		env: append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "HOME="+dir, "TMPDIR="+t.TempDir(), "XDG_CONFIG_HOME=", "HUZHENG_API_KEY=")}
}

// script is a snippet as a shell script.
func (s *shell) script(t *testing.T, name string) string {
	t.Helper()
	i := slices.IndexFunc(s.snippets, func(x snippets.Snippet) bool { return x.Name == name })
	require.GreaterOrEqual(t, i, 0, "%s has no snippet %q", s.document, name)
	return s.place.Replace(s.snippets[i].Script())
}

func (s *shell) command(script string) *exec.Cmd {
	c := exec.CommandContext(s.ctx, "bash", "-c", script)
	c.Dir, c.Env = s.dir, s.env
	return c
}

// run types a script, which has to succeed, and returns what it printed.
func (s *shell) run(t *testing.T, script string) []byte {
	t.Helper()
	c := s.command(script)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	require.NoError(t, err, "%s\n%s%s", script, out, &stderr)
	return out
}

// sichuan is the row of the printed table that says that Sichuan's gateway is open.
var sichuan = regexp.MustCompile(`^四川\S*\s+http://\S+\s+hz_\S+$`)

// serve types the snippet that keeps running, and returns once it has printed how to reach Sichuan.
func (s *shell) serve(t *testing.T) {
	t.Helper()
	c := s.command(s.script(t, "serve"))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	t.Cleanup(s.start(t, c, out))
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if sichuan.MatchString(lines.Text()) {
			return
		}
	}
	require.Fail(t, "the demonstration ended without printing Sichuan's address and key")
}

// start begins what keeps running. The function that it returns interrupts it, and waits until it has closed out.
func (s *shell) start(t *testing.T, c *exec.Cmd, out io.Reader) (interrupt func()) {
	t.Helper()
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that an interrupt reaches all of it, as Ctrl-C does
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	require.NoError(t, c.Start())
	return sync.OnceFunc(func() {
		require.NoError(t, syscall.Kill(-c.Process.Pid, syscall.SIGINT))
		_, err := io.Copy(io.Discard, out) // until it has ended
		require.NoError(t, err)
		_ = c.Wait() // how it says that it was interrupted is the shell's matter
		require.NoError(t, s.ctx.Err(), "it did not end when interrupted")
	})
}

// answer is what the README says that a verification holds.
type answer struct {
	Result    string
	Reason    struct{ Zh, En string }
	Receipt   string
	Agreement struct{ ID string }
	Claims    map[string]any
	Checks    []struct{ Name, Outcome string }
}

func (s *shell) ask(t *testing.T, script string) (a answer) {
	t.Helper()
	out := s.run(t, script)
	require.NoError(t, json.Unmarshal(out, &a), "%s", out)
	assert.NotEmpty(t, a.Receipt)
	assert.NotEmpty(t, a.Reason.Zh)
	assert.NotEmpty(t, a.Reason.En)
	assert.Len(t, a.Checks, 12)
	return a
}

func TestSnippets(t *testing.T) {
	s := newShell(t, "README.md")
	s.serve(t)
	known := map[string]bool{"serve": true}
	try := func(name string, f func(t *testing.T, script string)) {
		known[name] = true
		t.Run(name, func(t *testing.T) { f(t, s.script(t, name)) })
	}
	try("verify-by-curl", func(t *testing.T, script string) {
		if _, err := exec.LookPath("curl"); err != nil {
			t.Skip("curl is not installed")
		}
		valid := s.ask(t, script)
		assert.Equal(t, "valid", valid.Result)
		assert.Equal(t, "kstb-mortgage", valid.Agreement.ID)
		assert.NotEmpty(t, valid.Claims["certificateHolderName"])
		// The README tells what becomes of it for another item.
		other := strings.Replace(script, "不动产抵押登记", "新生儿入户", 1)
		require.NotEqual(t, script, other)
		assert.Equal(t, "not_recognised", s.ask(t, other).Result)
	})
	try("verify-offline", func(t *testing.T, script string) {
		assert.Contains(t, string(s.run(t, script)), "有效 valid")
	})
	s.nothingLeft(t, known)
}

// nothingLeft checks that every marked snippet was run.
func (s *shell) nothingLeft(t *testing.T, known map[string]bool) {
	t.Helper()
	for _, x := range s.snippets {
		assert.True(t, known[x.Name], "%s: snippet %q of line %d is run by no test", s.document, x.Name, x.Line)
	}
	t.Logf("%s: %d snippets run", s.document, len(s.snippets))
}
