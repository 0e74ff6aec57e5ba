package citizen

import (
	"slices"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/internal/session"
)

// draft is a code that is being made.
type draft struct {
	NewCode
	several bool // its holder has several certificates that can be shown
	holder  string
	made    time.Time
	done    string // id of the code that it became
}

// The bounds of drafts.
const (
	draftLife = 30 * time.Minute
	maxDrafts = 4096
	perHolder = 8
)

// drafts keeps them in memory. Safe for concurrent use.
type drafts struct {
	now func() time.Time

	mu    sync.Mutex
	byID  map[string]*draft
	order []string // the oldest first
}

func newDrafts(now func() time.Time) *drafts { return &drafts{now: now, byID: map[string]*draft{}} }

// begin keeps a draft of the holder's.
func (s *drafts) begin(holder string, n draft) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := 0
	for _, id := range slices.Backward(slices.Clone(s.order)) {
		d := s.byID[id]
		if d.holder == holder {
			own++
		}
		if own >= perHolder && d.holder == holder || s.now().Sub(d.made) > draftLife {
			s.drop(id)
		}
	}
	for len(s.order) >= maxDrafts {
		s.drop(s.order[0])
	}
	id = session.NewID()
	n.holder, n.made = holder, s.now()
	s.byID[id] = &n
	s.order = append(s.order, id)
	return id
}

func (s *drafts) drop(id string) {
	delete(s.byID, id)
	s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
}

// get gives a copy of the holder's own draft.
func (s *drafts) get(holder, id string) (draft, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.byID[id]
	if !ok || d.holder != holder || s.now().Sub(d.made) > draftLife {
		return draft{}, false
	}
	return *d, true
}

// put keeps what a step has changed.
func (s *drafts) put(id string, d *draft) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byID[id]; ok {
		kept := *d
		s.byID[id] = &kept
	}
}

// forget drops all of a holder's.
func (s *drafts) forget(holder string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Clone(s.order) {
		if s.byID[id].holder == holder {
			s.drop(id)
		}
	}
}
