package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

const (
	testAuthority = "11440000MB2D0000XX" // only a name here
	testType      = "11100000000013338W032"
)

var testQueue = custody.Queue{Key: testAuthority + "#sign", Kind: attest.KindCertificate, Suite: attest.SuiteStd}

var testReceipts = custody.Queue{Key: "440000#gateway", Kind: attest.KindReceipt, Suite: attest.SuiteStd}

func testMaster(t testing.TB, seed byte) *keys.Master {
	t.Helper()
	m, err := keys.NewMaster(bytes.Repeat([]byte{seed}, keys.MasterSize))
	require.NoError(t, err)
	return m
}

func testOptions(t testing.TB, fs vfs.FS, dir string) Options {
	return Options{
		Dir: filepath.Join(dir, "data"), Keyring: filepath.Join(dir, "keyring"), Master: testMaster(t, 7),
		Suite: attest.SuiteStd, fs: fs, MemTableBytes: 256 << 10,
	}
}

func newVault(t testing.TB, o Options) *Vault {
	t.Helper()
	require.NoError(t, Create(o))
	return openVault(t, o)
}

func openVault(t testing.TB, o Options) *Vault {
	t.Helper()
	v, err := Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = v.Close() })
	return v
}

func testCertificate(t testing.TB, v *Vault, holder string) *custody.Certificate {
	t.Helper()
	c, err := makeCertificate(v, holder)
	require.NoError(t, err)
	return c
}

// makeCertificate makes a certificate of a holder; the SD-JWT is any bytes to a vault.
func makeCertificate(v *Vault, holder string) (*custody.Certificate, error) {
	slots, err := v.ReserveStatus(testAuthority, 1, rand.Reader)
	if err != nil {
		return nil, err
	}
	body := make([]byte, 64)
	_, _ = rand.Read(body)
	return &custody.Certificate{
		Queue: testQueue, Authority: testAuthority, Type: testType, Version: 1, Subject: v.Subject("111", holder),
		Commitment: sha256.Sum256(body), Status: slots[0], SDJWT: append([]byte("sd-jwt of "+holder+" "), body...),
		HolderKey: body[:32], Created: 1_700_000_000, Request: sha256.Sum256([]byte(holder)),
	}, nil
}

// anchorAll seals what waits into batches of at most size leaves and marks them anchored at the given block.
func anchorAll(t testing.TB, v *Vault, size, block uint64) {
	t.Helper()
	ctx := context.Background()
	for _, q := range v.Queues() {
		for at := q.Sealed; at < q.Durable; at += size {
			n := min(size, q.Durable-at)
			leaves, types, err := v.Leaves(q.Number, at, n)
			require.NoError(t, err)
			root := merkle.Root(q.Suite, leaves)
			b := &custody.Batch{ID: fmt.Sprintf("batch-%d-%d", q.Number, at), Queue: q.Number, First: at, Size: n, Root: root, Types: types, Command: []byte("command")}
			require.NoError(t, v.Seal(ctx, b))
			b.State, b.Block = custody.BatchAnchored, block
			require.NoError(t, v.Settle(ctx, b))
		}
	}
}

func requireSound(t testing.TB, v *Vault) {
	t.Helper()
	findings, err := v.Check(context.Background(), nil)
	require.NoError(t, err)
	require.Empty(t, findings)
}

func TestCertificateComesBackWholeAndProvable(t *testing.T) {
	ctx := context.Background()
	o := testOptions(t, nil, t.TempDir())
	v := newVault(t, o)
	var certs []*custody.Certificate
	for i := range 10 {
		certs = append(certs, testCertificate(t, v, fmt.Sprint("holder ", i%3)))
	}
	op, err := v.AddCertificates(ctx, "op-1", certs)
	require.NoError(t, err)
	require.False(t, op.Repeat)
	_, err = v.Receipt(certs[0].Commitment)
	require.Equal(t, attest.CodeNotAnchoredYet, attest.CodeOf(err))
	anchorAll(t, v, 4, 9)
	require.NoError(t, v.Close())

	v = openVault(t, o)
	for _, want := range certs {
		got, err := v.Certificate(want.Commitment)
		require.NoError(t, err)
		require.Equal(t, want, got)
		receipt, err := v.Receipt(want.Commitment)
		require.NoError(t, err)
		batch, err := v.BatchOf(want.Place)
		require.NoError(t, err)
		require.Equal(t, []string{testType}, batch.Types)
		require.NoError(t, receipt.Verify(want.Commitment, batch.Root, batch.Size))
	}
	requireSound(t, v)
}

func TestOperationIsAppliedOnce(t *testing.T) {
	ctx := context.Background()
	v := newVault(t, testOptions(t, nil, t.TempDir()))
	first := testCertificate(t, v, "a")
	op, err := v.AddCertificates(ctx, "op", []*custody.Certificate{first})
	require.NoError(t, err)
	again, err := v.AddCertificates(ctx, "op", []*custody.Certificate{testCertificate(t, v, "a")})
	require.NoError(t, err)
	require.True(t, again.Repeat)
	require.Equal(t, op.Places, again.Places)
	require.Equal(t, uint64(1), v.Queues()[0].Durable)

	_, err = v.PutCommand(ctx, "op", [32]byte{1}, []byte("x"))
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	sent, err := v.PutCommand(ctx, "status", [32]byte{1}, []byte("first bytes"))
	require.NoError(t, err)
	repeated, err := v.PutCommand(ctx, "status", [32]byte{1}, []byte("other bytes"))
	require.NoError(t, err)
	require.Equal(t, sent.Result, repeated.Result)
	_, err = v.PutCommand(ctx, "status", [32]byte{2}, []byte("x"))
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	open, err := v.OpenCommands()
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{"status": []byte("first bytes")}, open)
	require.NoError(t, v.CommandSettled(ctx, "status"))
	open, err = v.OpenCommands()
	require.NoError(t, err)
	require.Empty(t, open)
}

func TestOpeningRefusesWhatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	o := testOptions(t, nil, dir)
	_, err := Open(o)
	require.Equal(t, attest.CodeStoreMissing, attest.CodeOf(err))
	v := newVault(t, o)
	_, err = Open(o)
	require.Equal(t, attest.CodeStoreLocked, attest.CodeOf(err))
	require.NoError(t, v.Close())
	require.Equal(t, attest.CodeStoreExists, attest.CodeOf(Create(o)))

	wrong := o
	wrong.Master = testMaster(t, 8)
	_, err = Open(wrong)
	require.Equal(t, attest.CodeMasterWrong, attest.CodeOf(err))

	other := testOptions(t, nil, filepath.Join(dir, "other"))
	require.NoError(t, Create(other))
	mixed := o
	mixed.Keyring = other.Keyring
	_, err = Open(mixed)
	require.Equal(t, attest.CodeStoreFormat, attest.CodeOf(err))

	beside := o
	beside.Keyring = filepath.Join(o.Dir, "keyring")
	_, err = Open(beside)
	require.Equal(t, attest.CodeKeyringBeside, attest.CodeOf(err))
}

func TestShreddedSubjectIsGone(t *testing.T) {
	ctx := context.Background()
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		t.Run(string(suite), func(t *testing.T) {
			o := testOptions(t, nil, t.TempDir())
			o.Suite = suite
			v := newVault(t, o)
			gone, kept := testCertificate(t, v, "gone"), testCertificate(t, v, "kept")
			_, err := v.AddCertificates(ctx, "op", []*custody.Certificate{gone, kept})
			require.NoError(t, err)
			require.NoError(t, v.Shred(ctx, gone.Subject, 1))
			require.Equal(t, attest.CodeRecordMissing, attest.CodeOf(v.Shred(ctx, gone.Subject, 1)))
			check := func(v *Vault) {
				_, err = v.Certificate(gone.Commitment)
				require.Equal(t, attest.CodeSubjectShredded, attest.CodeOf(err))
				_, err = v.Certificate(kept.Commitment)
				require.NoError(t, err)
				requireSound(t, v)
			}
			check(v)
			again := testCertificate(t, v, "gone") // the same holder comes back
			_, err = v.AddCertificates(ctx, "op2", []*custody.Certificate{again})
			require.NoError(t, err)
			_, err = v.Certificate(again.Commitment)
			require.NoError(t, err)
			require.NoError(t, v.Close())
			check(openVault(t, o))
		})
	}
}

func TestEnqueuedLeavesAreProvedByPlace(t *testing.T) {
	ctx := context.Background()
	v := newVault(t, testOptions(t, nil, t.TempDir()))
	q := custody.Queue{Key: testQueue.Key, Kind: attest.KindDocument, Suite: attest.SuiteStd}
	leaves := make([][32]byte, 10_000)
	for i := range leaves {
		leaves[i] = sha256.Sum256(fmt.Append(nil, i))
	}
	at, err := v.Enqueue(ctx, q, leaves)
	require.NoError(t, err)
	anchorAll(t, v, 4096, 1)
	for _, i := range []uint64{0, 1, 4095, 4096, 8191, 9999} {
		p := custody.Place{Queue: at.Queue, Seq: at.Seq + i}
		receipt, err := v.ReceiptAt(p)
		require.NoError(t, err)
		b, err := v.BatchOf(p)
		require.NoError(t, err)
		require.NoError(t, receipt.Verify(leaves[i], b.Root, b.Size))
	}
	_, err = v.ReceiptAt(custody.Place{Queue: at.Queue, Seq: 10_000})
	require.Equal(t, attest.CodeNotAnchoredYet, attest.CodeOf(err))
	requireSound(t, v)
}

func TestDatasetVersionsFollowEachOther(t *testing.T) {
	ctx := context.Background()
	v := newVault(t, testOptions(t, nil, t.TempDir()))
	entry := &custody.Dataset{ID: "divisions", Owner: testAuthority, Title: "行政区划", Fields: []string{"code", "name"}, Grade: "一般", Created: 1}
	require.NoError(t, v.PutDataset(ctx, "op1", entry))
	require.NoError(t, v.PutDataset(ctx, "op1", entry))
	other := *entry
	other.Owner = "another"
	require.Equal(t, attest.CodeDatasetExists, attest.CodeOf(v.PutDataset(ctx, "op2", &other)))
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(v.PutDataset(ctx, "op1", &other)))
	q := custody.Queue{Key: testQueue.Key, Kind: attest.KindDataset, Suite: attest.SuiteStd}
	var rows [][]byte
	for i := range 1000 {
		rows = append(rows, fmt.Appendf(nil, `["%06d"]`, i))
	}
	version := func(n int) *custody.DatasetVersion {
		return &custody.DatasetVersion{Queue: q, Dataset: "divisions", Version: n, Rows: 1000, Header: []byte("{}"), Commitment: [32]byte{byte(n)}}
	}
	_, err := v.AddDatasetVersion(ctx, "v2", version(2), rows)
	require.Equal(t, attest.CodeDatasetVersion, attest.CodeOf(err))
	for n := 1; n <= 2; n++ {
		_, err = v.AddDatasetVersion(ctx, fmt.Sprint("v", n, "x"), version(n), rows)
		require.NoError(t, err)
	}
	got, err := v.AddDatasetVersion(ctx, "v1x", version(7), rows)
	require.NoError(t, err)
	require.Equal(t, 1, got.Version)
	row, err := v.Row(got, 999)
	require.NoError(t, err)
	require.Equal(t, rows[999], row)
	requireSound(t, v)
	require.NoError(t, v.ShredDatasetVersion(ctx, "divisions", 1, 1))
	_, err = v.Row(got, 0)
	require.Equal(t, attest.CodeSubjectShredded, attest.CodeOf(err))
	requireSound(t, v)
}
