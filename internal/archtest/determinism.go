package archtest

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// rulesFolder holds the state machine that every endorser and every gateway runs: it must decide the same everywhere.
const rulesFolder = "attest/registry/..."

// CheckDeterminism type-checks the ledger's rules and finds what may differ from one run or one processor to the next:
// ranges over maps, unless the line says in "// ordered: …" why the order cannot matter, and floating point.
func (t *Tree) CheckDeterminism(ctx context.Context) ([]Violation, error) {
	compiled, err := list(ctx, t.Root, "-export", listFields, "./"+rulesFolder)
	if err != nil {
		return nil, err
	}
	var out []Violation
	for _, p := range t.own(false) {
		if rel, _ := t.Rel(p.ImportPath); !within(rel, rulesFolder) {
			continue
		}
		v, err := t.checkDeterminism(p, compiled)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.ImportPath, err)
		}
		out = append(out, v...)
	}
	return out, nil
}

func (t *Tree) checkDeterminism(p *Package, compiled map[string]*Package) ([]Violation, error) {
	var files []*sourceFile
	var asts []*ast.File
	fset := token.NewFileSet()
	rel, _ := t.Rel(p.ImportPath)
	for _, name := range p.GoFiles {
		f, err := t.parse(fset, rel, filepath.Join(p.Dir, name))
		if err != nil {
			return nil, err
		}
		files, asts = append(files, f), append(asts, f.ast)
	}
	info, err := typesOf(p.ImportPath, fset, asts, compiled)
	if err != nil {
		return nil, err
	}
	var out []Violation
	for _, f := range files {
		out = append(out, undetermined(f, info)...)
	}
	return out, nil
}

// typesOf checks the types of a package against the compiled packages that it imports.
func typesOf(path string, fset *token.FileSet, files []*ast.File, compiled map[string]*Package) (*types.Info, error) {
	lookup := func(path string) (io.ReadCloser, error) {
		dep := compiled[path]
		if dep == nil || dep.Export == "" {
			return nil, errors.New("no compiled package " + path)
		}
		return os.Open(dep.Export)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", lookup)}
	_, err := conf.Check(path, fset, files, info)
	return info, err
}

func undetermined(f *sourceFile, info *types.Info) []Violation {
	ordered := orderedLines(f)
	var out []Violation
	say := func(p token.Pos, what string) {
		out = append(out, Violation{Rule: "the rules are deterministic", Where: f.at(p), What: what})
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			if unordered(f, info, n.X) && !ordered[f.fset.Position(n.Pos()).Line] {
				say(n.Pos(), `range in map order; sort the keys, or say on the line "`+orderedTag+` why it cannot matter"`)
			}
		case ast.Expr:
			if isFloat(info.Types[n].Type) {
				say(n.Pos(), "floating point")
				return false
			}
		}
		return true
	})
	return out
}

func orderedLines(f *sourceFile) map[int]bool {
	out := map[int]bool{}
	for _, group := range f.ast.Comments {
		for _, c := range group.List {
			if reason, ok := strings.CutPrefix(c.Text, orderedTag); ok && strings.TrimSpace(reason) != "" {
				out[f.fset.Position(c.Pos()).Line] = true
			}
		}
	}
	return out
}

// unordered reports whether ranging over e follows a map's order: a map, or maps.Keys, Values and All.
func unordered(f *sourceFile, info *types.Info, e ast.Expr) bool {
	if call, ok := e.(*ast.CallExpr); ok {
		if path, _ := f.selects(call.Fun); path == "maps" {
			return true
		}
	}
	typ := info.Types[e].Type
	if typ == nil {
		return false
	}
	_, isMap := typ.Underlying().(*types.Map)
	return isMap
}

func isFloat(typ types.Type) bool {
	if typ == nil {
		return false
	}
	basic, ok := typ.Underlying().(*types.Basic)
	return ok && basic.Info()&(types.IsFloat|types.IsComplex) != 0 && basic.Info()&types.IsUntyped == 0
}
