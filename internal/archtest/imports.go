package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Violation is one broken rule: which, where, and what to know to mend it.
type Violation struct {
	Rule  string
	Where string // package or file:line
	What  string
}

func (v Violation) String() string { return v.Rule + "\n\t" + v.Where + ": " + v.What }

// CheckImports holds the tree to importRules, siblings and dependencies.
func (t *Tree) CheckImports() []Violation {
	var out []Violation
	for _, r := range append(slices.Clone(importRules), siblingRules()...) {
		out = append(out, t.checkRule(r, false)...)
		if r.tests {
			out = append(out, t.checkRule(r, true)...)
		}
	}
	for _, tests := range []bool{false, true} {
		for _, p := range t.own(tests) {
			out = append(out, t.checkOwners(p, tests)...)
		}
	}
	for _, p := range t.own(false) {
		out = append(out, t.checkPurity(p)...)
		out = append(out, t.checkSupport(p)...)
	}
	return out
}

func supportsTests(rel string) bool {
	name := path.Base(rel)
	return within(rel, testPackages...) || strings.HasSuffix(name, "test") && name != "attest"
}

// checkSupport keeps what supports tests out of what ships.
func (t *Tree) checkSupport(p *Package) []Violation {
	if rel, _ := t.Rel(p.ImportPath); supportsTests(rel) {
		return nil
	}
	var out []Violation
	for _, imp := range p.Imports {
		if rel, ours := t.Rel(imp); ours && supportsTests(rel) {
			out = append(out, Violation{Rule: "support for tests does not ship", Where: p.ImportPath, What: rel})
		}
	}
	return out
}

func siblingRules() []importRule {
	var out []importRule
	for _, family := range siblings {
		for _, member := range family {
			out = append(out, importRule{
				name: "siblings keep apart", reason: "what two packages of a kind share lies below both",
				from: []string{member}, never: slices.DeleteFunc(slices.Clone(family), func(s string) bool { return s == member }),
			})
		}
	}
	return out
}

// binds leaves out the support for tests, which may put together what it likes, unless the rule is for tests as well.
func (r importRule) binds(rel string) bool {
	if supportsTests(rel) && !r.tests {
		return false
	}
	return (slices.Contains(r.from, "...") || within(rel, r.from...)) && !within(rel, r.except...)
}

func (t *Tree) checkRule(r importRule, tests bool) []Violation {
	var out []Violation
	for _, p := range t.own(tests) {
		rel, _ := t.Rel(p.ImportPath)
		if !r.binds(rel) {
			continue
		}
		if way := t.path(p, func(to string) bool { return to != rel && within(to, r.never...) }); way != nil {
			out = append(out, Violation{Rule: r.name + " (" + r.reason + ")", Where: p.ImportPath, What: strings.Join(way, " → ")})
		}
	}
	return out
}

// path is the shortest way over imports from p to a package of the module that is bad; nil if there is none.
func (t *Tree) path(p *Package, bad func(rel string) bool) []string {
	type step struct {
		pkg *Package
		way []string
	}
	seen := map[string]bool{p.ImportPath: true}
	for queue := []step{{p, nil}}; len(queue) > 0; queue = queue[1:] {
		for _, imp := range queue[0].pkg.Imports {
			rel, ours := t.Rel(imp)
			if !ours || seen[imp] {
				continue
			}
			seen[imp] = true
			way := append(slices.Clone(queue[0].way), rel)
			if bad(rel) {
				return way
			}
			if next := t.Packages[imp]; next != nil {
				queue = append(queue, step{next, way})
			}
		}
	}
	return nil
}

// checkOwners holds p to the owners of the external modules it imports.
func (t *Tree) checkOwners(p *Package, tests bool) []Violation {
	rel, _ := t.Rel(p.ImportPath)
	var out []Violation
	for _, imp := range p.Imports {
		if _, ours := t.Rel(imp); ours || t.standard(imp) {
			continue
		}
		if problem := ownership(rel, imp, tests); problem != "" {
			out = append(out, Violation{Rule: "one dependency, one owner", Where: p.ImportPath, What: imp + " " + problem})
		}
	}
	return out
}

func (t *Tree) standard(importPath string) bool {
	if p := t.Packages[importPath]; p != nil {
		return p.Standard
	}
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func ownership(rel, imp string, tests bool) string {
	d := dependencyOf(imp)
	switch {
	case d == nil:
		return "has no owner in internal/archtest/rules.go; choose one"
	case d.tests && !tests && !supportsTests(rel):
		return "is for tests only"
	case d.tests || slices.Contains(d.owners, "...") || within(rel, d.owners...):
		return ""
	default:
		return fmt.Sprintf("is owned by %s", strings.Join(d.owners, ", "))
	}
}

// dependencyOf is the row of the module that the import path belongs to. The longest path wins.
func dependencyOf(imp string) *dependency {
	var best *dependency
	for i, d := range dependencies {
		if (imp == d.path || strings.HasPrefix(imp, d.path+"/")) && (best == nil || len(d.path) > len(best.path)) {
			best = &dependencies[i]
		}
	}
	return best
}

// checkPurity holds the packages of attest to a list of what they may import directly.
func (t *Tree) checkPurity(p *Package) []Violation {
	rel, _ := t.Rel(p.ImportPath)
	if !within(rel, "attest/...") {
		return nil
	}
	var out []Violation
	for _, imp := range p.Imports {
		if !t.pure(imp) {
			out = append(out, Violation{
				Rule: "attest is pure (salts, times and keys arrive as arguments)", Where: p.ImportPath, What: "imports " + imp,
			})
		}
	}
	return out
}

func (t *Tree) pure(imp string) bool {
	if rel, ours := t.Rel(imp); ours {
		return within(rel, "attest/...")
	}
	if t.standard(imp) {
		return !beginsWith(imp, impureStd)
	}
	return beginsWith(imp, attestExternal)
}

// beginsWith reports whether imp is one of the paths or below one.
func beginsWith(imp string, paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return imp == p || strings.HasPrefix(imp, p+"/") })
}
