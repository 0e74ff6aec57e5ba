package pebblekv_test

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func create(t *testing.T, dir string, o pebblekv.Options) *pebblekv.Store {
	t.Helper()
	o.Create, o.Logger = true, quiet
	s, err := pebblekv.Open(dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(s *pebblekv.Store, key, value string) error {
	b := s.NewBatch()
	if err := b.Set([]byte(key), []byte(value)); err != nil {
		return err
	}
	return b.Commit()
}

func requireCode(t *testing.T, want attest.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, attest.CodeOf(err), "%v", err)
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")

	_, err := pebblekv.Open(dir, pebblekv.Options{})
	requireCode(t, attest.CodeStoreMissing, err)
	assert.NoDirExists(t, dir, "looking for a store must not make one")

	s := create(t, dir, pebblekv.Options{})
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Zero(t, info.Mode().Perm()&0o077, "a store is its owner's alone")

	_, err = pebblekv.Open(dir, pebblekv.Options{})
	requireCode(t, attest.CodeStoreLocked, err)
	_, err = pebblekv.Open(dir, pebblekv.Options{Create: true})
	requireCode(t, attest.CodeStoreExists, err)

	require.NoError(t, put(s, "a", "1"))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "closing twice is fine")
	_, err = s.Get([]byte("a"))
	requireCode(t, attest.CodeStoreClosed, err)
	requireCode(t, attest.CodeStoreClosed, put(s, "b", "2"))

	_, err = pebblekv.Open(dir, pebblekv.Options{Create: true})
	requireCode(t, attest.CodeStoreExists, err)

	r, err := pebblekv.Open(dir, pebblekv.Options{ReadOnly: true, Logger: quiet})
	require.NoError(t, err)
	value, err := r.Get([]byte("a"))
	require.NoError(t, err)
	assert.Equal(t, "1", string(value))
	requireCode(t, attest.CodeStoreReadOnly, put(r, "b", "2"))
	require.NoError(t, r.Close())
}

// The lock must hold against another process, not only within this one: the test runs itself again as that process.
func TestLockHoldsAgainstAnotherProcess(t *testing.T) {
	const folder = "PEBBLEKV_TEST_FOLDER"
	if dir := os.Getenv(folder); dir != "" {
		_, err := pebblekv.Open(dir, pebblekv.Options{Logger: quiet})
		fmt.Printf("child got %s\n", attest.CodeOf(err))
		return
	}
	dir := t.TempDir()
	s := create(t, filepath.Join(dir, "store"), pebblekv.Options{})
	child := exec.Command(os.Args[0], "-test.run=^TestLockHoldsAgainstAnotherProcess$")
	child.Env = append(os.Environ(), folder+"="+filepath.Join(dir, "store"))
	out, err := child.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "child got "+string(attest.CodeStoreLocked))
	require.NoError(t, put(s, "a", "1"), "the child's attempt must not loosen the lock or harm the store")
}

func TestReadsAndBatches(t *testing.T) {
	s := create(t, "store", pebblekv.Options{FS: vfs.NewMem(), Encrypted: true})
	value, err := s.Get([]byte("absent"))
	require.NoError(t, err)
	assert.Nil(t, value)

	b := s.NewIndexedBatch()
	assert.Zero(t, b.Len())
	require.NoError(t, b.Set([]byte("a"), nil))
	require.NoError(t, b.Set([]byte("b"), []byte("2")))
	require.NoError(t, b.Set([]byte("c"), []byte("3")))
	require.NoError(t, b.Delete([]byte("b")))
	require.NoError(t, b.DeleteRange([]byte("c"), []byte("d")))
	assert.Equal(t, 5, b.Count())
	value, err = b.Get([]byte("b"))
	require.NoError(t, err)
	assert.Nil(t, value)
	require.NoError(t, b.CommitNoSync())
	require.NoError(t, s.Flush())

	value, err = s.Get([]byte("a"))
	require.NoError(t, err)
	assert.NotNil(t, value, "an empty value is not an absent one")
	assert.Empty(t, value)

	snap, err := s.NewSnapshot()
	require.NoError(t, err)
	require.NoError(t, put(s, "z", "26"))
	_, _, err = snap.Get([]byte("z"))
	require.ErrorIs(t, err, pebble.ErrNotFound)
	require.NoError(t, snap.Close())

	it, err := s.NewIter(nil)
	require.NoError(t, err)
	var keys []string
	for ok := it.First(); ok; ok = it.Next() {
		keys = append(keys, string(it.Key()))
	}
	require.NoError(t, it.Close())
	assert.Equal(t, []string{"a", "z"}, keys)

	dropped := s.NewBatch()
	require.NoError(t, dropped.Set([]byte("q"), []byte("?")))
	require.NoError(t, dropped.Close())
	require.NoError(t, s.Compact(t.Context(), []byte("a"), []byte("zz")))
	size, err := s.DiskBytes()
	require.NoError(t, err)
	assert.Positive(t, size)
}

func TestCheckpointIsAStore(t *testing.T) {
	dir := t.TempDir()
	s := create(t, filepath.Join(dir, "store"), pebblekv.Options{})
	require.NoError(t, put(s, "a", "1"))
	require.NoError(t, s.Checkpoint(filepath.Join(dir, "copy")))
	require.NoError(t, put(s, "a", "2"))
	c, err := pebblekv.Open(filepath.Join(dir, "copy"), pebblekv.Options{Logger: quiet})
	require.NoError(t, err)
	value, err := c.Get([]byte("a"))
	require.NoError(t, err)
	assert.Equal(t, "1", string(value))
	require.NoError(t, c.Close())
}

func TestStoresShareACache(t *testing.T) {
	cache := pebblekv.NewCache(1 << 20)
	fs := vfs.NewMem()
	a := create(t, "a", pebblekv.Options{FS: fs, Cache: cache})
	b := create(t, "b", pebblekv.Options{FS: fs, Cache: cache})
	require.NoError(t, put(a, "k", "a"))
	require.NoError(t, put(b, "k", "b"))
	require.NoError(t, a.Close())
	value, err := b.Get([]byte("k"))
	require.NoError(t, err)
	assert.Equal(t, "b", string(value))
	require.NoError(t, b.Close())
	cache.Close()
}

// The format of new stores is the newest of the release in use. When a new release brings a newer one, this test asks for
// the decision: an upgrade of a store cannot be undone.
func TestFormatIsTheNewest(t *testing.T) {
	fs := vfs.NewMem()
	require.NoError(t, create(t, "store", pebblekv.Options{FS: fs}).Close())
	desc, err := pebble.Peek("store", fs)
	require.NoError(t, err)
	assert.Equal(t, pebble.FormatNewest, desc.FormatMajorVersion)
}

// A byte flipped in a table is noticed when it is read, named, and stops further writing.
func TestDamagedTable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := create(t, dir, pebblekv.Options{Encrypted: true})
	const needle = "a value that can be found in the table's bytes"
	require.NoError(t, put(s, "key", needle))
	require.NoError(t, s.Flush())
	require.NoError(t, s.Close())

	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	require.NoError(t, err)
	require.Len(t, tables, 1)
	data, err := os.ReadFile(tables[0])
	require.NoError(t, err)
	at := strings.Index(string(data), needle)
	require.Positive(t, at)
	data[at] ^= 1
	require.NoError(t, os.WriteFile(tables[0], data, 0o600))

	s, err = pebblekv.Open(dir, pebblekv.Options{Logger: quiet})
	require.NoError(t, err)
	_, err = s.Get([]byte("key"))
	requireCode(t, attest.CodeStoreCorrupt, err)
	assert.NotContains(t, err.Error(), "key", "no key in the text of an error")
	requireCode(t, attest.CodeStoreCorrupt, put(s, "other", "x"))
	requireCode(t, attest.CodeStoreCorrupt, s.Close())
}

func BenchmarkGet(b *testing.B) {
	s, err := pebblekv.Open("store", pebblekv.Options{FS: vfs.NewMem(), Create: true, Logger: quiet})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	for i := range 10_000 {
		require.NoError(b, put(s, fmt.Sprintf("key-%08d", i), "value"))
	}
	require.NoError(b, s.Flush())
	key := []byte("key-00004711")
	for b.Loop() {
		if v, err := s.Get(key); err != nil || v == nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit is what a commit costs beside the disk: the store lies in memory.
func BenchmarkCommit(b *testing.B) {
	s, err := pebblekv.Open("store", pebblekv.Options{FS: vfs.NewMem(), Create: true, Logger: quiet})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	for b.Loop() {
		if err := put(s, "key", "value"); err != nil {
			b.Fatal(err)
		}
	}
}
