package pebblekv

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
)

// enginePackage begins the name of every function of Pebble.
const enginePackage = "github.com/cockroachdb/pebble/v2"

// errBlown is what Pebble gets from the file system of a failed store. The store's own failure is the first one.
var errBlown = errors.New("pebblekv: the store has failed and refuses changes")

// fuse holds the one transition of a store: from serving to failed, once. It is the store's pebble.Logger, so that
// Pebble's fatal errors arrive here.
type fuse struct {
	log     *slog.Logger
	gate    sync.RWMutex // held for reading during each change to the disk
	blown   atomic.Bool
	opening atomic.Bool   // Pebble is opening the database, or has
	serving atomic.Bool   // the store has been opened
	failed  chan struct{} // closed after blown is set by a failure
	cause   error         // written before failed is closed
}

func newFuse(log *slog.Logger) *fuse { return &fuse{log: log, failed: make(chan struct{})} }

// blow fails the store. Only the first cause counts: what follows is a consequence of it.
func (f *fuse) blow(err error) {
	if errors.Is(err, errBlown) || !f.blown.CompareAndSwap(false, true) {
		return
	}
	f.cause = Classify(err)
	f.log.Error("store failed; it refuses changes until it is opened again", "cause", f.cause.Error())
	close(f.failed)
}

// seal refuses further changes without a failure.
func (f *fuse) seal() { f.blown.Store(true) }

// err is the classified first failure, nil while the store serves.
func (f *fuse) err() error {
	select {
	case <-f.failed:
		return f.cause
	default:
		return nil
	}
}

// change runs one change to the disk, or refuses it once the store has failed.
func (f *fuse) change(do func() error) error {
	return f.whileOpening(f.gated(do))
}

// whileOpening keeps an error from Pebble until the store is open: an Open that fails late frees the caches that its own
// flushes and compactions still use, and they panic beyond any recover.
func (f *fuse) whileOpening(err error) error {
	if err == nil || !f.opening.Load() || f.serving.Load() || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		return err
	}
	f.halt(err)
	return err
}

func (f *fuse) gated(do func() error) error {
	f.gate.RLock()
	defer f.gate.RUnlock()
	if f.blown.Load() {
		return errBlown
	}
	return do()
}

// halt fails the store for an error of the write-ahead log and, in a store that serves, never returns. Pebble must not see
// that error: it would panic while another function up the stack waits to unlock a mutex that is not locked, which ends the
// process beyond any recover. The goroutine that waits here is the log's own or one of Store.call, and holds none of the
// locks that reading needs; its caller has been answered by then.
func (f *fuse) halt(err error) {
	f.blow(err)
	if f.opening.Load() {
		select {}
	}
}

// drain waits until no change to the disk is under way. Once the fuse has blown none begins afterwards.
func (f *fuse) drain() {
	f.gate.Lock()
	defer f.gate.Unlock()
}

// Infof drops Pebble's account of its own work.
func (f *fuse) Infof(string, ...any) {}

// Errorf drops Pebble's account of errors that it also reports as a background error or a result: its texts may hold keys.
func (f *fuse) Errorf(string, ...any) {}

// Fatalf fails the store and does not return, because Pebble goes on as if nothing had happened where it does: a commit
// whose sync failed would be acknowledged. A goroutine of Pebble's own ends here, running what it deferred, which
// releases its locks. Any other unwinds by a panic to the Store method that called Pebble (see guard).
func (f *fuse) Fatalf(format string, args ...any) {
	err := fatalCause(format, args)
	f.blow(err)
	if ownedByEngine() {
		runtime.Goexit()
	}
	panic(err)
}

// backgroundError fails the store on an error of a flush, a compaction or the like. Pebble would try again at once and for
// ever; ending the goroutine ends that.
func (f *fuse) backgroundError(err error) {
	f.blow(err)
	if ownedByEngine() {
		runtime.Goexit()
	}
}

// guard runs a call into Pebble and turns a panic of Pebble into the store's failure: after it Pebble's locks may be held
// for ever.
func (f *fuse) guard(call func() error) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		cause, ok := r.(error)
		if !ok {
			cause = errors.New("panic of the storage engine")
		}
		if f.err() == nil { // not one of Fatalf's
			f.log.Error("storage engine panicked", "stack", string(debug.Stack()))
		}
		f.blow(cause)
		err = f.err()
	}()
	return call()
}

// fatalCause is the error among the arguments of a fatal message, which keeps its kind; the format alone otherwise, since
// the other arguments may be keys.
func fatalCause(format string, args []any) error {
	for _, a := range args {
		if err, ok := a.(error); ok {
			return fmt.Errorf("pebble: fatal: %w", err)
		}
	}
	return errors.New("pebble: fatal: " + format)
}

// ownedByEngine reports whether Pebble started the running goroutine, which its outermost function tells.
func ownedByEngine() bool {
	pcs := make([]uintptr, 64)
	for n := runtime.Callers(1, pcs); n == len(pcs); n = runtime.Callers(1, pcs) {
		pcs = make([]uintptr, 2*len(pcs))
	}
	outermost := ""
	frames := runtime.CallersFrames(pcs)
	for {
		frame, more := frames.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			outermost = frame.Function
		}
		if !more {
			return strings.HasPrefix(outermost, enginePackage)
		}
	}
}
