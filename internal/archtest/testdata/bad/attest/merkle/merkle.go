// Package merkle is the one package here with a comment.
package merkle

// Size is not the problem.
const Size = 1
