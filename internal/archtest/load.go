package archtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Package is one package of the build, as `go list` describes it.
type Package struct {
	ImportPath   string
	Name         string
	Dir          string
	Export       string // file with the compiled package's types, where it was asked for
	Standard     bool
	ForTest      string // the package under test, where this one was compiled for its test
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	Error        *struct{ Err string }
}

// Tree is a module and everything its packages and tests import.
type Tree struct {
	Root     string // folder of go.mod
	Module   string // module path
	Packages map[string]*Package
}

const listFields = "-json=ImportPath,Name,Dir,Export,Standard,ForTest,GoFiles,TestGoFiles,XTestGoFiles,Imports,Error"

// Load lists every package of the module in root, its tests and all they depend on. A package whose imports cannot be read
// is an error: nothing can be said about it.
func Load(ctx context.Context, root string) (*Tree, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	module, err := goTool(ctx, abs, "list", "-m")
	if err != nil {
		return nil, err
	}
	packages, err := list(ctx, abs, "-test", listFields, "./...")
	return &Tree{Root: abs, Module: strings.TrimSpace(string(module)), Packages: packages}, err
}

// list runs go list over packages and their dependencies.
func list(ctx context.Context, root string, args ...string) (map[string]*Package, error) {
	out, err := goTool(ctx, root, append([]string{"list", "-e", "-deps"}, args...)...)
	if err != nil {
		return nil, err
	}
	packages := map[string]*Package{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if p.Error != nil {
			return nil, fmt.Errorf("go list: %s: %s", p.ImportPath, p.Error.Err)
		}
		packages[p.ImportPath] = &p
	}
}

func goTool(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return run(ctx, dir, "go", args...)
}

func run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the commands are this package's own
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, args[0], err, exit.Stderr)
	}
	return out, err
}

// Rel is an import path below the module ("attest/registry"; "." for the root), and whether it is of the module at all.
// The variants that go list makes for tests count as the package that they test.
func (t *Tree) Rel(importPath string) (string, bool) {
	importPath, _, _ = strings.Cut(importPath, " ")
	importPath = strings.TrimSuffix(importPath, "_test")
	if importPath == t.Module {
		return ".", true
	}
	return strings.CutPrefix(importPath, t.Module+"/")
}

// own lists the module's packages in order: those that ship, or those compiled for tests.
func (t *Tree) own(tests bool) []*Package {
	var out []*Package
	for path, p := range t.Packages {
		_, ours := t.Rel(path)
		generated := strings.HasSuffix(path, ".test")
		if ours && !generated && (p.ForTest != "") == tests {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *Package) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return out
}

// within reports whether the package rel is folder or below it. "attest/..." is a folder and all below, "attest" itself.
func within(rel string, folders ...string) bool {
	for _, f := range folders {
		base, below := strings.CutSuffix(f, "/...")
		if rel == base || below && strings.HasPrefix(rel, base+"/") {
			return true
		}
	}
	return false
}
