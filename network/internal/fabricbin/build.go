package fabricbin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/huzheng-ledger/huzheng/network/internal/progress"
)

// Ensure returns the programs of the pins, building what cache does not hold yet. Two processes that build into one cache
// take turns, and a build that ends halfway leaves nothing that would be taken for a whole one.
func Ensure(ctx context.Context, cache string, log *progress.Log) (Programs, error) {
	id, err := key()
	if err != nil {
		return Programs{}, err
	}
	programs := Programs{Dir: filepath.Join(cache, "fabric-"+id)}
	if programs.complete() {
		return programs, nil
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return Programs{}, err
	}
	unlock, err := lock(ctx, programs.Dir+".lock", log)
	if err != nil {
		return Programs{}, err
	}
	defer unlock()
	if programs.complete() {
		return programs, nil
	}
	return programs, build(ctx, programs, log)
}

// lock takes the lock file at path, waiting for whoever builds at the moment.
func lock(ctx context.Context, path string, log *progress.Log) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the path is made of our own names
	if err != nil {
		return nil, err
	}
	said := false
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			_ = f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if !said {
			log.Step("另一个进程正在构建 Fabric 程序,等待中", "another process is building Fabric's programs; waiting")
			said = true
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func build(ctx context.Context, programs Programs, log *progress.Log) error {
	tmp := programs.Dir + ".partial"
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	total, done := 0, 0
	for _, m := range modules() {
		total += len(m.programs)
	}
	for _, m := range modules() {
		source := filepath.Join(tmp, "source-"+m.name)
		if err := unpack(m, source); err != nil {
			return err
		}
		for _, name := range m.names() {
			done++
			log.Step(fmt.Sprintf("构建 %s (%d/%d),首次需要几分钟", name, done, total),
				fmt.Sprintf("building %s (%d/%d), minutes the first time", name, done, total))
			if err := goBuild(ctx, source, filepath.Join(tmp, name), m.ldflags, m.programs[name], log); err != nil {
				return fmt.Errorf("build %s: %w", name, err)
			}
		}
		if err := keepFiles(ctx, source, tmp, m); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(programs.Dir); err != nil {
		return err
	}
	return os.Rename(tmp, programs.Dir)
}

// unpack writes the pinned go.mod and go.sum of m into dir.
func unpack(m module, dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for _, ext := range []string{"mod", "sum"} {
		data, err := pins.ReadFile("pins/" + m.name + "." + ext)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "go."+ext), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// goBuild builds one package of the module in dir. While it lasts, it says now and then how far the downloads are.
func goBuild(ctx context.Context, dir, output, ldflags, pkg string, log *progress.Log) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags, "-o", output, pkg) //nolint:gosec // our own constants
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	messages := &counter{}
	cmd.Stdout, cmd.Stderr = messages, messages
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("a Go toolchain is needed, once, to build Fabric: %w", err)
	}
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for ticker := time.NewTicker(10 * time.Second); ; {
			select {
			case <-stop:
				ticker.Stop()
				return
			case <-ticker.C:
				n := messages.downloads.Load()
				log.Step(fmt.Sprintf("  仍在构建,已下载模块 %d 个", n), fmt.Sprintf("still building, %d modules downloaded", n))
			}
		}
	}()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, messages.tail())
	}
	return nil
}

// keepFiles copies files of the upstream module, which source pins, into dir.
func keepFiles(ctx context.Context, source, dir string, m module) error {
	if len(m.files) == 0 {
		return nil
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", m.upstream()) //nolint:gosec // our own constants
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("find the module %s: %w", m.upstream(), err)
	}
	for _, name := range m.files {
		data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), name)) //nolint:gosec // a file of a pinned module
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), data, 0o600); err != nil { //nolint:gosec // our own names
			return err
		}
	}
	return nil
}

// counter counts the go command's download lines and keeps its other words for the error.
type counter struct {
	downloads atomic.Int64
	rest      bytes.Buffer
}

var _ io.Writer = (*counter)(nil)

func (c *counter) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if bytes.HasPrefix(line, []byte("go: downloading ")) {
			c.downloads.Add(1)
		} else {
			_, _ = c.rest.Write(line)
		}
	}
	return len(p), nil
}

// tail returns the last lines of what the go command said.
func (c *counter) tail() string {
	lines := strings.Split(strings.TrimSpace(c.rest.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
