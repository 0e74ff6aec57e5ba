package report

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Outbox keeps what is still to be told. Numbers grow with time.
type Outbox interface {
	// ReportRegions names the regions that may have something waiting.
	ReportRegions() []string
	// Reports gives what waits for a region, the oldest first: at most limit, from a number on.
	Reports(region string, from uint64, limit int) ([]custody.Report, error)
	// Reported forgets what a region has been told.
	Reported(ctx context.Context, region string, seqs ...uint64) error
}

// Options of a reporter. All but the times are needed.
type Options struct {
	Outbox Outbox
	// Tell hands receipts to a region, all or none. Repeating it is harmless.
	Tell  func(ctx context.Context, region string, reports []custody.Report) error
	Batch int // receipts a message, at most
	Log   *slog.Logger

	Gather  time.Duration // for which receipts are collected before they are told; zero: DefaultGather
	Look    time.Duration // how often the outbox is looked into without being woken; zero: DefaultLook
	Pause   time.Duration // after a failure, doubled with each further one; zero: DefaultPause
	Longest time.Duration // that a pause becomes; zero: DefaultLongest
}

// The defaults. A use shows at home within five seconds.
const (
	DefaultGather  = 100 * time.Millisecond
	DefaultLook    = time.Second
	DefaultPause   = time.Second
	DefaultLongest = 30 * time.Second
)

// Reporter empties an outbox.
type Reporter struct {
	o    Options
	more chan struct{}

	mu      sync.Mutex
	regions map[string]*region
}

// region is how a region is being told.
type region struct {
	busy   bool
	from   uint64 // everything before has been told
	pause  time.Duration
	resume time.Time
}

// New makes a reporter.
func New(o Options) *Reporter {
	for _, d := range []struct {
		set       *time.Duration
		otherwise time.Duration
	}{{&o.Gather, DefaultGather}, {&o.Look, DefaultLook}, {&o.Pause, DefaultPause}, {&o.Longest, DefaultLongest}} {
		if *d.set == 0 {
			*d.set = d.otherwise
		}
	}
	return &Reporter{o: o, more: make(chan struct{}, 1), regions: map[string]*region{}}
}

// Wake says that something came into the outbox.
func (r *Reporter) Wake() {
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// Run tells until ctx is done; then it returns ctx's error once nobody is being told any more.
func (r *Reporter) Run(ctx context.Context) error {
	var telling sync.WaitGroup
	defer telling.Wait()
	tick := time.NewTicker(r.o.Look)
	defer tick.Stop()
	gather := time.NewTimer(0)
	defer gather.Stop()
	for {
		select { // what comes at once is told at once
		case <-ctx.Done():
			return ctx.Err()
		case <-gather.C:
		}
		for _, code := range r.o.Outbox.ReportRegions() {
			if to := r.begin(code); to != nil {
				telling.Go(func() { r.end(ctx, code, to, r.tell(ctx, code, to)) })
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-r.more:
		}
		gather.Reset(r.o.Gather)
	}
}

// begin reserves a region; nil where it is being told, or not to be asked yet.
func (r *Reporter) begin(code string) *region {
	r.mu.Lock()
	defer r.mu.Unlock()
	to := r.regions[code]
	if to == nil {
		to = &region{}
		r.regions[code] = to
	}
	if to.busy || time.Now().Before(to.resume) {
		return nil
	}
	to.busy = true
	return to
}

// end gives a region back, with a pause where it could not be told.
func (r *Reporter) end(ctx context.Context, code string, to *region, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to.busy = false
	if err == nil || ctx.Err() != nil {
		to.pause = 0
		return
	}
	to.pause = min(max(2*to.pause, r.o.Pause), r.o.Longest)
	to.resume = time.Now().Add(to.pause)
	r.o.Log.Warn("receipts wait to be reported", "to", code, "code", string(attest.CodeOf(err)), "again_in", to.pause)
}

// tell tells a region everything that waits for it, until ctx is done.
func (r *Reporter) tell(ctx context.Context, code string, to *region) error {
	for ctx.Err() == nil {
		reports, err := r.o.Outbox.Reports(code, to.from, r.o.Batch)
		if err != nil || len(reports) == 0 {
			return err
		}
		if err := r.o.Tell(ctx, code, reports); err != nil {
			return err
		}
		seqs := make([]uint64, len(reports))
		for i := range reports {
			seqs[i] = reports[i].Seq
		}
		if err := r.o.Outbox.Reported(ctx, code, seqs...); err != nil {
			return err
		}
		to.from = seqs[len(seqs)-1] + 1
	}
	return nil
}
