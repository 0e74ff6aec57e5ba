package vault

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// chainEnd is where a chain of records ends.
type chainEnd struct {
	count uint64
	chain [32]byte
}

// Options say where a vault lies and how it is opened.
type Options struct {
	Dir     string       // folder of the data
	Keyring string       // folder of the keyring and the audit head; neither inside Dir nor around it
	Master  *keys.Master // wraps the keyring
	Suite   attest.Suite // Create only: what values are sealed with
	Inspect bool         // open for reading, even where the audit log's end does not fit its head: for fsck

	Cache         *pebblekv.Cache // shared between stores of the process; nil: a private one of DefaultCacheBytes
	MemTableBytes int64           // 0: pebblekv.DefaultMemTableBytes
	Logger        *slog.Logger    // failures only; nil: slog.Default

	fs vfs.FS // tests; nil: the operating system's
}

// Vault is an open vault. Its methods are safe for concurrent use.
type Vault struct {
	db      *pebblekv.Store
	ring    *keyring
	suite   attest.Suite
	nonces  keys.Nonces
	head    *logHead // of the audit log
	useHead *logHead // of the record of uses
	log     *slog.Logger

	subjects   *macs // of holders and of things with a key of their own
	operations *macs // of ids that somebody else chose

	slotKeys *lru[uint64, dataKey] // unwrapped keys by slot
	erasures atomic.Uint64         // counts them, so that no erased key is kept
	trees    *lru[custody.Place, *batchTree]

	mu       sync.RWMutex // guards what follows
	names    map[string]uint32
	byNumber []string
	queues   map[uint32]*queueState
	failed   error

	datasetMu sync.Mutex // held while a dataset version is written

	statusMu sync.Mutex              // guards lists
	lists    map[string]*statusLists // by authority

	audit, useLog chainEnd // the committer's alone, once open

	gate    sync.RWMutex // held for reading while a job is handed over
	closed  bool
	jobs    chan *job
	stopped chan struct{}
	grown   chan struct{} // has an element whenever leaves became durable
}

// DefaultCacheBytes is the block cache of a vault whose Options name none: the filters of a few hundred thousand
// certificates, which tell for every new holder that there is no key yet. It fills only as needed.
const DefaultCacheBytes = 32 << 20

const (
	maxWaiting   = 4096 // jobs handed over and not yet taken
	slotKeyCache = 4096
	treeCache    = 48 // trees of at most a few thousand leaves: some 15 MB
)

// Create makes a new vault and closes it again: Open uses it. Errors: STORE_EXISTS, KEYRING_BESIDE_DATA.
func Create(o Options) error {
	o = o.withDefaults()
	if !o.Suite.Valid() {
		return attest.Errorf(attest.CodeAlgUnknown, "a vault is made for one of the two suites")
	}
	if err := o.apart(); err != nil {
		return err
	}
	half, err := halfCreated(o)
	if err != nil {
		return err
	}
	if err := createKeyring(o.fs, o.Keyring, o.Suite, o.Master); err != nil {
		return err
	}
	for _, kind := range []headKind{auditLogHead, usesHead} {
		if err := createHead(o.fs, o.Keyring, kind, o.Suite, o.Master); err != nil {
			return err
		}
	}
	db, err := pebblekv.Open(o.Dir, o.store(!half))
	if err != nil {
		return err
	}
	return errors.Join(writeMeta(db, o), db.Close())
}

// halfCreated reports whether a creation was interrupted, which the next one completes.
func halfCreated(o Options) (bool, error) {
	exists, err := pebblekv.Exists(o.Dir, o.fs)
	if err != nil || !exists {
		return false, err
	}
	db, err := pebblekv.Open(o.Dir, o.store(false))
	if err != nil {
		return false, err
	}
	meta, err := db.Get(keyMeta())
	if err = errors.Join(err, db.Close()); err != nil {
		return false, err
	}
	if meta != nil {
		return false, attest.Errorf(attest.CodeStoreExists, "a vault is already in %s", o.Dir)
	}
	return true, nil
}

// meta is the only value in the clear: format(1) suite(1) store id(16) check value(16).
const metaSize = 2 + 16 + keys.CheckSize

func writeMeta(db *pebblekv.Store, o Options) error {
	var nonces keys.Nonces
	ring, err := openKeyring(o.fs, o.Keyring, o.Master, &nonces)
	if err != nil {
		return err
	}
	check, err := o.Master.Check(o.Suite)
	if err = errors.Join(err, ring.close()); err != nil {
		return err
	}
	meta := append([]byte{recordFormat, suiteByte(o.Suite)}, ring.storeID[:]...)
	b := db.NewBatch()
	if err := b.Set(keyMeta(), append(meta, check[:]...)); err != nil {
		return err
	}
	return b.Commit()
}

// Open opens a vault and holds it against every other process until Close. Errors: STORE_MISSING, STORE_LOCKED,
// STORE_FORMAT, MASTER_WRONG, KEYRING_DAMAGED, KEYRING_BESIDE_DATA, and the AUDIT_ codes where the audit log does not
// reach its head (unless o.Inspect).
func Open(o Options) (*Vault, error) {
	o = o.withDefaults()
	if err := o.apart(); err != nil {
		return nil, err
	}
	db, err := pebblekv.Open(o.Dir, o.store(false))
	if err != nil {
		return nil, err
	}
	v := &Vault{
		db: db, log: o.Logger,
		slotKeys: newLRU[uint64, dataKey](slotKeyCache), trees: newLRU[custody.Place, *batchTree](treeCache),
		names: map[string]uint32{}, queues: map[uint32]*queueState{}, lists: map[string]*statusLists{},
		jobs: make(chan *job, maxWaiting), stopped: make(chan struct{}), grown: make(chan struct{}, 1),
	}
	if err := v.load(o); err != nil {
		return nil, errors.Join(err, v.release())
	}
	go v.commitLoop()
	return v, nil
}

func (v *Vault) load(o Options) (err error) {
	if v.ring, err = openKeyring(o.fs, o.Keyring, o.Master, &v.nonces); err != nil {
		return err
	}
	v.suite = v.ring.suite
	if err := v.checkMeta(o.Master); err != nil {
		return err
	}
	if v.subjects, err = newMACs(o.Master, v.suite, keys.PurposeSubject); err != nil {
		return err
	}
	if v.operations, err = newMACs(o.Master, v.suite, keys.PurposeOperation); err != nil {
		return err
	}
	if !o.Inspect {
		if err := v.redoErasures(); err != nil {
			return err
		}
	}
	if err := v.loadNames(); err != nil {
		return err
	}
	if err := v.loadQueues(); err != nil {
		return err
	}
	if err := v.openAudit(o); err != nil {
		return err
	}
	return v.openUses(o)
}

func (v *Vault) checkMeta(master *keys.Master) error {
	meta, err := v.db.Get(keyMeta())
	if err != nil {
		return err
	}
	if len(meta) != metaSize || meta[0] != recordFormat || suiteOfByte(meta[1]) != v.suite {
		return attest.Errorf(attest.CodeStoreFormat, "the store is not a vault of this version, or its creation was interrupted")
	}
	check, err := master.Check(v.suite)
	if err != nil {
		return err
	}
	if !bytes.Equal(meta[2+16:], check[:]) {
		return attest.Errorf(attest.CodeMasterWrong, "the vault was made under another master key")
	}
	if !bytes.Equal(meta[2:2+16], v.ring.storeID[:]) {
		return attest.Errorf(attest.CodeStoreFormat, "the keyring belongs to another vault")
	}
	return nil
}

// Close acknowledges what was handed over, then gives the vault free. Closing twice is fine.
func (v *Vault) Close() error {
	v.gate.Lock()
	if v.closed {
		v.gate.Unlock()
		return nil
	}
	v.closed = true
	close(v.jobs)
	v.gate.Unlock()
	<-v.stopped
	return v.release()
}

func (v *Vault) release() error {
	var err error
	for _, head := range []*logHead{v.head, v.useHead} {
		if head != nil {
			err = errors.Join(err, head.close())
		}
	}
	if v.ring != nil {
		err = errors.Join(err, v.ring.close())
	}
	return errors.Join(err, v.db.Close())
}

// Suite is what the vault was made for.
func (v *Vault) Suite() attest.Suite { return v.suite }

// Subject is the id of a holder: holder type code (GB/T 36904 annex, e.g. 111) and holder code.
func (v *Vault) Subject(typeCode, code string) custody.Subject {
	return custody.Subject(v.subjects.sum("holder", typeCode, code))
}

// subjectOf is the id of a thing that has a key of its own without a holder: a document, a dataset version.
func (v *Vault) subjectOf(kind attest.Kind, parts ...string) custody.Subject {
	return custody.Subject(v.subjects.sum(string(kind), parts...))
}

// hashed turns an id that somebody else chose into 16 bytes of a store key.
func (v *Vault) hashed(kind string, parts ...string) [16]byte {
	sum := v.operations.sum(kind, parts...)
	return [16]byte(sum[:16])
}

// Checkpoint writes a copy of the data folder, consistent at one moment, into dir. Without the keyring it is ciphertext.
func (v *Vault) Checkpoint(dir string) error { return v.db.Checkpoint(dir) }

// DiskBytes is what the data folder takes.
func (v *Vault) DiskBytes() (uint64, error) { return v.db.DiskBytes() }

func (o Options) withDefaults() Options {
	if o.fs == nil {
		o.fs = vfs.Default
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func (o Options) store(create bool) pebblekv.Options {
	return pebblekv.Options{
		FS: o.fs, Create: create, ReadOnly: o.Inspect, Encrypted: true, Cache: o.Cache, CacheBytes: DefaultCacheBytes,
		MemTableBytes: o.MemTableBytes, Logger: o.Logger,
	}
}

// apart refuses folders that lie in each other: whoever copies one must not get the other.
func (o Options) apart() error {
	if o.Master == nil {
		return attest.Errorf(attest.CodeMasterMissing, "a vault needs a master key")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return pebblekv.Classify(err)
	}
	ring, err := filepath.Abs(o.Keyring)
	if err != nil {
		return pebblekv.Classify(err)
	}
	if o.Dir == "" || o.Keyring == "" || within(dir, ring) || within(ring, dir) {
		return attest.Errorf(attest.CodeKeyringBeside, "data and keyring need two folders, neither inside the other")
	}
	return nil
}

func within(outer, inner string) bool {
	rel, err := filepath.Rel(outer, inner)
	return err == nil && filepath.IsLocal(rel)
}

// do hands build to the committer and returns once what it wrote is durable. ctx ends the wait for the committer's
// attention, not a write that has begun.
func (v *Vault) do(ctx context.Context, build func(t *tx) error) error {
	j := &job{build: build, done: make(chan error, 1)}
	if err := v.hand(ctx, j); err != nil {
		return err
	}
	return <-j.done
}

func (v *Vault) hand(ctx context.Context, j *job) error {
	v.gate.RLock()
	defer v.gate.RUnlock()
	if v.closed {
		return attest.Errorf(attest.CodeStoreClosed, "the vault is closed")
	}
	select {
	case v.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
