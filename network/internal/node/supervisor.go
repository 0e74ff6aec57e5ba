package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	poll     = 50 * time.Millisecond // how often a condition is asked for again while it is waited for
	appears  = time.Millisecond      // the same, for what the system does at once
	ending   = 2 * time.Second       // how long a process that is ending may still hold its addresses
	appeared = 10 * time.Second      // how long a process that was started may take to show its mark
)

// Spec says how a node is started.
type Spec struct {
	Name    Name
	Program string
	Args    []string
	Env     []string // on top of a bare environment: the search path, the home folder, the time zone
	Dir     string
	Log     string   // appended to
	Listen  []string // addresses that must be free before
	Ready   func(context.Context) error
}

// Supervisor controls the nodes of the network in one folder.
type Supervisor struct{ dir string }

// NewSupervisor controls the nodes of the network in dir, an absolute path.
func NewSupervisor(dir string) Supervisor { return Supervisor{dir: dir} }

// Running lists the nodes that run.
func (s Supervisor) Running() (map[Name]Process, error) { return find(s.dir) }

// Start starts a node that does not run, and returns whether it started one. It does not wait until the node is ready.
func (s Supervisor) Start(ctx context.Context, spec Spec) (started bool, err error) {
	running, err := s.Running()
	if err != nil {
		return false, err
	}
	if _, ok := running[spec.Name]; ok {
		return false, nil
	}
	for _, address := range spec.Listen {
		if err := waitFree(ctx, address); err != nil {
			return false, fmt.Errorf("%s: %w", spec.Name, err)
		}
	}
	if _, err := s.launch(ctx, spec); err != nil {
		return false, fmt.Errorf("%s: %w", spec.Name, err)
	}
	return true, nil
}

// waitFree waits a little for an address that somebody holds: a node that is ending by itself has lost its mark before it lets go of
// its addresses. Whoever holds it longer is somebody else.
func waitFree(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, ending)
	defer cancel()
	for {
		err := free(ctx, address)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) || wait(ctx) != nil {
			return err
		}
	}
}

// free is an error where somebody listens at address already.
func free(ctx context.Context, address string) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("its address %s is not free: %w", address, err)
	}
	return l.Close()
}

func (s Supervisor) launch(ctx context.Context, spec Spec) (pid int, err error) {
	if err := os.MkdirAll(filepath.Dir(spec.Log), 0o700); err != nil {
		return 0, err
	}
	out, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command(spec.Program, spec.Args...) //nolint:gosec,noctx // it outlives whoever starts it
	cmd.Dir, cmd.Stdout, cmd.Stderr = spec.Dir, out, out
	cmd.Env = s.environment(spec)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan struct{})
	go func() { // so that it is no zombie should it end before us; how it ended is in its log
		_ = cmd.Wait()
		close(ended)
	}()
	return cmd.Process.Pid, s.marked(ctx, cmd.Process.Pid, ended)
}

// marked returns once a process that was started can be found by its mark, or has ended. Between the moment at which the system
// says that a program runs and the one at which its environment can be read lies a little time; whoever looked for the node in
// between would take it for one that has ended.
func (s Supervisor) marked(ctx context.Context, pid int, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, appeared)
	defer cancel()
	for {
		if _, ok := read(pid, s.dir); ok {
			return nil
		}
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("process %d does not show its mark: %w", pid, ctx.Err())
		case <-time.After(appears):
		}
	}
}

// Exec becomes the node, which writes its log where this process writes. It returns only if it cannot.
func (s Supervisor) Exec(spec Spec) error {
	if err := os.Chdir(spec.Dir); err != nil {
		return err
	}
	return syscall.Exec(spec.Program, append([]string{spec.Program}, spec.Args...), s.environment(spec)) //nolint:gosec // our own programs
}

func (s Supervisor) environment(spec Spec) []string {
	env := append(bareEnvironment(), spec.Env...)
	return append(env, mark+"="+markValue(s.dir, spec.Name))
}

// bareEnvironment passes on what a program needs to run at all, and nothing that could change how Fabric is configured.
func bareEnvironment() []string {
	keep := []string{"PATH=", "HOME=", "TZ=", "TMPDIR=", "GODEBUG=", "GOMAXPROCS=", "GOMEMLIMIT="}
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return !slices.ContainsFunc(keep, func(prefix string) bool { return strings.HasPrefix(v, prefix) })
	})
}

// WaitReady asks until the node answers that it is ready. A node that ends meanwhile is an error with the end of its log.
func (s Supervisor) WaitReady(ctx context.Context, spec Spec) error {
	var last error
	for {
		if last = spec.Ready(ctx); last == nil {
			return nil
		}
		running, err := s.Running()
		if err != nil {
			return err
		}
		if _, ok := running[spec.Name]; !ok {
			return fmt.Errorf("%s ended by itself; the end of its log %s:\n%s", spec.Name, spec.Log, Tail(spec.Log, 15))
		}
		if err := wait(ctx); err != nil {
			return fmt.Errorf("%s is not ready: %w (last answer: %w); the end of its log %s:\n%s", spec.Name, err, last, spec.Log, Tail(spec.Log, 15))
		}
	}
}

// Stop asks nodes to end, and ends those by force that still run after grace. Nodes that do not run are no error.
func (s Supervisor) Stop(ctx context.Context, grace time.Duration, names ...Name) error {
	ending, err := s.signal(syscall.SIGTERM, names)
	if err != nil {
		return err
	}
	inTime, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if waitGone(inTime, ending) == nil {
		return nil
	}
	return s.Kill(ctx, names...)
}

// Kill ends nodes at once, with whatever they have started.
func (s Supervisor) Kill(ctx context.Context, names ...Name) error {
	ending, err := s.signal(syscall.SIGKILL, names)
	if err != nil {
		return err
	}
	return waitGone(ctx, ending)
}

// signal sends sig to the nodes named, and returns those that ran. SIGKILL goes to the whole process group: nobody is left to pass
// it on.
func (s Supervisor) signal(sig syscall.Signal, names []Name) ([]Process, error) {
	running, err := s.Running()
	if err != nil {
		return nil, err
	}
	var sent []Process
	var errs []error
	for _, name := range names {
		if p, ok := running[name]; ok {
			sent = append(sent, p)
			errs = append(errs, s.signalOne(p, sig))
		}
	}
	return sent, errors.Join(errs...)
}

func (s Supervisor) signalOne(p Process, sig syscall.Signal) error {
	handle, err := os.FindProcess(p.PID)
	if err != nil {
		return err
	}
	defer func() { _ = handle.Release() }()
	if again, ok := read(p.PID, s.dir); !ok || again.Start != p.Start || again.Name != p.Name {
		return nil // it ended, and its number may be another's
	}
	if sig == syscall.SIGKILL {
		if err := syscall.Kill(-p.PID, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("%s (process group %d): %w", p.Name, p.PID, err)
		}
		return nil
	}
	if err := handle.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s (process %d): %w", p.Name, p.PID, err)
	}
	return nil
}

// waitGone waits until processes have ended, which includes that their addresses are free again.
func waitGone(ctx context.Context, ending []Process) error {
	for {
		ending = slices.DeleteFunc(slices.Clone(ending), func(p Process) bool { return !p.alive() })
		if len(ending) == 0 {
			return nil
		}
		if err := wait(ctx); err != nil {
			return fmt.Errorf("%s and %d more still run: %w", ending[0].Name, len(ending)-1, err)
		}
	}
}

func wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(poll):
		return nil
	}
}

// Tail returns the last lines of a file, or why it cannot be read.
func Tail(path string, lines int) string {
	data, err := os.ReadFile(path) //nolint:gosec // a node's log
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
