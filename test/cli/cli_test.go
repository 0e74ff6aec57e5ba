package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/client/embedded"
	"github.com/huzheng-ledger/huzheng/test/internal/program"
)

func TestScripts(t *testing.T) {
	types, err := filepath.Abs("../../internal/sample/types")
	require.NoError(t, err)
	run(t, "testdata/script", map[string]string{"TYPES": types}, commands)
}

// run runs the scripts of a folder, with our program on the path.
func run(t *testing.T, dir string, variables map[string]string, cmds map[string]command) {
	bin := filepath.Dir(program.Build(t))
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
			env.Setenv("HOME", env.WorkDir)
			for name, value := range variables {
				env.Setenv(name, value)
			}
			env.Values[gatewayValue{}] = &gateway{}
			return nil
		},
		Cmds:                cmds,
		RequireExplicitExec: true,
	})
}

type command = func(ts *testscript.TestScript, neg bool, args []string)

// commands are what the scripts know beside testscript's own.
var commands = map[string]command{
	"status": status, "pick": pick, "hold": hold, "flip": flip, "append": appendTo, "older": older,
	"serve": serve, "halt": halt, "certificate": certificate, "keep": keep, "connection": connection,
}

// status runs a command that has to end with the status: status 3 huzheng verify …
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("%s ended with status %d, not %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// pick sets a variable to the first file that fits a pattern: pick CERT out/*.sdjwt
func pick(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pick VARIABLE pattern")
	}
	found, err := filepath.Glob(ts.MkAbs(args[1]))
	if err != nil || len(found) == 0 {
		ts.Fatalf("nothing fits %s", args[1])
	}
	ts.Setenv(args[0], found[0])
}

// keep sets a variable to what the last command printed, without the end of the line: keep KEY stdout
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep VARIABLE stdout|file")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// hold keeps a ledger open in this process until the script ends, as another program would.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold folder")
	}
	l, err := embedded.Open(ts.MkAbs(args[0]), embedded.Options{})
	ts.Check(err)
	ts.Defer(func() { ts.Check(l.Close()) })
}

// older returns once a file is as old as asked for: older FILE 2s.
func older(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: older file age")
	}
	age, err := time.ParseDuration(args[1])
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	<-time.After(time.Until(info.ModTime().Add(age)))
}

// flip changes one byte in the middle of every file that fits a pattern, of what stands before the zeros that a store
// has laid out in advance.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip pattern")
	}
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	changed := 0
	for _, name := range found {
		data, err := os.ReadFile(name)
		ts.Check(err)
		used := len(bytes.TrimRight(data, "\x00"))
		if used == 0 {
			continue
		}
		data[used/2] ^= 0x40
		ts.Check(os.WriteFile(name, data, 0o600))
		changed++
	}
	if changed == 0 {
		ts.Fatalf("nothing to change fits %s", args[0])
	}
}

// appendTo appends a line to a file.
func appendTo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: append file line")
	}
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = f.WriteString(args[1] + "\n")
	ts.Check(errors.Join(err, f.Close()))
}

// TestEveryHelpHasExamples walks the tree of commands by their own help.
func TestEveryHelpHasExamples(t *testing.T) {
	bin := program.Build(t)
	seen := 0
	var walk func(path ...string)
	walk = func(path ...string) {
		out, err := exec.Command(bin, append(path, "--help")...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		seen++
		text := string(out)
		assert.Contains(t, text, "Examples:", "huzheng %s", strings.Join(path, " "))
		assert.Regexp(t, `\p{Han}`, text, "huzheng %s", strings.Join(path, " "))
		for _, name := range subcommands(text) {
			walk(append(path[:len(path):len(path)], name)...)
		}
	}
	walk()
	assert.Greater(t, seen, 20)
}

// subcommands reads the names under the headings of commands in a help text.
func subcommands(help string) (names []string) {
	listing := false
	for line := range strings.Lines(help) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "  ") && listing:
			names = append(names, strings.Fields(line)[0])
		case line == "":
			listing = false
		default:
			listing = strings.HasSuffix(line, "Commands:") || strings.Contains(line, " · Work") || strings.Contains(line, " · Operation")
		}
	}
	var own []string
	for _, n := range names {
		if n != "help" && n != "completion" && n != "exit-status" {
			own = append(own, n)
		}
	}
	return own
}
