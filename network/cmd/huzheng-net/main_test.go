package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// execute runs the program's command line and returns what it wrote.
func execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := root()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestEveryCommandIsExplainedInBothLanguages(t *testing.T) {
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		require.True(t, strings.ContainsFunc(cmd.Short, func(r rune) bool { return unicode.Is(unicode.Han, r) }), cmd.Name())
		require.Contains(t, cmd.Short, " · ", cmd.Name())
		for _, sub := range cmd.Commands() {
			check(sub)
		}
	}
	check(root())
}

func TestWithoutANetwork(t *testing.T) {
	empty := t.TempDir()
	for _, args := range [][]string{
		{"status"}, {"audit"}, {"down"}, {"stop", "peer.440000"}, {"logs", "peer.440000"}, {"renew", "peer.440000"},
		{"upgrade-chaincode", "--chaincode", "x"}, {"add-region", "--code", "520000", "--name", "贵州", "--msp", "GuizhouMSP"},
	} {
		_, err := execute(t, append(args, "--dir", empty)...)
		require.ErrorContains(t, err, "no network here", args)
	}
	entries, err := os.ReadDir(empty)
	require.NoError(t, err)
	require.Empty(t, entries, "looking leaves nothing behind")
}

func TestTopologyIsCheckedBeforeAnythingElse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "provinces.yaml")
	require.NoError(t, os.WriteFile(file, []byte("consensus: bft\nregions:\n  - {code: \"440000\", name: 广东, msp: GuangdongMSP}\n"), 0o600))
	dir := filepath.Join(t.TempDir(), "net")
	_, err := execute(t, "up", "--topology", file, "--dir", dir)
	require.ErrorContains(t, err, "4 or more")
	require.NoDirExists(t, dir)
}
