package refusal

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Log keeps refusals, durable when AppendRefusals returns.
type Log interface {
	AppendRefusals(ctx context.Context, list ...*custody.Refusal) error
}

// The bounds.
const (
	Window     = time.Minute
	MaxKinds   = 16  // of one caller that are told apart in a window
	MaxCallers = 256 // that are told apart in a window
)

// MostOfCaller is how many records one caller can cause in a window: for each kind the first one and a sum.
func MostOfCaller() int { return 2 * (MaxKinds + len(custody.RefusalReasons())) }

// writeTime bounds the wait for the log: a refusal is answered in any case.
const writeTime = 5 * time.Second

// Recorder is safe for concurrent use.
type Recorder struct {
	log    Log
	now    func() time.Time
	logger *slog.Logger

	mu      sync.Mutex
	began   time.Time // of the window
	callers map[caller]map[custody.Refusal]*sum
}

// caller is who is refused.
type caller struct {
	kind        custody.RefusedCaller
	account, id string
}

// sum counts what came after the first of a kind.
type sum struct {
	count       uint64
	first, last int64
}

// New makes a Recorder.
func New(log Log, now func() time.Time, logger *slog.Logger) *Recorder {
	return &Recorder{log: log, now: now, logger: logger, callers: map[caller]map[custody.Refusal]*sum{}}
}

// Note puts a refusal on record; Seq, times and count are filled in. Where the log fails this is told in the operator's log:
// the request stays refused.
func (r *Recorder) Note(ctx context.Context, refused custody.Refusal) {
	now := r.now()
	r.mu.Lock()
	due := r.turn(now)
	kind, s := r.kindOf(refused)
	first := s == nil
	if first {
		r.callers[callerOf(&kind)][kind] = &sum{}
	} else {
		s.add(now.Unix())
	}
	r.mu.Unlock()
	if first {
		kind.Time, kind.Until, kind.Count = now.Unix(), now.Unix(), 1
		due = append(due, &kind)
	}
	r.write(ctx, due)
}

// Flush writes the sums of a window that is over, at once.
func (r *Recorder) Flush(ctx context.Context) {
	r.mu.Lock()
	due := r.turn(r.now())
	r.mu.Unlock()
	r.write(ctx, due)
}

// Run flushes while ctx lasts, then once more, whatever is counted.
func (r *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(Window / 4)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.Flush(ctx)
		case <-ctx.Done():
			r.Close()
			return ctx.Err()
		}
	}
}

// Close writes whatever is counted. Noting goes on to work.
func (r *Recorder) Close() {
	r.mu.Lock()
	due := r.end(r.now())
	r.mu.Unlock()
	r.write(context.Background(), due)
}

// turn ends a window that is over.
func (r *Recorder) turn(now time.Time) []*custody.Refusal {
	if passed := now.Sub(r.began); passed >= 0 && passed < Window {
		return nil
	}
	return r.end(now)
}

// end gives the window's sums and begins another one.
func (r *Recorder) end(now time.Time) (due []*custody.Refusal) {
	for _, kinds := range r.callers {
		for kind, s := range kinds {
			if s.count > 0 {
				kind.Time, kind.Until, kind.Count = s.first, s.last, s.count
				due = append(due, &kind)
			}
		}
	}
	r.began = now
	clear(r.callers)
	return due
}

func (s *sum) add(now int64) {
	if s.count == 0 {
		s.first = now
	}
	s.count++
	s.last = now
}

func callerOf(k *custody.Refusal) caller { return caller{k.Caller, k.Account, k.ID} }

// kindOf finds what a refusal counts as; nil: it is the first of the kind.
func (r *Recorder) kindOf(kind custody.Refusal) (custody.Refusal, *sum) {
	kind.Seq, kind.Time, kind.Until, kind.Count = 0, 0, 0, 0
	if r.callers[callerOf(&kind)] == nil && len(r.callers) >= MaxCallers {
		kind.Account, kind.ID = "", ""
	}
	kinds := r.callers[callerOf(&kind)]
	if kinds == nil {
		kinds = map[custody.Refusal]*sum{}
		r.callers[callerOf(&kind)] = kinds
	}
	if kinds[kind] == nil && len(kinds) >= MaxKinds {
		kind.Route, kind.Code = "", ""
	}
	return kind, kinds[kind]
}

func (r *Recorder) write(ctx context.Context, due []*custody.Refusal) {
	if len(due) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	if err := r.log.AppendRefusals(ctx, due...); err != nil {
		r.logger.Error("refusals are not on record", "records", len(due), "error", err)
	}
}
