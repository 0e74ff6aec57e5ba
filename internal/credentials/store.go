package credentials

import (
	"crypto/subtle"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Recheck is how often a running gateway looks whether the file has changed: the longest that a revoked key lives on.
const Recheck = time.Second

// Store is the credentials of one gateway. All methods are safe for concurrent use, also with other processes on the
// same file.
type Store struct {
	path string
	now  func() time.Time

	write   sync.Mutex   // one writer of this process; the lock file keeps other processes out
	checked atomic.Int64 // when the file was last looked at, Unix nanoseconds
	current atomic.Pointer[table]
}

// table is one state of the file. It never changes.
type table struct {
	stamp   stamp
	records map[string]*record
}

type record struct {
	credential Credential
	hash       [32]byte
}

// Create makes an empty file at path. Errors: STORE_EXISTS; STORE_FAILED where it cannot be written.
func Create(path string, now func() time.Time) (*Store, error) {
	s := &Store{path: path, now: now}
	err := s.locked(func() error {
		if _, err := readStamp(path); err == nil {
			return attest.Errorf(attest.CodeStoreExists, "the credentials file exists already")
		}
		return s.save(map[string]*record{})
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Open reads the file at path. Errors: STORE_MISSING, STORE_CORRUPT, STORE_FAILED.
func Open(path string, now func() time.Time) (*Store, error) {
	s := &Store{path: path, now: now}
	if err := s.load(); err != nil {
		return nil, err
	}
	return s, nil
}

// Add makes a key and returns the text that its holder presents: it is shown here and never again. The key is on disk
// before Add returns. Errors: FIELD_INVALID, STORE_FAILED.
func (s *Store) Add(g Grant) (token string, made *Credential, err error) {
	if g.Verifier == "" {
		g.Verifier = g.Tenant
	}
	if err := g.validate(); err != nil {
		return "", nil, err
	}
	g.Authorities, g.Scopes = slices.Clone(g.Authorities), slices.Clone(g.Scopes)
	id, token, hash := newToken()
	r := &record{credential: Credential{ID: id, Grant: g, Created: s.now().Unix()}, hash: hash}
	err = s.change(func(records map[string]*record) error {
		records[id] = r
		return nil
	})
	if err != nil {
		return "", nil, err
	}
	return token, &r.credential, nil
}

// Revoke ends a key for good. To revoke twice is a success that changes nothing. Errors: NOT_FOUND, STORE_FAILED.
func (s *Store) Revoke(id string) error {
	return s.change(func(records map[string]*record) error {
		r, ok := records[id]
		switch {
		case !ok:
			return attest.Errorf(attest.CodeNotFound, "there is no credential with that id")
		case r.credential.Revoked != 0:
			return nil
		}
		revoked := *r
		revoked.credential.Revoked = max(1, s.now().Unix())
		records[id] = &revoked
		return nil
	})
}

// List returns every credential, oldest first.
func (s *Store) List() ([]*Credential, error) {
	if err := s.load(); err != nil {
		return nil, err
	}
	records := s.current.Load().records
	list := make([]*Credential, 0, len(records))
	for _, r := range records {
		list = append(list, &r.credential)
	}
	slices.SortFunc(list, func(a, b *Credential) int {
		if a.Created != b.Created {
			return int(a.Created - b.Created)
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, nil
}

// Authenticate finds the credential that a presented key belongs to; false for one that is unknown, revoked or not a key
// at all. It takes the same steps for each of them.
func (s *Store) Authenticate(token string) (*Credential, bool) {
	s.refresh()
	id, secret, wellFormed := splitToken(token)
	r, known := s.current.Load().records[id]
	if !known {
		r = &record{} // compared all the same, so that time tells nothing about ids
	}
	presented := hashSecret(secret)
	same := subtle.ConstantTimeCompare(presented[:], r.hash[:]) == 1
	if !wellFormed || !known || !same || r.credential.Revoked != 0 {
		return nil, false
	}
	return &r.credential, true
}

// refresh looks at the file once every Recheck, in one of the calling goroutines. A file that cannot be read leaves the
// last good state in force: a half-broken disk must not lock every office out.
func (s *Store) refresh() {
	now, last := s.now().UnixNano(), s.checked.Load()
	if now-last < int64(Recheck) || !s.checked.CompareAndSwap(last, now) {
		return
	}
	if seen, err := readStamp(s.path); err == nil && seen != s.current.Load().stamp {
		_ = s.load()
	}
}
