package node

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mark is the environment variable that says which node of which network a process is.
const mark = "HUZHENG_NET_NODE"

// Process is a running node.
type Process struct {
	Name  Name   `json:"name"`
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks between the machine's boot and the process's
	RSS   int64  `json:"rss"`   // resident memory in bytes
	// Program is the path of the file that it runs; another file that has taken the path's place since does not count.
	Program string `json:"program"`
}

// markValue is the mark of a node: the network's folder, then the node's name.
func markValue(dir string, n Name) string { return dir + "\x1f" + n.String() }

// find lists the processes that carry the mark of the network in dir and lead a process group, which a node does and its
// children do not.
func find(dir string) (map[Name]Process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("nodes are found through /proc: %w", err)
	}
	found := map[Name]Process{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if p, ok := read(pid, dir); ok {
			found[p.Name] = p
		}
	}
	return found, nil
}

// read describes process pid if it is a node of the network in dir.
func read(pid int, dir string) (Process, bool) {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	env, err := os.ReadFile(filepath.Join(proc, "environ")) //nolint:gosec // a number under /proc
	if err != nil {
		return Process{}, false // gone, or another user's
	}
	name, ok := marked(env, dir)
	if !ok {
		return Process{}, false
	}
	stat, err := os.ReadFile(filepath.Join(proc, "stat")) //nolint:gosec // a number under /proc
	if err != nil {
		return Process{}, false
	}
	s, err := parseStat(stat)
	if err != nil || s.group != pid || s.state == 'Z' || s.state == 'X' {
		return Process{}, false
	}
	program, err := os.Readlink(filepath.Join(proc, "exe"))
	if err != nil {
		return Process{}, false
	}
	return Process{Name: name, PID: pid, Start: s.start, RSS: s.pages * int64(os.Getpagesize()), Program: program}, true
}

// alive reports whether the process has not ended yet. A process that is ending has given back its memory, and with it the mark,
// before it closes its files; and its first thread may be a zombie while others still hold them.
func (p Process) alive() bool {
	proc := filepath.Join("/proc", strconv.Itoa(p.PID))
	line, err := os.ReadFile(filepath.Join(proc, "stat")) //nolint:gosec // a number under /proc
	if err != nil {
		return false
	}
	s, err := parseStat(line)
	if err != nil || s.start != p.Start {
		return false
	}
	threads, err := os.ReadDir(filepath.Join(proc, "task"))
	return err == nil && (len(threads) > 1 || (s.state != 'Z' && s.state != 'X'))
}

// marked returns the node that an environment names, if it is one of the network in dir.
func marked(env []byte, dir string) (Name, bool) {
	for v := range bytes.SplitSeq(env, []byte{0}) {
		value, ok := strings.CutPrefix(string(v), mark+"="+dir+"\x1f")
		if !ok {
			continue
		}
		name, err := ParseName(value)
		return name, err == nil
	}
	return Name{}, false
}

// stat holds what is read of /proc/PID/stat (proc_pid_stat(5)).
type stat struct {
	state byte
	group int
	start uint64
	pages int64
}

// parseStat reads a stat line. The second field, the command in parentheses, may itself hold blanks and parentheses.
func parseStat(line []byte) (stat, error) {
	end := bytes.LastIndexByte(line, ')')
	if end < 0 {
		return stat{}, errors.New("no command in the stat line")
	}
	const state, group, start, rss = 0, 2, 19, 21 // counted from the field after the command
	fields := strings.Fields(string(line[end+1:]))
	if len(fields) <= rss {
		return stat{}, fmt.Errorf("%d fields in the stat line", len(fields))
	}
	g, err1 := strconv.Atoi(fields[group])
	st, err2 := strconv.ParseUint(fields[start], 10, 64)
	pages, err3 := strconv.ParseInt(fields[rss], 10, 64)
	return stat{state: fields[state][0], group: g, start: st, pages: pages}, errors.Join(err1, err2, err3)
}
