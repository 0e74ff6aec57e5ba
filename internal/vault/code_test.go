package vault

import (
	"context"
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

func testCode(subject custody.Subject, uses int) *custody.ProofCode {
	c := &custody.ProofCode{Subject: subject, Uses: uses, Expires: 1000, Scenario: "迁入", UseCause: "落户",
		Shown: []custody.Shown{{Commitment: [32]byte{1}, Fields: []string{"certificateHolderName"}}}}
	for _, b := range [][]byte{c.ID[:], c.Handle[:], c.Secret[:], c.Random[:]} {
		_, _ = rand.Read(b)
	}
	return c
}

func TestACodeIsMadeOnceAndFound(t *testing.T) {
	ctx := context.Background()
	o := testOptions(t, nil, t.TempDir())
	v := newVault(t, o)
	subject := v.Subject("111", "a")
	c := testCode(subject, 3)
	made, err := v.AddCode(ctx, "op", [32]byte{1}, c)
	require.NoError(t, err)
	require.Equal(t, c, made)
	again, err := v.AddCode(ctx, "op", [32]byte{1}, testCode(subject, 9))
	require.NoError(t, err)
	require.Equal(t, c.ID, again.ID, "the same operation made the same code")
	_, err = v.AddCode(ctx, "op", [32]byte{2}, testCode(subject, 3))
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	twin := testCode(subject, 1)
	twin.Random = c.Random
	_, err = v.AddCode(ctx, "twin", [32]byte{}, twin)
	require.Equal(t, attest.CodeKeyExists, attest.CodeOf(err), "a short form is given out once")
	require.NoError(t, v.Close())

	v = openVault(t, o)
	id, err := v.CodeByShort(c.Random)
	require.NoError(t, err)
	require.Equal(t, c.ID, id)
	list, err := v.Codes(subject)
	require.NoError(t, err)
	require.Equal(t, []*custody.ProofCode{c}, list)
	list, err = v.Codes(v.Subject("111", "b"))
	require.NoError(t, err)
	require.Empty(t, list)
	requireSound(t, v)

	require.NoError(t, v.Shred(ctx, subject, 5))
	_, err = v.Code(c.ID)
	require.Equal(t, attest.CodeSubjectShredded, attest.CodeOf(err))
	list, err = v.Codes(subject)
	require.NoError(t, err)
	require.Empty(t, list)
	err = v.ChangeCode(ctx, c.ID, func(*custody.ProofCode) ([]*custody.Use, error) { return nil, nil })
	require.Equal(t, attest.CodeSubjectShredded, attest.CodeOf(err))
	requireSound(t, v)
}

// TestChangesOfACodeComeOneAfterTheOther has many callers add one each: none is lost, and none is seen twice.
func TestChangesOfACodeComeOneAfterTheOther(t *testing.T) {
	ctx := context.Background()
	o := testOptions(t, nil, t.TempDir())
	v := newVault(t, o)
	c, err := v.AddCode(ctx, "op", [32]byte{}, testCode(v.Subject("111", "a"), 3))
	require.NoError(t, err)
	const callers, each = 16, 25
	var wait sync.WaitGroup
	for range callers {
		wait.Go(func() {
			for range each {
				assert.NoError(t, v.ChangeCode(ctx, c.ID, func(c *custody.ProofCode) ([]*custody.Use, error) {
					c.Next++
					return []*custody.Use{{Event: custody.UseRefused, Time: int64(c.Next)}}, nil
				}))
			}
		})
	}
	wait.Wait()
	require.NoError(t, v.Close())
	v = openVault(t, o)
	c, err = v.Code(c.ID)
	require.NoError(t, err)
	require.EqualValues(t, callers*each, c.Next)
	uses, err := v.Uses(c.Subject, 0, 1000)
	require.NoError(t, err)
	require.Len(t, uses, callers*each)
	for i, u := range uses {
		require.EqualValues(t, callers*each-i, u.Time, "the newest first, each once")
	}
	page, err := v.Uses(c.Subject, uses[9].Seq, 5)
	require.NoError(t, err)
	require.Equal(t, uses[10:15], page)
	requireSound(t, v)
}

func TestTheRecordOfUsesShowsTampering(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		do   func(b *pebblekv.Batch, db *pebblekv.Store, v *Vault, a custody.Subject)
		open attest.Code // at opening, else at fsck
		read attest.Code // by the citizen concerned
	}{
		"an entry edited": {func(b *pebblekv.Batch, db *pebblekv.Store, _ *Vault, _ custody.Subject) {
			value, _ := db.Get(keyNumber(prefixUse, 2))
			value[len(value)-1] ^= 1
			_ = b.Set(keyNumber(prefixUse, 2), value)
		}, "", attest.CodeUseLogEdited},
		"an entry removed": {func(b *pebblekv.Batch, _ *pebblekv.Store, _ *Vault, _ custody.Subject) {
			_ = b.Delete(keyNumber(prefixUse, 2))
		}, "", attest.CodeUseLogMissing},
		"the end cut off": {func(b *pebblekv.Batch, _ *pebblekv.Store, v *Vault, a custody.Subject) {
			_ = b.Delete(keyNumber(prefixUse, 5))
			_ = b.Delete(keyNumber(prefixUse, 4))
			_ = b.Set(keyUsePointer(a), v.sealValue(nil, keyUsePointer(a), []byte{3}, dataKey{aead: v.ring.store}))
		}, attest.CodeUseLogMissing, ""},
		"the pointer set back": {func(b *pebblekv.Batch, _ *pebblekv.Store, v *Vault, a custody.Subject) {
			_ = b.Set(keyUsePointer(a), v.sealValue(nil, keyUsePointer(a), []byte{1}, dataKey{aead: v.ring.store}))
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewMem()
			o := testOptions(t, mem, "/")
			v := newVault(t, o)
			a, err := v.AddCode(ctx, "a", [32]byte{}, testCode(v.Subject("111", "a"), 1))
			require.NoError(t, err)
			b, err := v.AddCode(ctx, "b", [32]byte{}, testCode(v.Subject("111", "b"), 1))
			require.NoError(t, err)
			for i := range 6 {
				require.NoError(t, v.ChangeCode(ctx, []custody.CodeID{a.ID, b.ID}[i%2], func(*custody.ProofCode) ([]*custody.Use, error) {
					return []*custody.Use{{Event: custody.UseVerified, Time: int64(i)}}, nil
				}))
			}
			requireSound(t, v)
			batch := v.db.NewBatch()
			c.do(batch, v.db, v, a.Subject)
			require.NoError(t, batch.Commit())
			if c.read != "" {
				_, err = v.Uses(a.Subject, 0, 10)
				require.Equal(t, c.read, attest.CodeOf(err))
			}
			require.NoError(t, v.Close())
			if c.open != "" {
				_, err = Open(o)
				require.Equal(t, c.open, attest.CodeOf(err))
			}
			o.Inspect = true
			v = openVault(t, o)
			findings, err := v.Check(ctx, nil)
			require.NoError(t, err)
			require.NotEmpty(t, findings)
			named := false
			for _, f := range findings {
				named = named || f.Where == "record of uses"
			}
			require.True(t, named, "%+v", findings)
		})
	}
}

// TestCodesSurvivePowerLoss consumes uses while the power fails at a random moment: what was acknowledged is there, and no
// use counts twice.
func TestCodesSurvivePowerLoss(t *testing.T) {
	ctx := context.Background()
	acknowledged := 0
	for seed := range *crashSeeds {
		mem := vfs.NewCrashableMem()
		o := testOptions(t, mem, "/")
		v := newVault(t, o)
		c, err := v.AddCode(ctx, "op", [32]byte{}, testCode(v.Subject("111", "a"), 1))
		require.NoError(t, err)
		var told atomic.Uint64
		var wait sync.WaitGroup
		var crashed *vfs.MemFS
		var floor uint64
		for range 4 {
			wait.Go(func() {
				for range 20 + seed%7 {
					err := v.ChangeCode(ctx, c.ID, func(c *custody.ProofCode) ([]*custody.Use, error) {
						c.Next++
						return []*custody.Use{{Event: custody.UseVerified}}, nil
					})
					if assert.NoError(t, err) && told.Add(1) == uint64(10+seed) {
						floor = told.Load()
						crashed = mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: seed * 13 % 101, RNG: mrand.New(mrand.NewPCG(uint64(seed), 1))})
					}
				}
			})
		}
		wait.Wait()
		require.NoError(t, v.Close())
		require.NotNil(t, crashed, "the power failed")
		o.fs = crashed
		v = openVault(t, o)
		c, err = v.Code(c.ID)
		require.NoError(t, err)
		require.GreaterOrEqual(t, c.Next, floor, "seed %d", seed)
		uses, err := v.Uses(c.Subject, 0, 1000)
		require.NoError(t, err)
		require.Len(t, uses, int(c.Next), "a use and its entry are one write")
		requireSound(t, v)
		require.NoError(t, v.Close())
		acknowledged += int(floor)
	}
	t.Logf("%d power losses, %d acknowledged uses, 0 lost", *crashSeeds, acknowledged)
}

func TestCertificatesOfASubject(t *testing.T) {
	ctx := context.Background()
	v := newVault(t, testOptions(t, nil, t.TempDir()))
	var want []string
	for i := range 4 {
		c := testCertificate(t, v, fmt.Sprint("holder ", i%2))
		_, err := v.AddCertificates(ctx, fmt.Sprint(i), []*custody.Certificate{c})
		require.NoError(t, err)
		if i%2 == 1 {
			want = append(want, custody.ID(c.Commitment))
		}
	}
	list, err := v.CertificatesOf(v.Subject("111", "holder 1"))
	require.NoError(t, err)
	var got []string
	for _, c := range list {
		got = append(got, custody.ID(c.Commitment))
	}
	require.Equal(t, want, got)
	require.NoError(t, v.Shred(ctx, v.Subject("111", "holder 1"), 1))
	list, err = v.CertificatesOf(v.Subject("111", "holder 1"))
	require.NoError(t, err)
	require.Empty(t, list)
	owned, err := v.ownedKeys(v.Subject("111", "holder 1"))
	require.NoError(t, err)
	require.Empty(t, owned, "nothing leads there any more")
}
