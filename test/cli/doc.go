// Package cli tests the command line as its users have it: the built program, run by scripts (testdata/script) that say
// what is typed, what is printed and with which status it ends.
package cli
