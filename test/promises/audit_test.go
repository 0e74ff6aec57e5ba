package promises_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
	"github.com/huzheng-ledger/huzheng/internal/vault"
)

// auditKey is the store key of an audit record, as internal/vault freezes it.
func auditKey(seq uint64) []byte { return binary.BigEndian.AppendUint64([]byte{'a'}, seq) }

// TestATamperedAuditLogIsFound is promise 16 for the system: verifications are made over HTTP; then every record is
// edited, removed, exchanged with its neighbour and cut off, by somebody who has the disk, and each of it is found.
func TestATamperedAuditLogIsFound(t *testing.T) {
	p := newPath(t, attest.SuiteStd, io.Discard)
	p.issue()
	p.verify()
	before := filepath.Join(t.TempDir(), "before")
	require.NoError(t, p.abroad.Gateway.Vault().Checkpoint(before))
	p.verify()
	count := p.abroad.Gateway.Vault().AuditCount()
	require.EqualValues(t, 2*p.answers, count, "a record for every answer")
	require.NoError(t, p.w.Close())

	place := p.w.Plan.Members[1].Place
	dir := filepath.Join(place.Dir, "vault")
	sound, err := audit(t, place)
	require.NoError(t, err)
	require.Equal(t, count, sound)

	tried := 0
	for seq := range count {
		for name, tamper := range map[string]func(db *pebblekv.Store) error{
			"edited":    func(db *pebblekv.Store) error { return flip(db, auditKey(seq)) },
			"removed":   func(db *pebblekv.Store) error { return set(db, auditKey(seq), nil) },
			"exchanged": func(db *pebblekv.Store) error { return exchange(db, auditKey(seq), auditKey((seq+1)%count)) },
			"cut off": func(db *pebblekv.Store) error {
				for s := seq; s < count; s++ {
					if err := set(db, auditKey(s), nil); err != nil {
						return err
					}
				}
				return nil
			},
		} {
			undo := change(t, dir, tamper)
			_, err := audit(t, place)
			require.Error(t, err, "record %d %s", seq, name)
			assert.Contains(t, []attest.Code{attest.CodeAuditEdited, attest.CodeAuditMissing, attest.CodeAuditTruncated}, attest.CodeOf(err), "record %d %s", seq, name)
			v, err := vault.Open(vault.Options{Dir: dir, Keyring: place.Keyring, Master: place.Master, Inspect: true})
			require.NoError(t, err)
			findings, err := v.Check(t.Context(), nil)
			require.NoError(t, err)
			assert.NotEmpty(t, findings, "fsck: record %d %s", seq, name)
			require.NoError(t, v.Close())
			undo()
			tried++
		}
	}
	_, err = audit(t, place)
	require.NoError(t, err, "all is well again")
	t.Logf("%d of %d manipulations found", tried, tried)

	// An older copy of the whole data folder is a log that was cut off: the keyring's head knows better.
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.Rename(before, dir))
	_, err = vault.Open(vault.Options{Dir: dir, Keyring: place.Keyring, Master: place.Master})
	assert.Equal(t, attest.CodeAuditTruncated, attest.CodeOf(err), "%v", err)
}

func audit(t *testing.T, place gateway.Place) (uint64, error) {
	t.Helper()
	v, err := vault.Open(vault.Options{Dir: filepath.Join(place.Dir, "vault"), Keyring: place.Keyring, Master: place.Master, Inspect: true})
	require.NoError(t, err)
	sound, checked := v.CheckAudit()
	require.NoError(t, v.Close())
	return sound, checked
}

// change tampers with a copy of the store's folder in its place; the result puts the original back.
func change(t *testing.T, dir string, tamper func(db *pebblekv.Store) error) (undo func()) {
	t.Helper()
	original := dir + ".original"
	require.NoError(t, os.Rename(dir, original))
	require.NoError(t, os.CopyFS(dir, os.DirFS(original)))
	db, err := pebblekv.Open(dir, pebblekv.Options{})
	require.NoError(t, err)
	require.NoError(t, tamper(db))
	require.NoError(t, db.Close())
	return func() {
		require.NoError(t, os.RemoveAll(dir))
		require.NoError(t, os.Rename(original, dir))
	}
}

// set writes a value, or removes it where it is nil.
func set(db *pebblekv.Store, key, value []byte) error {
	b := db.NewBatch()
	err := b.Delete(key)
	if value != nil {
		err = b.Set(key, value)
	}
	if err != nil {
		return err
	}
	return b.Commit()
}

func flip(db *pebblekv.Store, key []byte) error {
	value, err := db.Get(key)
	if err != nil {
		return err
	}
	value[len(value)/2] ^= 1
	return set(db, key, value)
}

func exchange(db *pebblekv.Store, a, b []byte) error {
	first, err := db.Get(a)
	if err != nil {
		return err
	}
	second, err := db.Get(b)
	if err != nil {
		return err
	}
	if bytes.Equal(first, second) {
		return os.ErrInvalid
	}
	if err := set(db, a, second); err != nil {
		return err
	}
	return set(db, b, first)
}
