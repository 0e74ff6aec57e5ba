package fabricnet

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// guard is a process that ends a network once the test's process has closed its end of a pipe, which the system does for one
// that is killed: whatever becomes of the tests, no node outlives them. It is of a session of its own, so that what ends the
// test's process group does not end it.
type guard struct {
	cmd  *exec.Cmd
	hold io.Closer
	said string // the file of what it says, which nobody might read any more from a pipe
}

// ending waits for the pipe's end and ends the network; again, while a huzheng-net that the test has started is at work on it.
const ending = `cat
for try in $(seq 200); do
	"$0" --dir "$1" down --wipe && exit 0
	sleep 1
done
exit 1`

// newGuard guards the network in dir that program administers.
func newGuard(t testing.TB, program, dir string) *guard {
	t.Helper()
	g := &guard{cmd: exec.Command("/bin/sh", "-c", ending, program, dir)} //nolint:gosec,noctx // it outlives whoever starts it
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	g.said = filepath.Join(t.TempDir(), "guard.log")
	out, err := os.Create(g.said)
	require.NoError(t, err)
	defer func() { _ = out.Close() }()
	g.cmd.Stdout, g.cmd.Stderr = out, out
	g.hold, err = g.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, g.cmd.Start())
	return g
}

// release has the network ended and waits for that.
func (g *guard) release(t testing.TB) {
	require.NoError(t, g.hold.Close())
	late := time.AfterFunc(stepTime, func() { _ = g.cmd.Process.Kill() })
	defer late.Stop()
	err := g.cmd.Wait()
	said, _ := os.ReadFile(g.said)
	require.NoError(t, err, "%s", said)
}
