package embedded

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
)

var kills = flag.Int("kills", 6, "how often the kill test kills")

const childEnv = "HUZHENG_TEST_LEDGER_CHILD"

// TestMain turns the test binary into the process to be killed where the environment names a folder.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

// child submits until it is killed, and prints every acknowledgement: "operation transaction".
func child(dir string) {
	o := quiet()
	o.Store.Logger = slog.Default()
	fmt.Println("opening")
	l, err := Open(dir, o)
	if attest.CodeOf(err) == attest.CodeStoreMissing || attest.CodeOf(err) == attest.CodeStoreFormat {
		l, err = Create(dir, o)
	}
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var out sync.Mutex
	for s := range 4 {
		go func() {
			rng := rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(s)))
			for i := 0; ; i++ {
				op := longOp(rng, fmt.Sprintf("%d-%d-%d", os.Getpid(), s, i))
				o, err := l.As("M").Submit(context.Background(), add(op, "x"))
				out.Lock()
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				fmt.Println(op, o.TxID) // one write: whole or absent
				out.Unlock()
			}
		}()
	}
	select {}
}

// TestKill kills the process that orders with SIGKILL, over and over on the same store, from its opening on. What this
// process has read of the acknowledgements must be there in the end.
func TestKill(t *testing.T) {
	dir := t.TempDir() + "/ledger"
	rng := rand.New(rand.NewPCG(3, 14))
	notes := newRecorder()
	for range *kills {
		killOnce(t, dir, rng.IntN(600), notes)
	}
	l, err := Open(dir, quiet())
	require.NoError(t, err)
	require.NotEmpty(t, notes.acked, "a run without traffic is void")
	notes.requireKept(t, requireWhole(t, l))
	require.NoError(t, l.Close())
	findings, err := Check(t.Context(), dir, quiet(), nil)
	require.NoError(t, err)
	require.Empty(t, findings)
	t.Logf("%d acknowledged commands kept over %d kills", len(notes.acked), *kills)
}

func killOnce(t *testing.T, dir string, afterLines int, notes *recorder) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ { // to the end of the pipe: what was printed before the kill counts as well
		if n == afterLines {
			require.NoError(t, cmd.Process.Kill())
		}
		op, id, acked := strings.Cut(lines.Text(), " ")
		require.NotEqual(t, "error", op, "%s", id)
		if acked {
			notes.note(op, id)
		}
	}
	require.NoError(t, lines.Err())
	require.Error(t, cmd.Wait(), "it ends only by the kill")
}
