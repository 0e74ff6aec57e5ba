// Package progress tells a person what a long command is doing: one line a step, Chinese first, English beside, with the
// seconds since the command began. What the command answers goes to standard output; these lines do not.
package progress
