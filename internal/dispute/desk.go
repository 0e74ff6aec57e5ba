package dispute

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Store keeps drafts. Every write is durable when it returns; changes of one draft come one after the other. Safe for concurrent
// use. Errors: RECORD_MISSING for what is not there, SUBJECT_SHREDDED, the store's own.
type Store interface {
	// AddDispute writes a draft once for every operation: OPERATION_CONFLICT where the operation was another request.
	AddDispute(ctx context.Context, op string, digest [32]byte, d *custody.Dispute) (custody.DisputeID, error)
	// FiledDispute is the draft that an operation made; false: none yet.
	FiledDispute(op string, digest [32]byte) (custody.DisputeID, bool, error)
	Dispute(id custody.DisputeID) (*custody.Dispute, error)
	// Disputes lists a citizen's; DisputesOf the open ones about an authority's certificates. In no order that means anything.
	Disputes(s custody.Subject) ([]*custody.Dispute, error)
	DisputesOf(authority string) ([]*custody.Dispute, error)
	ChangeDispute(ctx context.Context, id custody.DisputeID, change func(d *custody.Dispute) error) error
}

// Desk takes drafts in and shows them to who may see them. Safe for concurrent use.
type Desk struct {
	store  Store
	random io.Reader
	clock  func() time.Time

	filing sync.Mutex // so that drafts that come at once are counted
}

// New makes a desk. random is cryptographic.
func New(store Store, random io.Reader, clock func() time.Time) *Desk {
	return &Desk{store: store, random: random, clock: clock}
}

// Filing is a draft on its way in: a statement about a certificate of the citizen's, or about the entry of the record of uses
// whose number is one less than Use.
type Filing struct {
	Certificate *custody.Certificate
	Fields      []string
	Use         uint64
	Statement
}

func (f *Filing) about() About { return About{Fields: f.Fields, Use: f.Use != 0} }

// digest tells a repeated operation from a reused id.
func (f *Filing) digest() [32]byte {
	b := []byte("huzheng/v1/dispute\x00")
	b = append(append(b, f.Certificate.Subject[:]...), f.Certificate.Commitment[:]...)
	b = append(binary.AppendUvarint(b, f.Use), byte(f.Kind))
	for _, s := range []string{f.Field, f.Wrong, f.Should} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return sha256.Sum256(b)
}

// File writes a draft; the same operation with the same statement is the same draft. Errors: those of Statement.Validate,
// DISPUTE_LIMIT, OPERATION_CONFLICT, OPERATION_MISSING.
func (k *Desk) File(ctx context.Context, op string, f *Filing) (custody.DisputeID, error) {
	f.Statement = f.tidy()
	if err := f.Validate(f.about()); err != nil {
		return custody.DisputeID{}, err
	}
	k.filing.Lock()
	defer k.filing.Unlock()
	digest := f.digest()
	if id, filed, err := k.store.FiledDispute(op, digest); err != nil || filed {
		return id, err
	}
	own, err := k.store.Disputes(f.Certificate.Subject)
	if err == nil {
		err = room(own)
	}
	if err != nil {
		return custody.DisputeID{}, err
	}
	now := k.clock().Unix()
	d := &custody.Dispute{Subject: f.Certificate.Subject, Authority: f.Certificate.Authority, Commitment: f.Certificate.Commitment, Use: f.Use,
		Kind: f.Kind, Field: f.Field, Wrong: f.Wrong, Should: f.Should, State: custody.DisputeDraft, Created: now, Changed: now}
	if _, err := io.ReadFull(k.random, d.ID[:]); err != nil {
		return custody.DisputeID{}, attest.Errorf(attest.CodeInternal, "the source of randomness failed: %v", err)
	}
	return k.store.AddDispute(ctx, op, digest, d)
}

// Get is a citizen's own draft: RECORD_MISSING for every other one.
func (k *Desk) Get(subject custody.Subject, id custody.DisputeID) (*custody.Dispute, error) {
	d, err := k.store.Dispute(id)
	if attest.CodeOf(err) == attest.CodeSubjectShredded || err == nil && d.Subject != subject {
		return nil, noDispute()
	}
	return d, err
}

func noDispute() error {
	return attest.Errorf(attest.CodeRecordMissing, "no such dispute is kept here")
}

// List gives a citizen's drafts, the newest first.
func (k *Desk) List(subject custody.Subject) ([]*custody.Dispute, error) {
	return sorted(k.store.Disputes(subject))
}

// Edit changes what a citizen's draft says, about the same certificate. Errors: RECORD_MISSING, DISPUTE_WITHDRAWN, those of
// Statement.Validate.
func (k *Desk) Edit(ctx context.Context, subject custody.Subject, id custody.DisputeID, fields []string, s Statement) error {
	s = s.tidy()
	return k.change(ctx, subject, id, func(d *custody.Dispute) error {
		if err := s.Validate(About{Fields: fields, Use: d.Use != 0}); err != nil {
			return err
		}
		return edit(d, s, k.clock().Unix())
	})
}

// Withdraw ends a citizen's draft: its office sees it no more. Errors: RECORD_MISSING.
func (k *Desk) Withdraw(ctx context.Context, subject custody.Subject, id custody.DisputeID) error {
	return k.change(ctx, subject, id, func(d *custody.Dispute) error {
		withdraw(d, k.clock().Unix())
		return nil
	})
}

func (k *Desk) change(ctx context.Context, subject custody.Subject, id custody.DisputeID, change func(d *custody.Dispute) error) error {
	if _, err := k.Get(subject, id); err != nil {
		return err
	}
	return k.store.ChangeDispute(ctx, id, change)
}

// Of gives the open drafts about an authority's certificates, the newest first.
func (k *Desk) Of(authority string) ([]*custody.Dispute, error) {
	return sorted(k.store.DisputesOf(authority))
}

// OfOffice is an open draft about one of the authority's certificates: RECORD_MISSING for every other one.
func (k *Desk) OfOffice(authority string, id custody.DisputeID) (*custody.Dispute, error) {
	d, err := k.store.Dispute(id)
	if attest.CodeOf(err) == attest.CodeSubjectShredded || err == nil && (d.Authority != authority || d.State != custody.DisputeDraft) {
		return nil, noDispute()
	}
	return d, err
}

func sorted(list []*custody.Dispute, err error) ([]*custody.Dispute, error) {
	slices.SortFunc(list, func(a, b *custody.Dispute) int {
		return cmp.Or(-cmp.Compare(a.Created, b.Created), slices.Compare(a.ID[:], b.ID[:]))
	})
	return list, err
}
