package pebblekv_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// patience bounds what must not hang; nothing waits for it to pass.
const patience = 20 * time.Second

// within fails the test if do has not returned in time: a store that fails must say so, not stall.
func within(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s did not return", what)
	}
}

// small makes flushes and compactions happen within few writes.
func small(fs vfs.FS) pebblekv.Options {
	return pebblekv.Options{FS: fs, MemTableBytes: 256 << 10, Logger: quiet}
}

// acknowledged is what the writer was told is durable, and what it tried last without an answer.
type acknowledged struct {
	values map[string]string
	unsure map[string]string
}

// workload opens (or creates) the store, writes past several flushes and closes it. It stops at the first error.
func workload(fs vfs.FS, run int, ack *acknowledged) error {
	o := small(fs)
	exists, err := pebblekv.Exists("store", fs)
	if err != nil {
		return err
	}
	o.Create = !exists
	s, err := pebblekv.Open("store", o)
	if err != nil {
		return err
	}
	if err := writeMany(s, run, ack); err != nil {
		_ = s.Close()
		return err
	}
	return s.Close()
}

func writeMany(s *pebblekv.Store, run int, ack *acknowledged) error {
	filler := make([]byte, 30<<10)
	_, _ = rand.NewChaCha8([32]byte{byte(run)}).Read(filler) // does not compress
	for i := range 24 {
		key, value := fmt.Sprintf("key-%02d", i%7), fmt.Sprintf("%d/%d", run, i)
		b := s.NewBatch()
		if err := b.Set([]byte(key), []byte(value)); err != nil {
			return err
		}
		if err := b.Set(fmt.Appendf(nil, "filler-%02d", i), append(filler, value...)); err != nil {
			return err
		}
		ack.unsure[key] = value
		if err := b.Commit(); err != nil {
			return err
		}
		ack.values[key] = value
		delete(ack.unsure, key)
	}
	return s.Flush()
}

// verify reopens what a crash leaves: everything acknowledged is there, or the value that was under way instead.
func verify(t *testing.T, fs vfs.FS, ack *acknowledged) {
	t.Helper()
	exists, err := pebblekv.Exists("store", fs)
	require.NoError(t, err)
	if !exists {
		require.Empty(t, ack.values, "a store that acknowledged something is gone")
		return
	}
	s, err := pebblekv.Open("store", small(fs))
	require.NoError(t, err, "a store that met one fault must open again")
	defer func() { require.NoError(t, s.Close()) }()
	for key, want := range ack.values {
		got, err := s.Get([]byte(key))
		require.NoError(t, err)
		if unsure, ok := ack.unsure[key]; ok && string(got) == unsure {
			continue
		}
		require.Equal(t, want, string(got), "acknowledged value of %s", key)
	}
	for key, want := range ack.unsure {
		if _, ok := ack.values[key]; ok {
			continue
		}
		got, err := s.Get([]byte(key))
		require.NoError(t, err)
		require.True(t, got == nil || string(got) == want, "%s holds a value nobody wrote: %q", key, got)
	}
}

// Operation i of the file system fails, then i+1, until a run meets no fault. After each run the power goes: what was
// acknowledged must be there, over synced data alone and over a random part of what was not synced.
func TestEverySingleFault(t *testing.T) {
	step := int32(1)
	if testing.Short() {
		step = 7
	}
	faults := 0
	for i := int32(0); ; i += step {
		mem := vfs.NewCrashableMem()
		counter := &errorfs.Counter{Injector: errorfs.OnIndex(i)}
		ack := &acknowledged{values: map[string]string{}, unsure: map[string]string{}}
		var err error
		within(t, fmt.Sprintf("the workload with operation %d failing", i), func() {
			err = workload(errorfs.Wrap(mem, counter), 1, ack)
		})
		if counter.Load() == 0 {
			require.NoError(t, err, "a run without a fault")
			break
		}
		faults++
		requireCoded(t, err)
		verify(t, mem.CrashClone(vfs.CrashCloneCfg{}), ack)
		part := vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(uint64(i), 0))}
		clone := mem.CrashClone(part)
		verify(t, clone, ack)
		clear(ack.unsure)
		require.NoError(t, workload(clone, 2, ack), "after the fault the store must work as before")
		verify(t, clone, ack)
	}
	require.Greater(t, faults, 100/int(step), "the faults must have met something to fail")
	t.Logf("%d single faults survived", faults)
}

// requireCoded: a fault may be met by Pebble without harm (a hint, an obsolete file), and else has a code of the stores.
func requireCoded(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	switch attest.CodeOf(err) {
	case attest.CodeStoreFailed, attest.CodeStoreFull, attest.CodeStoreCorrupt:
	default:
		require.Fail(t, "not an error of a store", "%v", err)
	}
}

// When fails the operations that match, from the moment it is switched on.
func when(match func(errorfs.Op) bool, with error) *errorfs.Toggle {
	return &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if match(op) {
			return with
		}
		return nil
	})}
}

func isWAL(op errorfs.Op) bool { return filepath.Ext(op.Path) == ".log" }

// The write-ahead log cannot be synced. The commit is refused and not acknowledged, later ones are refused at once, the
// process lives, reads answer, and the reopened store has what was acknowledged.
func TestLogCannotBeSynced(t *testing.T) {
	mem := vfs.NewCrashableMem()
	fault := when(func(op errorfs.Op) bool {
		return isWAL(op) && (op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSync)
	}, syscall.EIO)
	s := create(t, "store", small(errorfs.Wrap(mem, fault)))
	require.NoError(t, put(s, "a", "1"))
	fault.On()
	within(t, "a commit whose sync fails", func() {
		err := put(s, "b", "2")
		requireCode(t, attest.CodeStoreFailed, err)
	})
	fault.Off()
	requireCode(t, attest.CodeStoreFailed, put(s, "c", "3"))
	requireCode(t, attest.CodeStoreFailed, s.Flush())
	requireCode(t, attest.CodeStoreFailed, s.Err())
	value, err := s.Get([]byte("a"))
	require.NoError(t, err, "reads go on")
	assert.Equal(t, "1", string(value))
	within(t, "closing a failed store", func() { requireCode(t, attest.CodeStoreFailed, s.Close()) })

	again, err := pebblekv.Open("store", small(mem))
	require.NoError(t, err, "the folder is free and whole")
	value, err = again.Get([]byte("a"))
	require.NoError(t, err)
	assert.Equal(t, "1", string(value))
	require.NoError(t, put(again, "d", "4"))
	require.NoError(t, again.Close())
}

// A commit without a sync meets no error of its own; the store must fail all the same as soon as its log cannot be written.
func TestLogCannotBeWrittenWithoutSync(t *testing.T) {
	fault := when(func(op errorfs.Op) bool { return isWAL(op) && op.Kind == errorfs.OpFileWrite }, syscall.EIO)
	s := create(t, "store", small(errorfs.Wrap(vfs.NewMem(), fault)))
	fault.On()
	within(t, "writing until the store notices", func() {
		for s.Err() == nil { // Pebble writes a block of the log once it is full
			b := s.NewBatch()
			_ = b.Set([]byte("a"), make([]byte, 10<<10))
			_ = b.CommitNoSync()
		}
	})
	<-s.Failed()
	requireCode(t, attest.CodeStoreFailed, put(s, "b", "2"))
}

// The disk is full for every kind of file in turn. Several writers run into it at once, some while they wait for each
// other; each gets STORE_FULL, none hangs, none is told of a success that the reopened store does not have.
func TestFullDisk(t *testing.T) {
	for name, match := range map[string]func(errorfs.Op) bool{
		"everything": func(op errorfs.Op) bool { return op.Kind.ReadOrWrite() == errorfs.OpIsWrite },
		"log":        isWAL,
		"tables":     func(op errorfs.Op) bool { return filepath.Ext(op.Path) == ".sst" },
		"manifest": func(op errorfs.Op) bool {
			ok, _ := filepath.Match("MANIFEST-*", filepath.Base(op.Path))
			return ok
		},
	} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewCrashableMem()
			fault := when(func(op errorfs.Op) bool {
				return op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpFileClose && match(op)
			}, syscall.ENOSPC)
			s := create(t, "store", small(errorfs.Wrap(mem, fault)))
			acks := writeUntilFull(t, s, fault)
			requireCode(t, attest.CodeStoreFull, s.Close())
			for _, ack := range acks {
				verify(t, mem.CrashClone(vfs.CrashCloneCfg{}), ack)
			}
		})
	}
}

// writeUntilFull lets four writers write until each is refused; the disk is full from the 40th write on.
func writeUntilFull(t *testing.T, s *pebblekv.Store, fault *errorfs.Toggle) []*acknowledged {
	t.Helper()
	var writes atomic.Int32
	var writers sync.WaitGroup
	acks := make([]*acknowledged, 4)
	errs := make([]error, len(acks))
	filler := make([]byte, 20<<10)
	for w := range acks {
		acks[w] = &acknowledged{values: map[string]string{}, unsure: map[string]string{}}
		writers.Go(func() {
			for i := 0; errs[w] == nil && i < 10_000; i++ {
				if writes.Add(1) == 40 {
					fault.On()
				}
				key, value := fmt.Sprintf("%d-%d", w, i%5), fmt.Sprint(i)
				b := s.NewBatch()
				_ = b.Set([]byte(key), []byte(value))
				_ = b.Set(fmt.Appendf(nil, "filler-%d", w), append(filler, value...))
				acks[w].unsure[key] = value
				if errs[w] = b.Commit(); errs[w] == nil {
					acks[w].values[key] = value
					delete(acks[w].unsure, key)
				}
			}
		})
	}
	within(t, "the writers", writers.Wait)
	for _, err := range errs {
		requireCode(t, attest.CodeStoreFull, err)
	}
	return acks
}

// The power goes at any moment of a creation, keeping any part of what was not synced. What is left opens, or is created
// anew; it is never a folder that can be neither.
func TestCreationIsWholeOrNothing(t *testing.T) {
	for i := uint64(0); ; i++ {
		mem := vfs.NewCrashableMem()
		var clone *vfs.MemFS
		var n atomic.Uint64
		crash := errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && n.Add(1) == i+1 {
				clone = mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(i, 0))})
			}
			return nil
		})
		o := small(errorfs.Wrap(mem, crash))
		o.Create = true
		s, err := pebblekv.Open(filepath.Join("two", "deep"), o)
		require.NoError(t, err)
		if clone == nil {
			require.NoError(t, s.Close())
			require.Greater(t, i, uint64(20), "the creation must have been cut often")
			return
		}
		require.NoError(t, s.Close())
		o = small(clone)
		exists, err := pebblekv.Exists(filepath.Join("two", "deep"), clone)
		require.NoError(t, err, "cut at change %d", i)
		o.Create = !exists
		s, err = pebblekv.Open(filepath.Join("two", "deep"), o)
		require.NoError(t, err, "cut at change %d", i)
		require.NoError(t, put(s, "a", "1"))
		require.NoError(t, s.Close())
	}
}

// Opening replays the log into tables. On a full disk it must return and say so; Pebble alone would try for ever.
func TestOpenOnAFullDisk(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := create(t, "store", small(mem))
	require.NoError(t, put(s, "a", "1"))
	crashed := mem.CrashClone(vfs.CrashCloneCfg{})
	fault := when(func(op errorfs.Op) bool {
		return op.Kind == errorfs.OpCreate && filepath.Ext(op.Path) == ".sst"
	}, syscall.ENOSPC)
	fault.On()
	within(t, "opening", func() {
		_, err := pebblekv.Open("store", small(errorfs.Wrap(crashed, fault)))
		requireCode(t, attest.CodeStoreFull, err)
	})
	verify(t, crashed, &acknowledged{values: map[string]string{"a": "1"}})
}
