package lifecycle_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
)

// guardEnv has this program guard a network.
const guardEnv = "HUZHENG_NET_TEST_GUARD"

// guard has the nodes of the network in dir end with the test, even where its process is killed: another one, of a session of its
// own, waits for the end of a pipe between them. It is told the folder through the pipe: nothing else is to name it.
func guard(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), guardEnv+"=1"), os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	hold, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = io.WriteString(hold, dir)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, hold.Close())
		require.NoError(t, cmd.Wait())
	})
}

// guards is the guard's whole life.
func guards() error {
	dir, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	_, err = lifecycle.EndStrays(context.Background(), string(dir))
	return err
}
