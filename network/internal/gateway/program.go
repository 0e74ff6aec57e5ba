package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/huzheng-ledger/huzheng/network/internal/pki"
)

// keyEnv hands an API key to the program: a key in its arguments would be seen by everybody on the machine.
const keyEnv = "HUZHENG_API_KEY"

// answersWithin is how long the program may take over one thing. Found waits for the ledger.
const answersWithin = 90 * time.Second

// Program is the program of a gateway.
type Program struct{ Path string }

// run runs the program and returns what it wrote to its standard output. What it wrote to the other is the error, if there is one.
func (p Program) run(ctx context.Context, env []string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, p.Path, args...) //nolint:gosec // the operator's own program
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.Env = append(os.Environ(), env...)
	// An interrupt on a terminal reaches every process there. It is ours to say when this one ends.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", filepath.Base(p.Path), args[0], err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), nil
}

// Version says which program it is.
func (p Program) Version(ctx context.Context) (string, error) {
	out, err := p.run(ctx, nil, "version", "--json")
	if err != nil {
		return "", err
	}
	var answer struct {
		Version string `json:"version"`
	}
	err = json.Unmarshal(out, &answer)
	return answer.Version, err
}

// MakeCharter puts the founders' entries together. The charter is the same whoever makes it.
func (p Program) MakeCharter(ctx context.Context, network, out string, founders ...string) error {
	return p.into(out, func(partial string) error {
		_, err := p.run(ctx, nil, append([]string{"charter", "make", "--network", network, "--out", partial}, founders...)...)
		return err
	})
}

// SignCharter signs a charter for the region whose configuration is named.
func (p Program) SignCharter(ctx context.Context, config, charter, out string) error {
	return p.into(out, func(partial string) error {
		_, err := p.run(ctx, nil, "charter", "sign", "--config", config, "--out", partial, charter)
		return err
	})
}

// SubmitCharter puts the charter on the ledger, with every founder's signature. One that is there already is no error.
func (p Program) SubmitCharter(ctx context.Context, config, charter string, signatures ...string) error {
	_, err := p.run(ctx, nil, append([]string{"charter", "submit", "--config", config, charter}, signatures...)...)
	return err
}

// into has a file made under another name first, so that it is there only when it is whole.
func (p Program) into(out string, write func(partial string) error) error {
	if exists(out) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
		return err
	}
	partial := out + ".partial"
	if err := os.Remove(partial); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := write(partial); err != nil {
		return err
	}
	return os.Rename(partial, out)
}

// Access is a running gateway's API.
type Access struct {
	Region string `json:"region"`
	Name   string `json:"name"`
	URL    string `json:"url"`
	Key    string `json:"key"`
}

// scopes are all that a key may allow.
const scopes = "issue,status,document,dataset,verify,govern,audit,codes"

// MakeAccess makes a key that allows everything, for a network that is there to be tried, and notes it in the file named.
func (p Program) MakeAccess(ctx context.Context, data, file string, a Access) error {
	if exists(file) {
		return nil
	}
	out, err := p.run(ctx, nil, "key", "create", "--data", data, "--tenant", "demonstration", "--scope", scopes, "--authority", "*", "--json")
	if err != nil {
		return err
	}
	var made struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(out, &made); err != nil {
		return fmt.Errorf("key create: %w", err)
	}
	if made.Token == "" {
		return errors.New("key create gave no key")
	}
	a.Key = made.Token
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	return pki.WriteFile(file, append(text, '\n'))
}

// ReadAccess reads what MakeAccess writes.
func ReadAccess(file string) (Access, error) {
	data, err := os.ReadFile(file) //nolint:gosec // a file of the network's own layout
	if err != nil {
		return Access{}, err
	}
	var a Access
	if err := json.Unmarshal(data, &a); err != nil {
		return Access{}, fmt.Errorf("%s: %w", file, err)
	}
	return a, nil
}

// Propose asks the other members, at the gateway of one of them, to take in the region with the entry named. Approve agrees for the
// region whose gateway is asked. Done already, either is no error.
func (p Program) Propose(ctx context.Context, at Access, founder string) error {
	_, err := p.run(ctx, []string{keyEnv + "=" + at.Key}, "region", "propose", founder, "--api", at.URL)
	return err
}

// Approve is Propose's answer.
func (p Program) Approve(ctx context.Context, at Access, code string) error {
	_, err := p.run(ctx, []string{keyEnv + "=" + at.Key}, "region", "approve", code, "--api", at.URL)
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
