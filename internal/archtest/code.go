package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	maxLines   = 500 // of a file written by hand: a file is about one thing
	orderedTag = "// ordered:"
)

// clock are the functions of package time that read the clock or wait. Under attest time is an argument.
var clock = []string{"Now", "Since", "Until", "Tick", "After", "AfterFunc", "NewTimer", "NewTicker", "Sleep"}

// sourceFile is one parsed Go file of the module.
type sourceFile struct {
	rel     string // package folder below the module
	name    string // file below the module, with slashes
	fset    *token.FileSet
	ast     *ast.File
	lines   int
	imports map[string]string // local name → import path
}

// sources parses the module's own files, tests included where asked.
func (t *Tree) sources(tests bool) ([]*sourceFile, error) {
	var out []*sourceFile
	for _, p := range t.own(false) {
		names := p.GoFiles
		if tests {
			names = slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles)
		}
		rel, _ := t.Rel(p.ImportPath)
		for _, name := range names {
			f, err := t.parse(token.NewFileSet(), rel, filepath.Join(p.Dir, name))
			if err != nil {
				return nil, err
			}
			out = append(out, f)
		}
	}
	return out, nil
}

func (t *Tree) parse(fset *token.FileSet, rel, path string) (*sourceFile, error) {
	file, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	name, err := filepath.Rel(t.Root, path)
	if err != nil {
		return nil, err
	}
	f := &sourceFile{
		rel: rel, name: filepath.ToSlash(name), fset: fset, ast: file,
		lines: fset.File(file.Pos()).LineCount(), imports: map[string]string{},
	}
	for _, spec := range file.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		f.imports[localName(spec, imp)] = imp
	}
	return f, nil
}

// localName is the name that a file uses for an import: its own, or the last element of the path that is no version.
func localName(spec *ast.ImportSpec, imp string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	parts := strings.Split(imp, "/")
	last := parts[len(parts)-1]
	if len(parts) > 1 && len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
		last = parts[len(parts)-2]
	}
	return strings.TrimPrefix(last, "go-")
}

func (f *sourceFile) isTest() bool      { return strings.HasSuffix(f.name, "_test.go") }
func (f *sourceFile) isGenerated() bool { return ast.IsGenerated(f.ast) }

func (f *sourceFile) at(p token.Pos) string {
	return f.name + ":" + strconv.Itoa(f.fset.Position(p).Line)
}

// selects reports the package and the name that an expression like time.Now selects.
func (f *sourceFile) selects(e ast.Expr) (path, name string) {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	return f.imports[id.Name], sel.Sel.Name
}

// fileRule is a rule over one file. It reports each breach through say.
type fileRule struct {
	name  string
	binds func(f *sourceFile) bool
	check func(f *sourceFile, say func(token.Pos, string))
}

func handwritten(f *sourceFile) bool { return !f.isGenerated() }
func testFile(f *sourceFile) bool    { return f.isTest() }

func shipped(folders ...string) func(*sourceFile) bool {
	return func(f *sourceFile) bool { return !f.isTest() && within(f.rel, folders...) }
}

var fileRules = []fileRule{
	{"a file is about one thing", handwritten, checkLength},
	{"no work at import (func init)", func(f *sourceFile) bool { return handwritten(f) && !f.isTest() }, checkInit},
	{"attest does not know the time", shipped("attest/..."), checkClock},
	{"attest starts no goroutine", shipped("attest/..."), checkGoroutines},
	{"a skipped test says why", func(f *sourceFile) bool { return f.isTest() || within(f.rel, testPackages...) }, checkSkips},
	{"a test waits for a condition, not for a time", testFile, checkSleep},
}

func checkLength(f *sourceFile, say func(token.Pos, string)) {
	if f.lines > maxLines {
		say(f.ast.Pos(), strconv.Itoa(f.lines)+" lines, more than "+strconv.Itoa(maxLines))
	}
}

func checkInit(f *sourceFile, say func(token.Pos, string)) {
	for _, d := range f.ast.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			say(d.Pos(), "func init")
		}
	}
}

func checkClock(f *sourceFile, say func(token.Pos, string)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			if path, name := f.selects(e); path == "time" && slices.Contains(clock, name) {
				say(n.Pos(), "time."+name)
			}
		}
		return true
	})
}

func checkGoroutines(f *sourceFile, say func(token.Pos, string)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if g, ok := n.(*ast.GoStmt); ok {
			say(g.Pos(), "go statement")
		}
		return true
	})
}

func checkSleep(f *sourceFile, say func(token.Pos, string)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			if path, name := f.selects(e); path == "time" && name == "Sleep" {
				say(n.Pos(), "time.Sleep")
			}
		}
		return true
	})
}

// checkSkips finds t.Skip(), t.Skip("") and t.SkipNow(), whatever the receiver is called.
func checkSkips(f *sourceFile, say func(token.Pos, string)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		switch sel.Sel.Name {
		case "SkipNow":
			say(n.Pos(), "SkipNow gives no reason")
		case "Skip", "Skipf":
			if !givesReason(call) && isTestingReceiver(sel.X) {
				say(n.Pos(), sel.Sel.Name+" without a reason")
			}
		}
		return true
	})
}

func givesReason(call *ast.CallExpr) bool {
	if len(call.Args) == 0 {
		return false
	}
	lit, ok := call.Args[0].(*ast.BasicLit)
	return !ok || len(strings.TrimSpace(strings.Trim(lit.Value, "`\""))) > 0
}

// isTestingReceiver goes by the name, which the whole project shares: t, b, f, tb or rt.
func isTestingReceiver(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && slices.Contains([]string{"t", "b", "f", "tb", "rt"}, id.Name)
}

// CheckFiles holds the module's Go files to fileRules and asks for a comment on every package.
func (t *Tree) CheckFiles() ([]Violation, error) {
	files, err := t.sources(true)
	if err != nil {
		return nil, err
	}
	var out []Violation
	for _, f := range files {
		out = append(out, checkFile(f)...)
	}
	return append(out, checkPackageComments(files)...), nil
}

func checkFile(f *sourceFile) []Violation {
	var out []Violation
	for _, r := range fileRules {
		if r.binds(f) {
			r.check(f, func(p token.Pos, what string) {
				out = append(out, Violation{Rule: r.name, Where: f.at(p), What: what})
			})
		}
	}
	return out
}

func checkPackageComments(files []*sourceFile) []Violation {
	documented := map[string]bool{}
	for _, f := range files {
		if !f.isTest() {
			documented[f.rel] = documented[f.rel] || f.ast.Doc != nil && !f.isGenerated()
		}
	}
	var out []Violation
	for rel, ok := range documented {
		if !ok {
			out = append(out, Violation{Rule: "a package says why it exists", Where: rel, What: "no package comment"})
		}
	}
	slices.SortFunc(out, func(a, b Violation) int { return strings.Compare(a.Where, b.Where) })
	return out
}
