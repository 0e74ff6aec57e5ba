package assets

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/portable"
)

// TestTheBrowserCollectsParts runs the browser's script over parts that the library has cut.
func TestTheBrowserCollectsParts(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed: no program to run the pages' scripts with")
	}
	split := func(text string) []string {
		parts, err := portable.Split(portable.Prefix + text)
		require.NoError(t, err)
		return parts
	}
	a, b := split(strings.Repeat("BB8", 1_600)), split(strings.Repeat("QED", 900))
	require.Len(t, a, 3)
	require.Len(t, b, 2)
	script, err := files.ReadFile("files/parts.js")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "parts.mjs")
	scans, err := json.Marshal([]string{"44-7K3M-9QXT-P", a[2], " " + a[2] + "\n", b[0], a[0], a[1], "HZPP1:", strings.ToLower(a[0])})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append(script,
		"\nconst collect = globalThis.huzhengParts();\nconsole.log(JSON.stringify("+string(scans)+".map(collect)));\n"...), 0o600))
	out, err := exec.CommandContext(t.Context(), "node", file).CombinedOutput()
	require.NoError(t, err, string(out))
	var states []*struct {
		Count   int
		Missing []int
		Other   bool
		Text    string
	}
	require.NoError(t, json.Unmarshal(out, &states))
	require.Len(t, states, 8)
	for _, i := range []int{0, 6, 7} {
		assert.Nil(t, states[i], "no part")
	}
	for i, missing := range map[int][]int{1: {1, 2}, 2: {1, 2}, 3: {1, 2}, 4: {2}, 5: {}} {
		assert.Equal(t, missing, states[i].Missing, i)
		assert.Equal(t, 3, states[i].Count)
		assert.Equal(t, i == 3, states[i].Other)
	}
	var parts portable.Parts
	for line := range strings.SplitSeq(states[5].Text, "\n") {
		require.NoError(t, parts.Add([]byte(line)))
	}
	assert.True(t, parts.Whole(), "and the gateway joins what it has collected")
}
