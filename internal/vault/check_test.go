package vault

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// ledgerOf answers like an index.
type ledgerOf map[string]*attest.Batch

func (l ledgerOf) Batch(id string) (*attest.Batch, error) { return l[id], nil }

// TestCheckNamesWhatIsWrong breaks a sound store in one way at a time.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	ctx := context.Background()
	mem := vfs.NewCrashableMem()
	o := testOptions(t, mem, "/")
	v := newVault(t, o)
	certs := []*custody.Certificate{testCertificate(t, v, "a"), testCertificate(t, v, "b"), testCertificate(t, v, "c")}
	_, err := v.AddCertificates(ctx, "op", certs)
	require.NoError(t, err)
	anchorAll(t, v, 2, 1)
	at := certs[1].Place
	queue, authority := at.Queue, v.names[nameAuthority+testAuthority]
	ledger := ledgerOf{}
	for _, p := range []uint64{0, 2} {
		b, err := v.batchAt(custody.Place{Queue: queue, Seq: p})
		require.NoError(t, err)
		ledger[b.ID] = &attest.Batch{ID: b.ID, Kind: attest.KindCertificate, Key: testQueue.Key, Root: b.Root, Size: b.Size, Block: 1}
	}
	findings, err := v.Check(ctx, ledger)
	require.NoError(t, err)
	require.Empty(t, findings)
	first, err := v.batchAt(custody.Place{Queue: queue})
	require.NoError(t, err)
	other := *first
	other.Root[0] ^= 1
	otherValue := v.sealValue(nil, keyAt(prefixBatch, first.Place()), encodeBatch(&other), dataKey{aead: v.ring.store})
	require.NoError(t, v.Close())

	remove := func(key []byte) func(*testing.T, *pebblekv.Store, *pebblekv.Batch) {
		return func(t *testing.T, _ *pebblekv.Store, b *pebblekv.Batch) { require.NoError(t, b.Delete(key)) }
	}
	flip := func(key []byte) func(*testing.T, *pebblekv.Store, *pebblekv.Batch) {
		return func(t *testing.T, db *pebblekv.Store, b *pebblekv.Batch) {
			value, err := db.Get(key)
			require.NoError(t, err)
			value[len(value)-1] ^= 1
			require.NoError(t, b.Set(key, value))
		}
	}
	slot := keyStatus(authority, certs[1].Status.List, certs[1].Status.Index)
	for _, c := range []struct {
		name   string
		damage func(*testing.T, *pebblekv.Store, *pebblekv.Batch)
		code   attest.Code
	}{
		{"record changed", flip(keyAt(prefixCertificate, at)), attest.CodeRecordUnreadable},
		{"record removed", remove(keyAt(prefixCertificate, at)), attest.CodeStatusSlot},
		{"index removed", remove(keyCommitment(certs[1].Commitment)), attest.CodeRecordMissing},
		{"status slot removed", remove(slot), attest.CodeRecordMissing},
		{"first batch removed", remove(keyAt(prefixBatch, custody.Place{Queue: queue})), attest.CodeSequenceGap},
		{"operation changed", flip(keyHashed(prefixOperation, v.hashed("operation", "op"))), attest.CodeRecordUnreadable},
		{"batch rewritten", func(t *testing.T, _ *pebblekv.Store, b *pebblekv.Batch) {
			require.NoError(t, b.Set(keyAt(prefixBatch, first.Place()), otherValue))
		}, attest.CodeBatchDiffers},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := o
			broken.fs = mem.CrashClone(vfs.CrashCloneCfg{})
			tamper(t, broken, func(db *pebblekv.Store, b *pebblekv.Batch) { c.damage(t, db, b) })
			requireFinding(t, broken, ledger, c.code)
		})
	}
	t.Run("ledger knows another root", func(t *testing.T) {
		lying := ledgerOf{}
		for id, b := range ledger {
			changed := *b
			changed.Root[0] ^= 1
			lying[id] = &changed
		}
		requireFinding(t, o, lying, attest.CodeBatchDiffers)
		requireFinding(t, o, ledgerOf{}, attest.CodeBatchUnknown)
	})
	t.Run("keyring slot changed", func(t *testing.T) {
		broken := o
		broken.fs = mem.CrashClone(vfs.CrashCloneCfg{})
		file, err := broken.fs.OpenReadWrite(mem.PathJoin(o.Keyring, keyringFile), writeCategory)
		require.NoError(t, err)
		_, err = file.WriteAt([]byte{0xff, 0xff}, 2*slotSize+slotWrapped)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		requireFinding(t, broken, ledger, attest.CodeKeyringDamaged)
	})
}

func requireFinding(t *testing.T, o Options, view BatchView, code attest.Code) {
	t.Helper()
	o.Inspect = true
	v, err := Open(o)
	require.NoError(t, err)
	defer func() { require.NoError(t, v.Close()) }()
	findings, err := v.Check(context.Background(), view)
	require.NoError(t, err)
	var codes []attest.Code
	for _, f := range findings {
		codes = append(codes, f.Code)
		require.NotEmpty(t, f.Action)
		require.NotEmpty(t, f.Where)
	}
	require.Contains(t, codes, code)
}
