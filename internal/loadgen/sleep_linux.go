package loadgen

import (
	"syscall"
	"time"
)

// sleep returns after about d, or sooner.
func sleep(d time.Duration) {
	t := syscall.NsecToTimespec(d.Nanoseconds())
	_ = syscall.Nanosleep(&t, nil) // a signal ends it, and the caller looks at the clock
}
