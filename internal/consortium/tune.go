package consortium

import (
	"runtime"
	"runtime/debug"
)

// gcPercent: a gateway's live memory is a few dozen MB, and a verdict's garbage cost it an eighth of its time with Go's own 100.
const gcPercent = 400

// threadsPerCore: a verdict waits for its record's syncs, in calls in which Go's scheduler leaves a core idle until it notices, and
// behind which the one that comes back queues. With two threads a core a quarter more verdicts were measured.
const threadsPerCore = 2

// Tune sets a process up that does nothing but serve gateways, unless its user has, by GOGC and GOMAXPROCS. What it gives undoes it.
func Tune(getenv func(string) string) (undo func()) {
	percent, threads := -1, 0
	if getenv("GOGC") == "" {
		percent = debug.SetGCPercent(gcPercent)
	}
	if getenv("GOMAXPROCS") == "" {
		threads = runtime.GOMAXPROCS(threadsPerCore * runtime.GOMAXPROCS(0))
	}
	return func() {
		if percent >= 0 {
			debug.SetGCPercent(percent)
		}
		if threads > 0 {
			runtime.GOMAXPROCS(threads)
		}
	}
}
