package archtest

import (
	"go/ast"
	"go/token"
)

// CheckSignatures finds types of hidden dependencies in exported signatures: a caller must not need another package's
// dependency to talk to it.
func (t *Tree) CheckSignatures() ([]Violation, error) {
	files, err := t.sources(false)
	if err != nil {
		return nil, err
	}
	var out []Violation
	for _, f := range files {
		out = append(out, checkSignatures(f)...)
	}
	return out, nil
}

func checkSignatures(f *sourceFile) []Violation {
	var out []Violation
	look := func(where token.Pos, part ast.Node) {
		for _, hidden := range f.hiddenTypes(part) {
			out = append(out, Violation{
				Rule: "a dependency stays behind its owner", Where: f.at(where), What: hidden + " in an exported signature",
			})
		}
	}
	for _, d := range f.ast.Decls {
		lookAtDecl(d, look)
	}
	return out
}

// hiddenTypes lists what a part of a signature selects from dependencies that the file's package may not show.
func (f *sourceFile) hiddenTypes(part ast.Node) []string {
	var out []string
	ast.Inspect(part, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok {
			path, name := f.selects(x)
			if d := dependencyOf(path); d != nil && d.hidden && !within(f.rel, d.shown...) {
				out = append(out, path+"."+name)
			}
		}
		return true
	})
	return out
}

func lookAtDecl(d ast.Decl, look func(token.Pos, ast.Node)) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d) {
			look(d.Pos(), d.Type)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			lookAtSpec(s, look)
		}
	}
}

// exportedReceiver reports whether a function has no receiver or one of an exported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

func lookAtSpec(s ast.Spec, look func(token.Pos, ast.Node)) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() {
			lookAtType(s.Type, look)
		}
	case *ast.ValueSpec:
		if s.Type != nil && len(s.Names) > 0 && s.Names[0].IsExported() {
			look(s.Pos(), s.Type)
		}
	}
}

// lookAtType leaves out a struct's fields and an interface's methods that are not exported.
func lookAtType(e ast.Expr, look func(token.Pos, ast.Node)) {
	var fields *ast.FieldList
	switch x := e.(type) {
	case *ast.StructType:
		fields = x.Fields
	case *ast.InterfaceType:
		fields = x.Methods
	default:
		look(e.Pos(), e)
		return
	}
	for _, field := range fields.List {
		if len(field.Names) == 0 || field.Names[0].IsExported() {
			look(field.Pos(), field.Type)
		}
	}
}
