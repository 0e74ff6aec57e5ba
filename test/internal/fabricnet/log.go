package fabricnet

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
)

// Log is a gateway's log, kept for a test to look into.
type Log struct {
	slog.Handler
	lines *lines
}

type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func newLog() *Log {
	l := &lines{}
	return &Log{Handler: slog.NewTextHandler(l, nil), lines: l}
}

// Handle implements slog.Handler.
func (l *Log) Handle(ctx context.Context, r slog.Record) error { return l.Handler.Handle(ctx, r) }

// Text is everything that was logged.
func (l *Log) Text() string {
	l.lines.mu.Lock()
	defer l.lines.mu.Unlock()
	return l.lines.buf.String()
}

// Last are the last lines.
func (l *Log) Last(n int) string {
	all := strings.Split(strings.TrimSpace(l.Text()), "\n")
	return strings.Join(all[max(0, len(all)-n):], "\n")
}
