// Package readme runs the commands that the README tells its reader to type, and checks that they do what it says.
package readme
