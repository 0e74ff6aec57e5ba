// Package snippets reads the commands that a document tells its reader to type, so that a test can run them. A document
// whose commands are not run is wrong after the first change.
//
// A snippet is a fenced block of shell commands with an HTML comment before it, which a reader does not see:
//
//	<!-- test:demo -->
//	```sh
//	make demo
//	```
package snippets

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Snippet is one block of commands.
type Snippet struct {
	Name     string   // from the comment
	Line     int      // of the block's first command, from 1
	Commands []string // one per line; lines that end in a backslash are joined, comments and empty lines left out
}

var (
	mark  = regexp.MustCompile(`^<!-- test:([a-z0-9-]+) -->$`)
	begin = regexp.MustCompile("^```(sh|bash|shell|console)$")
)

const end = "```"

// Extract reads the snippets of a Markdown document in order. A mark without a block after it, a name used twice and a block
// that is empty or never ends are errors.
func Extract(markdown string) ([]Snippet, error) {
	var out []Snippet
	lines := strings.Split(markdown, "\n")
	for i := 0; i < len(lines); i++ {
		m := mark.FindStringSubmatch(strings.TrimSpace(lines[i]))
		if m == nil {
			continue
		}
		name := m[1]
		if slices.ContainsFunc(out, func(s Snippet) bool { return s.Name == name }) {
			return nil, fmt.Errorf("line %d: a second snippet %q", i+1, name)
		}
		first, last, err := block(lines, i+1)
		if err != nil {
			return nil, fmt.Errorf("line %d: snippet %q %w", i+1, name, err)
		}
		commands := join(lines[first:last])
		if len(commands) == 0 {
			return nil, fmt.Errorf("line %d: snippet %q is empty", i+1, name)
		}
		out = append(out, Snippet{Name: name, Line: first + 1, Commands: commands})
		i = last
	}
	return out, nil
}

// block finds the lines of the fenced block that follows line from; only empty lines may come between.
func block(lines []string, from int) (first, last int, err error) {
	for from < len(lines) && strings.TrimSpace(lines[from]) == "" {
		from++
	}
	if from == len(lines) || !begin.MatchString(strings.TrimSpace(lines[from])) {
		return 0, 0, fmt.Errorf("is not followed by a block of shell commands")
	}
	for i := from + 1; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) == end {
			return from + 1, i, nil
		}
	}
	return 0, 0, fmt.Errorf("has a block without an end")
}

func join(lines []string) []string {
	var out []string
	open := ""
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if open == "" && (line == "" || strings.HasPrefix(line, "#")) {
			continue
		}
		if head, more := strings.CutSuffix(line, `\`); more {
			open += head
			continue
		}
		out = append(out, open+line)
		open = ""
	}
	if open != "" {
		out = append(out, strings.TrimSpace(open))
	}
	return out
}

// Script is the snippet as one shell script that stops at the first failure.
func (s Snippet) Script() string {
	return "set -euo pipefail\n" + strings.Join(s.Commands, "\n") + "\n"
}

// Differ compares two documents that should hold the same snippets, a translation and its original, and says where they do
// not; nil where they agree.
func Differ(a, b []Snippet) []string {
	var out []string
	for _, s := range a {
		i := slices.IndexFunc(b, func(o Snippet) bool { return o.Name == s.Name })
		switch {
		case i < 0:
			out = append(out, fmt.Sprintf("%q is only in the first", s.Name))
		case !slices.Equal(s.Commands, b[i].Commands):
			out = append(out, fmt.Sprintf("%q differs: lines %d and %d", s.Name, s.Line, b[i].Line))
		}
	}
	for _, s := range b {
		if !slices.ContainsFunc(a, func(o Snippet) bool { return o.Name == s.Name }) {
			out = append(out, fmt.Sprintf("%q is only in the second", s.Name))
		}
	}
	return out
}
