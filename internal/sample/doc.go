// Package sample makes certificates of nobody: synthetic holders, records of three real types, and the authorities that
// issue them, for demonstrations, load and tests.
//
//	seed, authority ─New─▶ Generator ─Record(type, n)─▶ Record ─WriteCSV─▶ a table as an office would bring it
//
// Everything follows from the seed: record n is the same whoever asks, in whatever order. Citizen numbers are valid by
// check character and begin with the unassigned area code 999999, so that they belong to nobody. Authorities are either
// public ones with their public codes, or marked 示例 in their name.
package sample
