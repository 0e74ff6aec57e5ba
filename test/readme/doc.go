// Package readme runs the commands that the README and the operator's guide tell their readers to type, and checks that they
// do what is said of them: what needs no Fabric network.
package readme
