package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Log writes steps to one writer. It is safe for concurrent use. A nil Log writes nothing.
type Log struct {
	mu    sync.Mutex
	w     io.Writer
	now   func() time.Time
	start time.Time
}

// New returns a log that counts from now.
func New(w io.Writer, now func() time.Time) *Log {
	return &Log{w: w, now: now, start: now()}
}

// Step writes one line: what begins, or what was found, in Chinese and in English.
func (l *Log) Step(zh, en string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "[%5.1fs] %s · %s\n", l.now().Sub(l.start).Seconds(), zh, en)
}
