package vault

import (
	"context"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

func rootOf(s attest.Suite, leaves [][32]byte) [32]byte { return merkle.Root(s, leaves) }

const auditRecords = 12

// auditedStore is a vault in memory with some audit records, closed.
func auditedStore(t *testing.T) (Options, *vfs.MemFS) {
	t.Helper()
	mem := vfs.NewCrashableMem()
	o := testOptions(t, mem, "/")
	v := newVault(t, o)
	for i := range auditRecords {
		if i%3 == 1 { // verifications and refusals, in one chain
			r := testRefusal("account", int64(i))
			require.NoError(t, v.AppendRefusals(context.Background(), r))
			require.Equal(t, uint64(i), r.Seq)
			continue
		}
		seq, err := v.AppendAudit(context.Background(), testAudit(fmt.Sprint("receipt ", i)))
		require.NoError(t, err)
		require.Equal(t, uint64(i), seq)
	}
	require.NoError(t, v.Close())
	return o, mem
}

// tamper changes the store behind the vault's back.
func tamper(t *testing.T, o Options, change func(db *pebblekv.Store, b *pebblekv.Batch)) {
	t.Helper()
	db, err := pebblekv.Open(o.Dir, o.withDefaults().store(false))
	require.NoError(t, err)
	b := db.NewBatch()
	change(db, b)
	require.NoError(t, b.Commit())
	require.NoError(t, db.Close())
}

// found opens for inspection and gives what the audit check says.
func found(t *testing.T, o Options) (sound uint64, code attest.Code) {
	t.Helper()
	o.Inspect = true
	v, err := Open(o)
	require.NoError(t, err)
	defer func() { require.NoError(t, v.Close()) }()
	sound, err = v.CheckAudit()
	return sound, attest.CodeOf(err)
}

// TestEveryTamperedRecordIsFound is promise 16: each record edited, written again by somebody who has the keys, removed,
// exchanged, and the log cut off behind each.
func TestEveryTamperedRecordIsFound(t *testing.T) {
	o, mem := auditedStore(t)
	sound, code := found(t, o)
	require.Equal(t, uint64(auditRecords), sound)
	require.Empty(t, code)
	key := func(n int) []byte { return keyNumber(prefixAudit, uint64(n)) }
	for n := range auditRecords {
		fresh := func() Options {
			c := o
			c.fs = mem.CrashClone(vfs.CrashCloneCfg{})
			return c
		}
		edited := fresh()
		tamper(t, edited, func(db *pebblekv.Store, b *pebblekv.Batch) {
			value, err := db.Get(key(n))
			require.NoError(t, err)
			value[len(value)/2] ^= 1
			require.NoError(t, b.Set(key(n), value))
		})
		sound, code := found(t, edited)
		require.Equal(t, attest.CodeAuditEdited, code)
		require.Equal(t, uint64(n), sound)

		removed := fresh()
		tamper(t, removed, func(_ *pebblekv.Store, b *pebblekv.Batch) { require.NoError(t, b.Delete(key(n))) })
		sound, code = found(t, removed)
		require.Equal(t, uint64(n), sound)
		if n < auditRecords-1 {
			require.Equal(t, attest.CodeAuditMissing, code)
		} else {
			require.Equal(t, attest.CodeAuditTruncated, code)
		}

		cutOff := fresh()
		tamper(t, cutOff, func(_ *pebblekv.Store, b *pebblekv.Batch) {
			require.NoError(t, b.DeleteRange(key(n), []byte{prefixAudit + 1}))
		})
		sound, code = found(t, cutOff)
		require.Equal(t, attest.CodeAuditTruncated, code)
		require.Equal(t, uint64(n), sound)
		_, err := Open(cutOff)
		require.Equal(t, attest.CodeAuditTruncated, attest.CodeOf(err))

		rewritten := fresh()
		rewrite(t, rewritten, n)
		_, code = found(t, rewritten)
		require.Equal(t, attest.CodeAuditEdited, code)
	}
}

// rewrite seals record n anew with other content, as somebody with the master key could.
func rewrite(t *testing.T, o Options, n int) {
	t.Helper()
	v, err := Open(o)
	require.NoError(t, err)
	key := keyNumber(prefixAudit, uint64(n))
	plain, err := v.get(key)
	require.NoError(t, err)
	value := v.sealValue(nil, key, otherwise(t, n, plain), dataKey{aead: v.ring.store})
	require.NoError(t, v.Close())
	tamper(t, o, func(_ *pebblekv.Store, b *pebblekv.Batch) { require.NoError(t, b.Set(key, value)) })
}

// otherwise is a record that says something else in its place.
func otherwise(t *testing.T, n int, plain []byte) []byte {
	t.Helper()
	if isRefusal(plain) {
		r, previous, err := decodeRefusal(uint64(n), plain)
		require.NoError(t, err)
		r.Reason = custody.RefusedRate
		return encodeRefusal(nil, r, previous)
	}
	e, previous, err := decodeAudit(uint64(n), plain)
	require.NoError(t, err)
	e.UseCause = "another cause"
	return encodeAudit(nil, e, previous)
}

func TestHeadOfTheAuditLogIsGuarded(t *testing.T) {
	o, mem := auditedStore(t)
	path := mem.PathJoin(o.Keyring, auditLogHead.file)

	flipped := o
	flipped.fs = mem.CrashClone(vfs.CrashCloneCfg{})
	flip := func(at int64) {
		file, err := flipped.fs.OpenReadWrite(path, writeCategory)
		require.NoError(t, err)
		_, err = file.WriteAt([]byte{0xff}, at)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	flip(20) // one place is left, one group behind: the head catches up with the log
	v, err := Open(flipped)
	require.NoError(t, err)
	sound, err := v.CheckAudit()
	require.NoError(t, err)
	require.Equal(t, uint64(auditRecords), sound)
	require.NoError(t, v.Close())
	flip(20)
	flip(headStride + 20)
	_, err = Open(flipped)
	require.Equal(t, attest.CodeAuditHead, attest.CodeOf(err))

	removed := o
	removed.fs = mem.CrashClone(vfs.CrashCloneCfg{})
	require.NoError(t, removed.fs.Remove(path))
	_, err = Open(removed)
	require.Equal(t, attest.CodeAuditHead, attest.CodeOf(err))
	_, code := found(t, removed)
	require.Equal(t, attest.CodeAuditHead, code)
}
