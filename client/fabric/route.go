package fabric

import (
	"sync"
	"time"
)

// route is through which peers commands go: the own one, and others in their order while it fails. One that has failed is left
// alone for a while; then a single command tries it again.
type route struct {
	rest time.Duration

	mu    sync.Mutex
	marks []mark // by peer
}

// mark is that a peer has failed: when that was found, and until when it is left alone. The zero mark is none.
type mark struct{ found, until time.Time }

func newRoute(peers int, rest time.Duration) *route {
	return &route{rest: rest, marks: make([]mark, peers)}
}

// order is in which order the peers are to be asked: those that have failed come last.
func (r *route) order() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	var well, failed []int
	for i := range r.marks {
		m := &r.marks[i]
		switch {
		case m.found.IsZero():
			well = append(well, i)
		case len(well) == 0 && now.After(m.until):
			m.until = now.Add(r.rest) // the others do not wait for what becomes of this try
			well = append(well, i)
		default:
			failed = append(failed, i)
		}
	}
	return append(well, failed...)
}

// failed notes that a peer has failed, and reports whether that is news.
func (r *route) failed(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, news := time.Now(), r.marks[i].found.IsZero()
	r.marks[i] = mark{now, now.Add(r.rest)}
	return news
}

// served notes that a peer has served what it was asked at that time, and reports whether it had failed before.
func (r *route) served(i int, asked time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if found := r.marks[i].found; found.IsZero() || found.After(asked) {
		return false
	}
	r.marks[i] = mark{}
	return true
}

// away reports whether the own peer has failed.
func (r *route) away() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.marks[0].found.IsZero()
}

// tally counts who says the same of what nobody proves.
type tally[T comparable] struct {
	enough int
	said   map[T]map[string]bool
}

func newTally[T comparable](enough int) *tally[T] {
	return &tally[T]{enough: enough, said: map[T]map[string]bool{}}
}

// add reports whether enough different ones have said it by now.
func (t *tally[T]) add(what T, who string) bool {
	if t.said[what] == nil {
		t.said[what] = map[string]bool{}
	}
	t.said[what][who] = true
	return len(t.said[what]) >= t.enough
}
