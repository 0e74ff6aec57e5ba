package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar shows how far work has come. It draws on standard error and only where that is a terminal.
type bar struct{ inner *progressbar.ProgressBar }

// newBar begins a bar of total units; a total of -1 is not known.
func (a *app) newBar(total int64, what string) *bar {
	if !a.progress {
		return &bar{}
	}
	return &bar{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(a.err),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionEnableColorCodes(a.palette.Colour),
		progressbar.OptionClearOnFinish(),
	)}
}

// set tells how many units are done. A bar that cannot be drawn stops nothing.
func (b *bar) set(done int64) {
	if b.inner != nil {
		_ = b.inner.Set64(done)
	}
}

func (b *bar) finish() {
	if b.inner != nil {
		_ = b.inner.Finish()
	}
}
