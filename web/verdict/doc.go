// Package verdict puts verdicts into the page's language: a tone, a word, each check in plain words. Sections share it.
package verdict
