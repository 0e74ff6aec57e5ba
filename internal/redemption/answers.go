package redemption

import (
	"sync"
	"time"
)

// answers keeps the latest answers in memory, with what was shown, for those who ask again because they heard nothing.
type answers struct {
	mu    sync.Mutex
	byOp  map[string]kept
	order []string
}

type kept struct {
	result *Result
	told   bool
	at     time.Time
}

const (
	keepAnswers = 4096
	keepFor     = 5 * time.Minute
)

func (a *answers) put(op string, r *Result, now time.Time)  { a.set(op, kept{r, true, now}) }
func (a *answers) hold(op string, r *Result, now time.Time) { a.set(op, kept{r, false, now}) }

func (a *answers) set(op string, k kept) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byOp == nil {
		a.byOp = map[string]kept{}
	}
	if _, known := a.byOp[op]; !known {
		a.order = append(a.order, op)
	}
	a.byOp[op] = k
	for len(a.order) > 0 && (len(a.order) > keepAnswers || k.at.Sub(a.byOp[a.order[0]].at) > keepFor) {
		delete(a.byOp, a.order[0])
		a.order = a.order[1:]
	}
}

// get gives an answer; told is false for one whose use is not acknowledged yet.
func (a *answers) get(op string, now time.Time) (r *Result, told bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.byOp[op]
	if !ok || now.Sub(k.at) > keepFor {
		return nil, false
	}
	return k.result, k.told
}
