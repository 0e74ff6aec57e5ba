package vault

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

const disputedAuthority = "11440000EXAMPL0120"

// disputing is a vault in which somebody has a certificate.
func disputing(t *testing.T, o Options) (*Vault, custody.Subject) {
	t.Helper()
	v := newVault(t, o)
	c := testCertificate(t, v, "a")
	_, err := v.AddCertificates(context.Background(), "certificate", []*custody.Certificate{c})
	require.NoError(t, err)
	return v, c.Subject
}

func testDispute(subject custody.Subject) *custody.Dispute {
	d := &custody.Dispute{Subject: subject, Authority: disputedAuthority, Commitment: [32]byte{1}, Kind: custody.DisputeField, Field: "certificateHolderName",
		Wrong: "写错了", Should: "对的", State: custody.DisputeDraft, Created: 5, Changed: 5}
	_, _ = rand.Read(d.ID[:])
	return d
}

func TestADraftIsFiledOnceAndFound(t *testing.T) {
	ctx := context.Background()
	o := testOptions(t, nil, t.TempDir())
	v, subject := disputing(t, o)
	d := testDispute(subject)
	id, err := v.AddDispute(ctx, "op", [32]byte{1}, d)
	require.NoError(t, err)
	again, err := v.AddDispute(ctx, "op", [32]byte{1}, testDispute(subject))
	require.NoError(t, err)
	require.Equal(t, id, again, "the same operation filed the same draft")
	filed, ok, err := v.FiledDispute("op", [32]byte{1})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, id, filed)
	_, _, err = v.FiledDispute("op", [32]byte{2})
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	_, err = v.AddDispute(ctx, "op", [32]byte{2}, testDispute(subject))
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	_, err = v.AddDispute(ctx, "stranger", [32]byte{}, testDispute(v.Subject("111", "nobody")))
	require.Equal(t, attest.CodeRecordMissing, attest.CodeOf(err), "who has nothing here gets no key by a draft")
	require.NoError(t, v.Close())

	v = openVault(t, o)
	for name, list := range map[string]func() ([]*custody.Dispute, error){
		"its citizen": func() ([]*custody.Dispute, error) { return v.Disputes(subject) },
		"its office":  func() ([]*custody.Dispute, error) { return v.DisputesOf(disputedAuthority) }} {
		got, err := list()
		require.NoError(t, err, name)
		require.Equal(t, []*custody.Dispute{d}, got, name)
	}
	other, err := v.DisputesOf("another authority")
	require.NoError(t, err)
	require.Empty(t, other)
	requireSound(t, v)

	require.NoError(t, v.ChangeDispute(ctx, id, func(d *custody.Dispute) error { d.State = custody.DisputeWithdrawn; return nil }))
	open, err := v.DisputesOf(disputedAuthority)
	require.NoError(t, err)
	require.Empty(t, open, "what is withdrawn is led to no more")
	own, err := v.Disputes(subject)
	require.NoError(t, err)
	require.Len(t, own, 1)
	requireSound(t, v)
}

// TestErasingACitizenTakesTheDraftsAway holds that a draft goes with its citizen's key, and so do the ways that lead to it.
func TestErasingACitizenTakesTheDraftsAway(t *testing.T) {
	ctx := context.Background()
	v, subject := disputing(t, testOptions(t, nil, t.TempDir()))
	id, err := v.AddDispute(ctx, "op", [32]byte{}, testDispute(subject))
	require.NoError(t, err)
	require.NoError(t, v.Shred(ctx, subject, 9))
	_, err = v.Dispute(id)
	require.Equal(t, attest.CodeSubjectShredded, attest.CodeOf(err))
	err = v.ChangeDispute(ctx, id, func(*custody.Dispute) error { return nil })
	require.Equal(t, attest.CodeSubjectShredded, attest.CodeOf(err))
	for _, prefix := range []byte{prefixSubjectDispute, prefixOfficeDispute} {
		left := 0
		require.NoError(t, v.scan([]byte{prefix}, func(_, _ []byte) error { left++; return nil }))
		require.Zero(t, left, "nothing leads to it: %c", prefix)
	}
	requireSound(t, v)
}

// TestChangesOfADraftComeOneAfterTheOther has many callers add one each: none is lost.
func TestChangesOfADraftComeOneAfterTheOther(t *testing.T) {
	ctx := context.Background()
	o := testOptions(t, vfs.NewMem(), "/")
	v, subject := disputing(t, o)
	id, err := v.AddDispute(ctx, "op", [32]byte{}, testDispute(subject))
	require.NoError(t, err)
	const callers, each = 8, 25
	var wait sync.WaitGroup
	for range callers {
		wait.Go(func() {
			for range each {
				assert.NoError(t, v.ChangeDispute(ctx, id, func(d *custody.Dispute) error { d.Changed++; return nil }))
			}
		})
	}
	wait.Wait()
	d, err := v.Dispute(id)
	require.NoError(t, err)
	require.EqualValues(t, 5+callers*each, d.Changed)
	require.NoError(t, v.Close())
}
