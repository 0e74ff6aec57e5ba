package vault

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

var (
	crashSeeds = flag.Int("crash-seeds", 40, "how many crashes the power-loss test goes through")
	faultStep  = flag.Int("fault-step", 1, "the I/O fault test fails every n-th operation; 1: every one")
)

// acknowledged is what writers were told is durable.
type acknowledged struct {
	mu       sync.Mutex
	target   int // closes reached once as many are acknowledged
	reached  chan struct{}
	certs    []*custody.Certificate
	receipts []string
	bulk     uint64
	sealed   uint64
	gone     []*custody.Certificate // of shredded subjects
}

func (a *acknowledged) note(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	do()
	if a.reached != nil && len(a.certs)+len(a.receipts)+len(a.gone) >= a.target {
		close(a.reached)
		a.reached = nil
	}
}

// workload writes everything that a vault takes until stop or an error: each writer notes what was acknowledged.
func workload(v *Vault, a *acknowledged, seed uint64, rounds int) {
	var wait sync.WaitGroup
	for w := range 4 {
		wait.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(w)))
			for round := range rounds {
				if writeOne(v, a, rng.IntN(5), fmt.Sprintf("%d/%d/%d", seed, w, round)) != nil {
					return
				}
			}
		})
	}
	wait.Go(func() { sealSome(v, a, rounds) })
	wait.Wait()
}

func writeOne(v *Vault, a *acknowledged, what int, name string) error {
	ctx := context.Background()
	switch what {
	case 0, 1:
		return addOne(v, a, name)
	case 2:
		return addAndShred(v, a, name)
	case 3:
		id := "receipt " + name
		_, err := v.AppendAudit(ctx, testAudit(id))
		if err == nil {
			a.note(func() { a.receipts = append(a.receipts, id) })
		}
		return err
	}
	bulk := custody.Queue{Key: testQueue.Key, Kind: attest.KindDocument, Suite: attest.SuiteStd}
	_, err := v.Enqueue(ctx, bulk, make([][32]byte, 100))
	if err == nil {
		a.note(func() { a.bulk += 100 })
	}
	return err
}

func testAudit(id string) *custody.AuditEntry {
	return &custody.AuditEntry{Queue: testReceipts, ID: id, JWS: []byte("jws of " + id), Credential: "credential", UseCause: "cause", Time: 1}
}

func addOne(v *Vault, a *acknowledged, name string) error {
	c, err := makeCertificate(v, name)
	if err != nil {
		return err
	}
	_, err = v.AddCertificates(context.Background(), name, []*custody.Certificate{c})
	if err == nil {
		a.note(func() { a.certs = append(a.certs, c) })
	}
	return err
}

func addAndShred(v *Vault, a *acknowledged, name string) error {
	c, err := makeCertificate(v, name)
	if err != nil {
		return err
	}
	if _, err := v.AddCertificates(context.Background(), name, []*custody.Certificate{c}); err != nil {
		return err
	}
	err = v.Shred(context.Background(), c.Subject, 1)
	if err == nil {
		a.note(func() { a.gone = append(a.gone, c) })
	}
	return err
}

func sealSome(v *Vault, a *acknowledged, rounds int) {
	for range rounds {
		for _, q := range v.Queues() {
			if q.Durable == q.Sealed {
				continue
			}
			n := q.Durable - q.Sealed
			leaves, types, err := v.Leaves(q.Number, q.Sealed, n)
			if err != nil {
				return
			}
			b := &custody.Batch{ID: fmt.Sprintf("b%d-%d", q.Number, q.Sealed), Queue: q.Number, First: q.Sealed, Size: n,
				Root: rootOf(q.Suite, leaves), Types: types, Command: []byte("c")}
			if v.Seal(context.Background(), b) != nil {
				return
			}
			a.note(func() { a.sealed += n })
			b.State, b.Block = custody.BatchAnchored, 1
			if v.Settle(context.Background(), b) != nil {
				return
			}
		}
	}
}

// requireKept checks a reopened vault against what was acknowledged.
func requireKept(t testing.TB, v *Vault, a *acknowledged) {
	t.Helper()
	for _, c := range a.certs {
		got, err := v.Certificate(c.Commitment)
		require.NoError(t, err)
		require.Equal(t, c, got)
	}
	for _, c := range a.gone {
		_, err := v.Certificate(c.Commitment)
		require.Equal(t, attest.CodeSubjectShredded, attest.CodeOf(err))
	}
	for _, id := range a.receipts {
		_, err := v.AuditByReceipt(id)
		require.NoError(t, err)
	}
	var bulk, sealed uint64
	for _, q := range v.Queues() {
		sealed += q.Sealed
		if q.Kind == attest.KindDocument {
			bulk += q.Durable
		}
	}
	require.GreaterOrEqual(t, bulk, a.bulk)
	require.GreaterOrEqual(t, sealed, a.sealed)
	requireSound(t, v)
}

// TestPowerLossLosesNothingAcknowledged is promise 2: the machine loses power in the midst of writers, and what unsynced
// blocks the disk happened to write is drawn from the seed.
func TestPowerLossLosesNothingAcknowledged(t *testing.T) {
	total := 0
	for seed := range uint64(*crashSeeds) {
		mem := vfs.NewCrashableMem()
		o := testOptions(t, mem, "/")
		o.Logger = slog.New(slog.DiscardHandler)
		v := newVault(t, o)
		rng := rand.New(rand.NewPCG(seed, 99))
		reached := make(chan struct{})
		a := &acknowledged{target: rng.IntN(120), reached: reached}
		var crashed *vfs.MemFS
		var done sync.WaitGroup
		done.Go(func() { workload(v, a, seed, 100) })
		<-reached
		before := &acknowledged{}
		a.note(func() { // what was acknowledged before the power went
			before.certs = append(before.certs, a.certs...)
			before.gone = append(before.gone, a.gone...)
			before.receipts = append(before.receipts, a.receipts...)
			before.bulk, before.sealed = a.bulk, a.sealed
		})
		crashed = mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		done.Wait()
		require.NoError(t, v.Close())
		total += len(before.certs) + len(before.receipts) + len(before.gone)

		o.fs = crashed
		v = openVault(t, o)
		requireKept(t, v, before)
		require.NoError(t, addOne(v, before, fmt.Sprint("after ", seed)))
		requireKept(t, v, before)
		require.NoError(t, v.Close())
	}
	require.Positive(t, total, "nothing was acknowledged before a crash: the test is void")
	t.Logf("%d crashes, %d acknowledgements kept, 0 lost", *crashSeeds, total)
}

// TestAnySingleFaultIsSurvived is promise 12: write i of the file system fails, then i+1, until a run gets through; then
// the same with reads. Whatever happened, the vault opens again and what was acknowledged is there.
func TestAnySingleFaultIsSurvived(t *testing.T) {
	for name, kind := range map[string]errorfs.Predicate{"writes": errorfs.Writes, "reads": errorfs.Reads} {
		t.Run(name, func(t *testing.T) {
			failures := 0
			for i := int32(0); surviveFault(t, kind, i); i += int32(*faultStep) {
				failures++
			}
			require.Positive(t, failures, "no operation failed: the test is void")
			t.Logf("%d single faults survived", failures)
		})
	}
}

// surviveFault reports whether the run came to its i-th operation.
func surviveFault(t *testing.T, kind errorfs.Predicate, i int32) bool {
	t.Helper()
	mem := vfs.NewCrashableMem()
	o := testOptions(t, mem, "/")
	o.Logger = slog.New(slog.DiscardHandler)
	require.NoError(t, Create(o))
	fault := errorfs.OnIndex(i)
	faulty := o
	faulty.fs = errorfs.Wrap(mem, errorfs.ErrInjected.If(errorfs.And(kind, fault)))
	a := &acknowledged{}
	if v, err := Open(faulty); err == nil {
		workload(v, a, 1, 10)
		_ = v.Close() // a failed store says so; what counts is what it acknowledged
	}
	v, err := Open(o)
	if attest.CodeOf(err) == attest.CodeStoreLocked { // a store that failed while opening lets go when the process ends
		o.fs = mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
		v, err = Open(o)
	}
	require.NoError(t, err, "operation %d", i)
	requireKept(t, v, a)
	require.NoError(t, v.Close())
	return fault.Load() < 0
}

func TestFailedVaultRefusesWritesAndServesReads(t *testing.T) {
	mem := vfs.NewCrashableMem()
	o := testOptions(t, mem, "/")
	o.Logger = slog.New(slog.DiscardHandler)
	require.NoError(t, Create(o))
	broken := &errorfs.Toggle{Injector: errorfs.ErrInjected.If(errorfs.Writes)}
	o.fs = errorfs.Wrap(mem, broken)
	v, err := Open(o)
	require.NoError(t, err)
	a := &acknowledged{}
	require.NoError(t, addOne(v, a, "before"))
	broken.On()
	assert.Equal(t, attest.CodeStoreFailed, attest.CodeOf(addOne(v, a, "meanwhile")))
	broken.Off()
	require.Equal(t, attest.CodeStoreFailed, attest.CodeOf(addOne(v, a, "after")))
	_, err = v.Certificate(a.certs[0].Commitment)
	require.NoError(t, err)
	require.Error(t, v.Err())
	_ = v.Close() // says again that it failed
	o.fs = mem
	v = openVault(t, o)
	requireKept(t, v, a)
}
