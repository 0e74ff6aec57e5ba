package session

import (
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

// Limits bound sessions. Zero values take the defaults.
type Limits struct {
	Idle     time.Duration // without a request; default 15 minutes
	Absolute time.Duration // since sign-in, whatever is done; default 8 hours
	Weighty  time.Duration // since the provider last asked who it is, for acts that cannot be undone; default 15 minutes
	Most     int           // sessions kept at once; past it the one used longest ago ends; default 65536
}

func (l Limits) withDefaults() Limits {
	if l.Idle == 0 {
		l.Idle = 15 * time.Minute
	}
	if l.Absolute == 0 {
		l.Absolute = 8 * time.Hour
	}
	if l.Weighty == 0 {
		l.Weighty = 15 * time.Minute
	}
	if l.Most == 0 {
		l.Most = 1 << 16
	}
	return l
}

// Session is one person's, at one browser. It is a copy: changing it changes nothing.
type Session struct {
	Person
	Started time.Time
	Ends    time.Time // at the latest, unless something is done meanwhile
}

type entry struct {
	key     [sha256.Size]byte
	person  Person
	started time.Time
	used    time.Time
}

// Store keeps sessions. Safe for concurrent use.
type Store struct {
	limits Limits
	now    func() time.Time

	mu    sync.Mutex
	byKey map[[sha256.Size]byte]*list.Element // of *entry
	order *list.List                          // last used first
}

// NewStore makes an empty store.
func NewStore(limits Limits, now func() time.Time) *Store {
	return &Store{limits: limits.withDefaults(), now: now, byKey: map[[sha256.Size]byte]*list.Element{}, order: list.New()}
}

// Absolute is how long a session lasts at most.
func (s *Store) Absolute() time.Duration { return s.limits.Absolute }

// Recent reports whether the provider has asked somebody who they are lately enough for a weighty act; ahead asks whether it
// still will have when somebody has filled in a form.
func (s *Store) Recent(p *Person, ahead bool) bool {
	limit := s.limits.Weighty
	if ahead {
		limit /= 2
	}
	return s.now().Sub(p.Authenticated) < limit
}

// NewID draws 256 random bits, in base64url.
func NewID() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the process instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func keyOf(id string) [sha256.Size]byte { return sha256.Sum256([]byte("huzheng/v1/session\x00" + id)) }

// Start begins a session under a new id, and ends the one that the browser had before, if any.
func (s *Store) Start(before string, p Person) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(keyOf(before))
	now := s.now()
	return s.add(&entry{person: p, started: now, used: now})
}

// Change gives a session's person other rights, and the session another id. False: there is no such session.
func (s *Store) Change(before string, p Person) (id string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.live(keyOf(before))
	if e == nil {
		return "", false
	}
	s.drop(e.key)
	return s.add(&entry{person: p, started: e.started, used: s.now()}), true
}

// Get is the session of an id, which counts as use of it. False: it has ended, or never was.
func (s *Store) Get(id string) (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.live(keyOf(id))
	if e == nil {
		return Session{}, false
	}
	e.used = s.now()
	s.order.MoveToFront(s.byKey[e.key])
	ends := e.used.Add(s.limits.Idle)
	if last := e.started.Add(s.limits.Absolute); last.Before(ends) {
		ends = last
	}
	return Session{Person: e.person, Started: e.started, Ends: ends}, true
}

// End ends a session. Ending one that is no more is fine.
func (s *Store) End(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(keyOf(id))
}

// EndOf ends every session of a person, whatever their rights, at whatever browser.
func (s *Store) EndOf(p *Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, element := range s.byKey {
		e := element.Value.(*entry) //nolint:forcetypeassert // as in sweep
		if e.person.Issuer == p.Issuer && e.person.Subject == p.Subject || p.Code != "" && e.person.Code == p.Code {
			s.drop(key)
		}
	}
}

// Len is how many sessions are kept, those that nobody has asked for since they ran out included.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.order.Len()
}

func (s *Store) add(e *entry) (id string) {
	s.sweep()
	id = NewID()
	e.key = keyOf(id)
	s.byKey[e.key] = s.order.PushFront(e)
	return id
}

// sweep drops what has run out, from the end that was used longest ago, and makes room for one more.
func (s *Store) sweep() {
	now := s.now()
	for last := s.order.Back(); last != nil; last = s.order.Back() {
		e := last.Value.(*entry) //nolint:forcetypeassert // nothing else is put into the list
		if s.order.Len() < s.limits.Most && s.within(e, now) {
			return
		}
		s.drop(e.key)
	}
}

func (s *Store) within(e *entry, now time.Time) bool {
	return now.Sub(e.used) < s.limits.Idle && now.Sub(e.started) < s.limits.Absolute
}

func (s *Store) live(key [sha256.Size]byte) *entry {
	element, ok := s.byKey[key]
	if !ok {
		return nil
	}
	e := element.Value.(*entry) //nolint:forcetypeassert // as in sweep
	if !s.within(e, s.now()) {
		s.drop(key)
		return nil
	}
	return e
}

func (s *Store) drop(key [sha256.Size]byte) {
	if element, ok := s.byKey[key]; ok {
		s.order.Remove(element)
		delete(s.byKey, key)
	}
}
