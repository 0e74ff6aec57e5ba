package notary

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Submitter takes commands to the ledger. Submit returns once the outcome is durable there. It may be called from
// several goroutines, and again with the same bytes after any error: the rules know a repeat. An error that carries a
// code of the rules refuses the command for good; every other error means that the outcome is unknown.
type Submitter interface {
	Submit(ctx context.Context, command []byte) (registry.Outcome, error)
}

// Signers holds private keys. Owned names the keys that an owner (a USCC or a region code) has there, in any order.
type Signers interface {
	Signer(id string) (attest.Signer, error)
	Owned(owner string) ([]string, error)
}

// Store keeps what a region must not show. Every write is durable when it returns, whole or not at all; every method is
// safe for concurrent use.
type Store interface {
	Certificates
	Outbox
	Documents
	Datasets
	Commands
}

// Certificates keeps certificates and their status slots.
type Certificates interface {
	Subject(typeCode, code string) custody.Subject
	// ReserveStatus draws free slots that nobody else is given until ReleaseStatus or a crash.
	ReserveStatus(authority string, n int, rnd io.Reader) ([]custody.StatusSlot, error)
	ReleaseStatus(authority string, slots []custody.StatusSlot)
	StatusHolder(authority string, slot custody.StatusSlot) (custody.Place, error)
	// AddCertificates writes nothing where the operation is known, and returns it with Repeat set.
	AddCertificates(ctx context.Context, op string, certs []*custody.Certificate) (*custody.Operation, error)
	Certificate(commitment [32]byte) (*custody.Certificate, error)
	CertificateAt(p custody.Place) (*custody.Certificate, error)
}

// Outbox keeps leaves in queues, and the batches that queues are cut into.
type Outbox interface {
	Enqueue(ctx context.Context, q custody.Queue, leaves [][32]byte) (custody.Place, error)
	Queues() []custody.QueueState
	// Grown receives after leaves became durable.
	Grown() <-chan struct{}
	Leaves(queue uint32, first, n uint64) (leaves [][32]byte, types []string, err error)
	Seal(ctx context.Context, batches ...*custody.Batch) error
	Settle(ctx context.Context, b *custody.Batch) error
	Unsettled() ([]*custody.Batch, error)
	Locate(commitment [32]byte) (custody.Place, error)
	BatchOf(p custody.Place) (*custody.Batch, error)
	Receipt(commitment [32]byte) (*merkle.Receipt, error)
	ReceiptAt(p custody.Place) (*merkle.Receipt, error)
}

// Documents keeps documents by their digests.
type Documents interface {
	AddDocument(ctx context.Context, op string, d *custody.Document) (*custody.Document, error)
	FindDocument(authority string, digest [32]byte) (*custody.Document, error)
}

// Datasets keeps the catalogue and the versions with their rows.
type Datasets interface {
	PutDataset(ctx context.Context, op string, d *custody.Dataset) error
	Dataset(id string) (*custody.Dataset, error)
	AddDatasetVersion(ctx context.Context, op string, d *custody.DatasetVersion, rows [][]byte) (*custody.DatasetVersion, error)
	DatasetVersion(dataset string, version int) (*custody.DatasetVersion, error)
	Rows(d *custody.DatasetVersion, each func(n uint64, row []byte) error) error
}

// Commands keeps operations, and commands whose outcome is open.
type Commands interface {
	Operation(id string) (*custody.Operation, error)
	// OperationName is what the ledger sees in place of an operation id that a client chose.
	OperationName(id string) string
	// PutCommand returns the command that was written down first under the id.
	PutCommand(ctx context.Context, op string, digest [32]byte, command []byte) (*custody.Operation, error)
	CommandSettled(ctx context.Context, op string) error
	OpenCommands() (map[string][]byte, error)
}

// Deps is what a notary works with. All are needed but Logger.
type Deps struct {
	Store     Store
	Submitter Submitter
	Signers   Signers
	View      registry.View    // authorities, types and keys as they stand on the ledger
	Network   string           // id of the consortium
	Region    string           // division code: whose governance key stands in for inactive authorities
	Salts     io.Reader        // crypto/rand.Reader; must be safe for concurrent use
	Now       func() time.Time // the clock of records, never of the order of things
	Logger    *slog.Logger
}

// Defaults of Options.
const (
	DefaultBatchSize   = 4096
	DefaultBatchWait   = 500 * time.Millisecond
	DefaultInFlight    = 8
	DefaultMaxRequests = 10_000
)

// Options tune a notary; the zero value takes the defaults.
type Options struct {
	BatchSize        uint64        // leaves: a queue is cut when it has as many
	BatchWait        time.Duration // or when its oldest leaf has waited as long, and fewer than InFlight batches or none of the queue's are on their way
	InFlight         int           // batches that are submitted at once
	MaxRequests      int           // certificates in one call of Issue
	RetryMin         time.Duration // pause before the second submission; doubles up to RetryMax, with jitter
	RetryMax         time.Duration
	OnAnchored       func(b *custody.Batch, sealed time.Duration) // after each batch: how long ago it was sealed; nil: nothing
	AllowLegacyCheck bool                                         // issue licence identifiers with the check character of the widespread faulty routine
}

func (o Options) withDefaults() Options {
	o.BatchSize = min(max(o.BatchSize, 0), registry.MaxBatch)
	if o.BatchSize == 0 {
		o.BatchSize = DefaultBatchSize
	}
	if o.BatchWait <= 0 {
		o.BatchWait = DefaultBatchWait
	}
	if o.InFlight <= 0 {
		o.InFlight = DefaultInFlight
	}
	if o.MaxRequests <= 0 {
		o.MaxRequests = DefaultMaxRequests
	}
	if o.OnAnchored == nil {
		o.OnAnchored = func(*custody.Batch, time.Duration) {}
	}
	if o.RetryMin <= 0 {
		o.RetryMin = 50 * time.Millisecond
	}
	if o.RetryMax < o.RetryMin {
		o.RetryMax = max(o.RetryMin, 10*time.Second)
	}
	return o
}

// Notary is a region's notary. Its methods are safe for concurrent use.
type Notary struct {
	d       Deps
	o       Options
	schemas schemaCache
	issuers issuerCache
	signing sync.RWMutex // held for reading from the choice of a key to the record of what it signed
	rows    rowTrees

	ctx    context.Context // ends when the notary is closed
	cancel context.CancelFunc
	wait   sync.WaitGroup
	cuts   chan *cut
	slots  chan struct{} // one element a submission on its way
	landed chan struct{} // one element where a flight has landed since the batcher looked

	mu     sync.Mutex
	closed bool
	flying map[custody.Place]*flight
}

// New starts a notary. Batches and commands that an earlier run left open are submitted again at once, with the bytes
// that were written down then.
func New(d Deps, o Options) (*Notary, error) {
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	o = o.withDefaults()
	n := &Notary{d: d, o: o, cuts: make(chan *cut), slots: make(chan struct{}, o.InFlight), landed: make(chan struct{}, 1),
		flying: map[custody.Place]*flight{}}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	open, err := d.Store.Unsettled()
	if err != nil {
		return nil, err
	}
	commands, err := d.Store.OpenCommands()
	if err != nil {
		return nil, err
	}
	n.launch(open)
	for op, command := range commands {
		n.start(func() { _, _ = n.settleCommand(n.ctx, op, command) })
	}
	n.start(n.batch)
	return n, nil
}

// start runs a goroutine that Close waits for; false once the notary is closed.
func (n *Notary) start(run func()) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return false
	}
	n.wait.Go(run)
	return true
}

// Close stops cutting and submitting, and waits until nothing runs. What is open is taken up again by the next New.
func (n *Notary) Close() error {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.cancel()
	n.wait.Wait()
	return nil
}
