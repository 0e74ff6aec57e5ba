// Package testcpu tells benchmarks what the processor did: the truer figure where the machine has neighbours.
package testcpu

import (
	"syscall"
	"testing"
	"time"
)

// Used is the processor time that this process has used, user and system.
func Used(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
