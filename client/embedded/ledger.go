package embedded

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// The errors of Submit that say something about the ledger rather than the command; match them with errors.Is.
var (
	// ErrOverloaded: the queue is full and the command was not taken in. Try again later.
	ErrOverloaded error = &attest.Error{Code: attest.CodeLedgerOverloaded}
	// ErrOutcomeUnknown: the command was taken in, and whether it is recorded is not known. Submit the same bytes again.
	ErrOutcomeUnknown error = &attest.Error{Code: attest.CodeOutcomeUnknown}
	// ErrClosed: the ledger is closed or closing and the command was not taken in.
	ErrClosed error = &attest.Error{Code: attest.CodeStoreClosed}
)

// Rules is the state machine that the ledger runs: registry.Apply, or a smaller one in tests.
type Rules func(registry.State, registry.Tx, []byte) (registry.Event, error)

// Defaults of Options.
const (
	DefaultBlockTransactions = 1000
	DefaultBlockBytes        = 4 << 20
	DefaultQueueCommands     = 16384
	DefaultQueueBytes        = 64 << 20
	DefaultCommandBytes      = 1 << 20
)

// Options say how a ledger cuts blocks. The zero value is fit for use.
type Options struct {
	BlockTransactions int // most commands in a block; 0: DefaultBlockTransactions
	BlockBytes        int // most bytes of commands in a block, unless one alone is larger; 0: DefaultBlockBytes
	// BlockWait is how long a block that holds a command waits for company. Zero, the default, is best almost everywhere:
	// a block is cut as soon as the one before is synced, and fills in the meantime.
	BlockWait     time.Duration
	QueueCommands int              // commands that may wait to be ordered; 0: DefaultQueueCommands
	QueueBytes    int              // bytes of commands that may wait; 0: DefaultQueueBytes
	CommandBytes  int              // largest command; 0: DefaultCommandBytes
	Clock         func() time.Time // nil: time.Now. A clock that goes back holds the ledger's time, it never turns it back
	Rules         Rules            // nil: registry.Apply
	Store         pebblekv.Options // cache, memory, file system; Create is ignored
}

func (o Options) withDefaults() Options {
	o.BlockTransactions = orDefault(o.BlockTransactions, DefaultBlockTransactions)
	o.BlockBytes = orDefault(o.BlockBytes, DefaultBlockBytes)
	o.QueueCommands = orDefault(o.QueueCommands, DefaultQueueCommands)
	o.QueueBytes = orDefault(o.QueueBytes, DefaultQueueBytes)
	o.CommandBytes = orDefault(o.CommandBytes, DefaultCommandBytes)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Rules == nil {
		o.Rules = registry.Apply
	}
	return o
}

func orDefault(n, def int) int {
	if n > 0 {
		return n
	}
	return def
}

// Ledger is an open ledger. Its methods may be called from any number of goroutines.
type Ledger struct {
	o       Options
	db      *pebblekv.Store
	queue   *queue
	tip     *tip
	ordered chan struct{} // closed when the orderer has ended

	reading sync.RWMutex // held for reading while the store is read; for writing while it closes
	closed  bool
	closing sync.Once
	result  error // of Close
}

// Create makes an empty ledger in dir and opens it. A folder that holds a store is refused with STORE_EXISTS; one whose
// creation was interrupted is completed.
func Create(dir string, o Options) (*Ledger, error) {
	if err := createStore(dir, o.Store); err != nil {
		return nil, fmt.Errorf("create ledger: %w", err)
	}
	return Open(dir, o)
}

// Open opens the ledger in dir. Codes: STORE_MISSING, STORE_LOCKED (another process has it), STORE_FORMAT (not a ledger),
// STORE_CORRUPT and the CHAIN codes (run Check).
func Open(dir string, o Options) (*Ledger, error) {
	o = o.withDefaults()
	db, h, err := openStore(dir, o.Store)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l := &Ledger{
		o: o, db: db,
		queue:   newQueue(o.QueueCommands, o.QueueBytes),
		tip:     newTip(h),
		ordered: make(chan struct{}),
	}
	go l.order()
	return l, nil
}

// Close takes no more commands in, orders and answers those already taken in, and closes the store.
func (l *Ledger) Close() error {
	l.closing.Do(func() {
		l.queue.stop(attest.Errorf(attest.CodeStoreClosed, "the ledger is closed"))
		<-l.ordered
		l.tip.end(attest.Errorf(attest.CodeStoreClosed, "the ledger is closed"))
		l.reading.Lock()
		defer l.reading.Unlock()
		l.closed = true
		l.result = l.db.Close()
	})
	return l.result
}

// Next is the number of the block to come: how many blocks are durable. 0 says that the ledger is empty.
func (l *Ledger) Next() uint64 { return l.tip.get().next }

// Head is Next for a follower that asks whether it has everything; it fails once the ledger no longer orders.
func (l *Ledger) Head(ctx context.Context) (next uint64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return l.tip.serving()
}

// order is the ordering goroutine: it alone runs the rules and writes the store.
func (l *Ledger) order() {
	defer close(l.ordered)
	for l.queue.wait() {
		l.queue.linger(l.o.BlockWait, l.o.BlockTransactions)
		l.process(l.queue.take(l.o.BlockTransactions, l.o.BlockBytes))
	}
}

// process makes one block of the requests and answers them.
func (l *Ledger) process(requests []*request) {
	if _, err := l.tip.serving(); err != nil { // it stopped while these waited: they are not recorded
		respond(requests, func(int) answer { return answer{err: err} })
		return
	}
	b := newBuilder(l.db, l.o.Rules, l.tip.get(), l.o.Clock().Unix())
	answers := make([]answer, len(requests))
	for i, r := range requests {
		answers[i].outcome, answers[i].err = b.execute(r.entry)
	}
	next, err := b.commit()
	if err != nil {
		l.stop(err)
		respond(requests, func(int) answer { return answer{err: unknown("block not known to be synced", err)} })
		return
	}
	if next != b.head {
		l.tip.advance(next)
	}
	respond(requests, func(i int) answer { return answers[i] })
}

func respond(requests []*request, with func(i int) answer) {
	for i, r := range requests {
		r.answer <- with(i)
	}
}

// stop ends the ledger after a fault of the disk: what the disk holds is known only once the store is opened again.
func (l *Ledger) stop(cause error) {
	stopped := attest.Errorf(attest.CodeOf(cause), "the ledger has stopped: %v", cause)
	l.queue.stop(stopped)
	l.tip.end(stopped)
}

// unknown is an ErrOutcomeUnknown that names its step and keeps its cause.
func unknown(step string, cause error) error {
	return fmt.Errorf("%w: %w", attest.Errorf(attest.CodeOutcomeUnknown, "%s", step), cause)
}
