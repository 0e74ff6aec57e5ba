// Package archtest holds the project to its own architecture. Its tests read the tree itself: which package imports which,
// on what path, what exported signatures mention, how long files are, whether documents link to what exists. They are
// written before the features, so that a rule is broken by a red test and not by habit.
//
// Every rule is a row of a table with its reason, in rules.go (imports), code.go (Go files) and text.go (every tracked
// file). Packages that do not exist yet are held from the day they appear, since rules name folders. The checks are
// functions over data, and the tests also run them over trees that break each rule: a check that finds nothing there would
// pass for nothing here.
//
// docs/architecture.md tells the same in prose.
package archtest
