//go:build !linux

package loadgen

import "time"

// sleep returns after about d, or sooner.
func sleep(d time.Duration) { time.Sleep(d) }
