package pebblekv

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// Store is one open Pebble database. Its methods may be called from several goroutines at once, Close aside. Errors carry
// the codes of Classify.
type Store struct {
	db     *pebble.DB
	fuse   *fuse
	fs     *fencedFS
	cache  *pebble.Cache // private to this store; nil where it is shared
	closed atomic.Bool
}

// Open opens the store in dir and holds it against every other process until Close. Without o.Create a folder without a
// store is STORE_MISSING and nothing is made; with it a folder that has one is STORE_EXISTS. A store that another process
// has open is STORE_LOCKED. A new store exists as soon as Open returns, and before that not at all.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	s := &Store{fuse: newFuse(o.Logger)}
	s.fs = &fencedFS{FS: o.FS, fuse: s.fuse}
	cache := s.chooseCache(o)
	err := s.call(func() error {
		if err := s.prepare(dir, o.Create); err != nil {
			return err
		}
		s.fuse.opening.Store(true)
		db, err := pebble.Open(dir, o.pebble(s.fs, cache))
		if err != nil {
			return err
		}
		s.db = db
		if o.Create {
			return s.endCreation(dir)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, s.abandon())
	}
	s.fuse.serving.Store(true)
	return s, nil
}

// abandon gives free what a store holds that did not come up. A half-open database is kept from the disk; whether Pebble is
// done with a private cache is not known, so the collector has to see to that.
func (s *Store) abandon() error {
	s.fuse.seal()
	return Classify(s.fs.release())
}

func (s *Store) chooseCache(o Options) *pebble.Cache {
	if o.Cache != nil {
		return o.Cache.c
	}
	s.cache = pebble.NewCache(o.CacheBytes)
	return s.cache
}

// call runs a call into Pebble that may change the disk. It returns as soon as the store fails, even if Pebble never
// does: a failed store's writers wait for a flush or a lock that will not come.
func (s *Store) call(do func() error) error {
	done := make(chan error, 1)
	go func() { done <- s.fuse.guard(do) }()
	select {
	case err := <-done:
		return s.outcome(err)
	case <-s.fuse.failed:
	}
	select {
	case err := <-done: // it had come to an end all the same
		return s.outcome(err)
	default:
		return s.fuse.err()
	}
}

// outcome replaces what the fence answered by the failure that put it up.
func (s *Store) outcome(err error) error {
	if errors.Is(err, errBlown) {
		<-s.fuse.failed
		return s.fuse.err()
	}
	return Classify(err)
}

// change is call for a store that is open and has not failed.
func (s *Store) change(do func() error) error {
	if err := s.open(); err != nil {
		return err
	}
	if err := s.fuse.err(); err != nil {
		return err
	}
	return s.call(do)
}

// read runs a call into Pebble that only reads; a failed store still answers.
func (s *Store) read(do func() error) error {
	if err := s.open(); err != nil {
		return err
	}
	return Classify(s.fuse.guard(do))
}

func (s *Store) open() error {
	if s.closed.Load() {
		return Classify(pebble.ErrClosed)
	}
	return nil
}

// Err is the failure that made the store refuse changes, nil while it serves.
func (s *Store) Err() error { return s.fuse.err() }

// Failed is closed when the store fails; Err then says why.
func (s *Store) Failed() <-chan struct{} { return s.fuse.failed }

// Get returns a copy of the value of key; nil where the key is absent, an empty slice that is not nil where the value is
// empty.
func (s *Store) Get(key []byte) (value []byte, err error) {
	err = s.read(func() (err error) {
		value, err = get(s.db, key)
		return err
	})
	return value, err
}

// get reads through any pebble.Reader with Get's contract.
func get(r pebble.Reader, key []byte) ([]byte, error) {
	found, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	value := append(make([]byte, 0, len(found)), found...)
	return value, closer.Close()
}

// NewIter iterates over the store as it is now; nil options: over everything. The caller closes it, before the store, and
// passes its Error through Classify.
func (s *Store) NewIter(o *pebble.IterOptions) (it *pebble.Iterator, err error) {
	err = s.read(func() (err error) {
		it, err = s.db.NewIter(o)
		return err
	})
	return it, err
}

// NewSnapshot is a view of the store as it is now. The caller closes it, before the store, and passes its errors through
// Classify.
func (s *Store) NewSnapshot() (snap *pebble.Snapshot, err error) {
	err = s.read(func() error {
		snap = s.db.NewSnapshot()
		return nil
	})
	return snap, err
}

// Flush writes everything that is in memory to tables, and so makes unsynced commits durable.
func (s *Store) Flush() error { return s.change(s.db.Flush) }

// Compact rewrites the keys in [start, end), which drops what was deleted or overwritten.
func (s *Store) Compact(ctx context.Context, start, end []byte) error {
	return s.change(func() error { return s.db.Compact(ctx, start, end, false) })
}

// Checkpoint writes a consistent copy of the store, opened like any other, into dir, which must not exist. Tables are hard
// links where the file system allows.
func (s *Store) Checkpoint(dir string) error {
	return s.change(func() error { return s.db.Checkpoint(dir, pebble.WithFlushedWAL()) })
}

// DiskBytes is what the store's files take, those not yet deleted included.
func (s *Store) DiskBytes() (n uint64, err error) {
	err = s.read(func() error {
		n = s.db.Metrics().DiskSpaceUsage()
		return nil
	})
	return n, err
}

// Close ends the store's use and gives its folder free. Commits without a sync are made durable, unless the store has
// failed: then its failure is returned, and the memory of this instance is lost to the process. Iterators and snapshots
// must be closed before. Closing twice is fine.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	err := s.fuse.err()
	if err == nil {
		err = s.call(s.db.Close)
	}
	if err == nil && s.cache != nil {
		s.cache.Unref()
	}
	return errors.Join(err, Classify(s.fs.release()))
}
