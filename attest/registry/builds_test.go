package registry_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

var (
	builds   = flag.Bool("builds", false, "compare write sets with two more builds: race detector, no optimisation")
	schedule = flag.Int("schedules", 20, "sequences of commands whose write sets are compared between builds")
)

// ordered is an entry as it goes to another process.
type ordered struct {
	Tx      registry.Tx
	Command []byte
}

const childEnv = "HUZHENG_WRITE_SETS"

// TestWriteSetsAreTheSameInEveryBuild runs the same commands in other processes, and with -builds in other builds: every
// event, refusal and write must be the same, in the same order.
func TestWriteSetsAreTheSameInEveryBuild(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sequences.json")
	sequences := drawSequences(t, *schedule)
	data, err := json.Marshal(sequences)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, data, 0o600))
	want, writes := writeSets(sequences)
	require.Greater(t, writes, 20**schedule, "the sequences wrote next to nothing")

	self, err := os.Executable()
	require.NoError(t, err)
	for name, binary := range binaries(t, dir, self) {
		for _, env := range []string{"GOMAXPROCS=1", "GOGC=1"} {
			cmd := exec.CommandContext(t.Context(), binary, "-test.run=^TestWriteSetsChild$", "-test.count=1", "-test.v")
			cmd.Env = append(os.Environ(), childEnv+"="+file, env)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s: %s", name, out)
			require.Contains(t, string(out), "write sets "+want, "%s with %s", name, env)
		}
	}
}

// TestWriteSetsChild is the other process.
func TestWriteSetsChild(t *testing.T) {
	file := os.Getenv(childEnv)
	if file == "" {
		t.Skip("runs only as a child of TestWriteSetsAreTheSameInEveryBuild")
	}
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var sequences [][]ordered
	require.NoError(t, json.Unmarshal(data, &sequences))
	digest, _ := writeSets(sequences)
	t.Log("write sets " + digest)
}

func binaries(t *testing.T, dir, self string) map[string]string {
	out := map[string]string{"this build": self}
	if !*builds {
		return out
	}
	for name, arg := range map[string]string{"race": "-race", "unoptimised": "-gcflags=all=-N -l"} {
		binary := filepath.Join(dir, name)
		cmd := exec.CommandContext(t.Context(), "go", "test", "-c", arg, "-o", binary, ".")
		cmd.Stderr = os.Stderr
		require.NoError(t, cmd.Run())
		out[name] = binary
	}
	return out
}

func drawSequences(t *testing.T, n int) [][]ordered {
	sequence := rapid.Custom(func(rt *rapid.T) []ordered {
		w := newWorld(t)
		entries := w.settled(rt)
		for range rapid.IntRange(40, 120).Draw(rt, "length") {
			entries = append(entries, w.draw(rt))
		}
		out := make([]ordered, len(entries))
		for i, e := range entries {
			out[i] = ordered{e.tx, e.raw}
		}
		return out
	})
	out := make([][]ordered, n)
	for i := range out {
		out[i] = sequence.Example(i)
	}
	return out
}

// writeSets is a digest over all that the rules said and wrote, and how much they wrote.
func writeSets(sequences [][]ordered) (digest string, writes int) {
	h := sha256.New()
	for _, sequence := range sequences {
		m := testledger.NewMemory()
		for _, o := range sequence {
			event, set, err := m.Apply(o.Tx, o.Command)
			line, _ := json.Marshal([]any{event, set, attest.CodeOf(err), detail(err)}) // plain values: never fails
			h.Write(append(line, '\n'))
			writes += len(set)
		}
		h.Write([]byte(m.Dump()))
	}
	return hex.EncodeToString(h.Sum(nil)), writes
}

func detail(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestThreeRuns: within a process too, a sequence leads to the same events, refusals and writes each time.
func TestThreeRuns(t *testing.T) {
	sequences := drawSequences(t, 5)
	first, _ := writeSets(sequences)
	for range 2 {
		again, _ := writeSets(sequences)
		require.Equal(t, first, again)
	}
}
