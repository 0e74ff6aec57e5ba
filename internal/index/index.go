package index

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// Rules is the state machine that the index runs: registry.Apply, or a smaller one in tests.
type Rules func(registry.State, registry.Tx, []byte) (registry.Event, error)

// DefaultCacheBytes is the block cache of an index whose Options.Store names none. The filters and indexes of 10^5 status
// records and the blocks in use fit it: with a quarter of it the lookups of a verification take three times as long. It fills only as needed.
const DefaultCacheBytes = 32 << 20

// Options of an index. The zero value is fit for use.
type Options struct {
	Rules   Rules                  // nil: registry.Apply
	Genesis []byte                 // hash that block 0 must have; nil: the first one that comes
	Clock   func() time.Time       // says when a block was applied; nil: time.Now
	Logger  *slog.Logger           // receives the alarms; nil: slog.Default
	OnAlarm func(code attest.Code) // called once when the index freezes, for a counter; nil: nothing
	Store   pebblekv.Options       // cache, memory, file system; Create is ignored
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Store.Cache == nil && o.Store.CacheBytes == 0 {
		o.Store.CacheBytes = DefaultCacheBytes
	}
	if o.OnAlarm == nil {
		o.OnAlarm = func(attest.Code) {}
	}
	return o
}

// Index is an open index. Its methods may be called from any number of goroutines; Apply calls come one after the other.
type Index struct {
	o    Options
	db   *pebblekv.Store
	view reader

	applying sync.Mutex // held through an Apply, a Reset and Close
	machine  registry.Machine
	hot      map[string]record // what the store has of the records that almost every command needs

	mu       sync.RWMutex // held for writing while a block becomes visible: everything below, and the store
	at       checkpoint
	standing standing
	broken   error // why the replica may not be trusted: a divergence or a fork. Lasts until it is opened again
	closed   bool

	dumps sync.WaitGroup // snapshots of the store that are being read outside mu
	heard atomic.Int64   // Unix seconds; never: math.MinInt64
}

// Create makes an empty index in dir and opens it. A folder that holds a store is refused with STORE_EXISTS.
func Create(dir string, o Options) (*Index, error) { return open(dir, o, true) }

// Open opens the index in dir. Codes: STORE_MISSING, STORE_LOCKED, STORE_FORMAT, STORE_CORRUPT. Where it cannot be opened
// for damage, remove the folder, Create it and follow from block 0.
func Open(dir string, o Options) (*Index, error) { return open(dir, o, false) }

func open(dir string, o Options, create bool) (*Index, error) {
	o = o.withDefaults()
	o.Store.Create = create
	db, at, err := openStore(dir, o.Store)
	if err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	x := &Index{o: o, db: db, at: at, hot: map[string]record{}}
	x.heard.Store(math.MinInt64)
	x.view = newReader(stored{db})
	if err := x.standing.load(x); err != nil {
		_ = db.Close() // the reason is the first error
		return nil, fmt.Errorf("open index: %w", err)
	}
	return x, nil
}

// rules runs one command, by what was done of it ahead where the rules are the real ones.
func (x *Index) rules(state registry.State, tx *registry.Transaction) (registry.Event, error) {
	if x.o.Rules != nil {
		return x.o.Rules(state, tx.Tx, tx.Command)
	}
	return x.machine.Apply(state, tx.Tx, tx.Command, tx.Ahead)
}

// Close waits for a block that is being applied, for readers and for dumps, and closes the store. Closing twice is fine.
func (x *Index) Close() error {
	x.applying.Lock()
	defer x.applying.Unlock()
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
	x.dumps.Wait()
	return x.db.Close()
}

// Reset forgets everything, for a rebuild from block 0. It is durable when it returns.
func (x *Index) Reset() error {
	x.applying.Lock()
	defer x.applying.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.usable(); err != nil {
		return err
	}
	if err := initialise(x.db); err != nil {
		return err
	}
	x.at, x.broken = checkpoint{}, nil
	clear(x.hot)
	x.view.forget()
	return x.standing.load(x)
}

// Next is the number of the block to come: how many were applied. 0 says that the index is empty.
func (x *Index) Next() uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.at.next
}

// Height is the number of the last block applied; 0 for an empty index as well, which Next tells apart.
func (x *Index) Height() uint64 { return max(x.Next(), 1) - 1 }

// BlockHash is the hash of the last block applied; empty for an empty index.
func (x *Index) BlockHash() []byte {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return bytes.Clone(x.at.hash)
}

// Batches is the number of batches that were anchored up to the last block applied.
func (x *Index) Batches() uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.at.batches
}

// Progress is how far an index is. It is an alias, so that a consumer can name the same type in its own interface.
type Progress = struct {
	Next    uint64   // number of the block to come
	Digest  [32]byte // D(Next−1); zeros where Next is 0
	Traffic uint64   // 1 + the last block that carried anything but witness statements; 0: none did
}

// Progress is how far the index is, all as of one block.
func (x *Index) Progress() Progress {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return Progress{Next: x.at.next, Digest: x.at.digest, Traffic: x.at.traffic}
}

// Heard notes that at now (Unix seconds) the ledger had answered and everything it had by then was applied. It never goes
// back.
func (x *Index) Heard(now int64) {
	for {
		last := x.heard.Load()
		if now <= last || x.heard.CompareAndSwap(last, now) {
			return
		}
	}
}

// Frozen is why nothing may be judged: RULES_DIVERGED, CHAIN_FORK or WITNESS_FROZEN; nil where all is well.
func (x *Index) Frozen() error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.frozen()
}

func (x *Index) frozen() error {
	if x.broken != nil {
		return x.broken
	}
	return x.standing.frozen
}

func (x *Index) usable() error {
	if x.closed {
		return attest.Errorf(attest.CodeStoreClosed, "the index is closed")
	}
	return nil
}

func (x *Index) alarm(err error) {
	x.o.Logger.Error("index frozen: nothing is judged", "reason", err.Error())
	x.o.OnAlarm(attest.CodeOf(err))
}
