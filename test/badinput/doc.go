// Package badinput sends a running gateway everything that it must refuse: each with its status and its stable code, and
// nothing half done.
package badinput
