package embedded

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
)

var crashSeeds = flag.Int("crash-seeds", 150, "seeds of the power loss test")

func on(fs vfs.FS) Options {
	o := quiet()
	o.Store.FS = fs
	return o
}

// longOp is an operation id long enough that a few hundred fill the store's memory and force it to write tables.
func longOp(rng *rand.Rand, name string) string {
	return name + "-" + strings.Repeat("p", rng.IntN(6000))
}

// TestPowerLoss takes the power away while commands are being ordered: whatever was not synced is kept or lost at random.
func TestPowerLoss(t *testing.T) {
	kept := 0
	for seed := range *crashSeeds {
		kept += powerLoss(t, uint64(seed))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	require.Positive(t, kept, "a run without traffic is void")
	t.Logf("%d acknowledged commands kept over %d losses of power", kept, *crashSeeds)
}

func powerLoss(t *testing.T, seed uint64) (kept int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	fs := vfs.NewCrashableMem()
	o := on(fs)
	o.BlockTransactions = 1 + rng.IntN(8)
	l, err := Create("ledger", o)
	require.NoError(t, err)

	notes := newRecorder()
	crashAt := rng.IntN(150)
	acks := make(chan struct{}, 10_000)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for s := range 3 {
		own := rand.New(rand.NewPCG(seed, uint64(s)+2))
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				op := longOp(own, fmt.Sprintf("%d-%d", s, i))
				out, err := l.As("M").Submit(ctx, add(op, "x"))
				if err != nil {
					return // given up: the power is gone
				}
				notes.note(op, out.TxID)
				acks <- struct{}{}
			}
		})
	}
	for range crashAt {
		<-acks
	}
	before := newRecorder() // what had been acknowledged for certain when the power went
	notes.mu.Lock()
	for op, id := range notes.acked {
		before.note(op, id)
	}
	notes.mu.Unlock()
	crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	cancel()
	wg.Wait()
	require.NoError(t, l.Close())

	l, err = Open("ledger", on(crashed))
	require.NoError(t, err, "seed %d", seed)
	before.requireKept(t, requireWhole(t, l))
	for op, id := range before.acked {
		out, err := l.As("M").Submit(t.Context(), add(op, "x"))
		require.NoError(t, err)
		require.True(t, out.Event.Repeat)
		require.Equal(t, id, out.TxID)
		break // one retry is enough: requireKept saw them all
	}
	_, err = l.As("M").Submit(t.Context(), add("after", "x"))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	findings, err := Check(t.Context(), "ledger", on(crashed), nil)
	require.NoError(t, err)
	require.Empty(t, findings)
	return len(before.acked)
}

// TestEveryFault fails one operation of the file system after the other, once, or from then on for good, until a run
// needs no more of them. Every failure has a code, nothing acknowledged is lost, and a healthy disk serves again.
func TestEveryFault(t *testing.T) {
	for name, matches := range map[string]func(n, at int64) bool{
		"once":      func(n, at int64) bool { return n == at },
		"full disk": func(n, at int64) bool { return n >= at },
	} {
		t.Run(name, func(t *testing.T) {
			faults := 0
			for at := int64(0); ; at++ {
				require.Less(t, at, int64(5000), "the run does not come to an end")
				hit := faulty(t, at, matches, name == "full disk")
				if t.Failed() {
					t.Fatalf("operation %d", at)
				}
				if !hit {
					break
				}
				faults++
			}
			require.Greater(t, faults, 50, "the run meets the disk often enough to mean something")
			t.Logf("%d faults", faults)
		})
	}
}

// counted injects an error into the operations that matches picks by their number.
type counted struct {
	mu         sync.Mutex
	n          int64
	hit        bool
	at         int64
	matches    func(n, at int64) bool
	writesOnly bool
}

func (c *counted) String() string { return "counted" }

func (c *counted) MaybeError(op errorfs.Op) error {
	if c.writesOnly && op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.n
	c.n++
	if !c.matches(n, c.at) {
		return nil
	}
	c.hit = true
	if c.writesOnly {
		return syscall.ENOSPC
	}
	return syscall.EIO
}

func faulty(t *testing.T, at int64, matches func(n, at int64) bool, full bool) (hit bool) {
	disk := vfs.NewCrashableMem()
	inject := &counted{at: at, matches: matches, writesOnly: full}
	o := on(errorfs.Wrap(disk, inject))
	notes := newRecorder()
	err := faultyRun(t.Context(), o, notes)
	inject.mu.Lock()
	hit = inject.hit
	inject.mu.Unlock()
	if err != nil {
		require.True(t, hit, "an error without a fault: %v", err)
		require.NotEqual(t, attest.CodeInternal, attest.CodeOf(err), "%v", err)
	}

	healthy := on(disk.CrashClone(vfs.CrashCloneCfg{}))
	l, err := Open("ledger", healthy)
	switch attest.CodeOf(err) {
	case attest.CodeStoreMissing, attest.CodeStoreFormat: // the creation had not come to its end
		require.Empty(t, notes.acked)
		l, err = Create("ledger", healthy)
	}
	require.NoError(t, err)
	notes.requireKept(t, requireWhole(t, l))
	_, err = l.As("M").Submit(t.Context(), add("after", "x"))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return hit
}

// faultyRun creates a ledger, writes enough for the store to make tables, and reopens it; it ends at the first error.
func faultyRun(ctx context.Context, o Options, notes *recorder) error {
	l, err := Create("ledger", o)
	if err != nil {
		return err
	}
	for round := range 2 {
		for i := range 30 {
			op := fmt.Sprintf("%d-%d-%s", round, i, strings.Repeat("p", 12_000))
			out, err := l.As("M").Submit(ctx, add(op, "x"))
			if err != nil {
				_ = l.Close() // it fails, or not, as the first error did
				return err
			}
			notes.note(op, out.TxID)
		}
		if err := l.Close(); err != nil {
			return err
		}
		if round == 1 {
			break
		}
		if l, err = Open("ledger", o); err != nil {
			return err
		}
	}
	return nil
}
