package notary

import (
	"context"
	"io"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// RecordedDocument is a document with how far it has come. Receipt is nil until it is anchored.
type RecordedDocument struct {
	*custody.Document
	State   State
	Receipt *merkle.Receipt
}

// RecordDocument commits to a file by its digest (of the suite of the authority's key) under a fresh salt, durable when
// it returns. An authority records a digest once: again, it gives the first record.
func (n *Notary) RecordDocument(ctx context.Context, op, authority string, digest [32]byte) (*RecordedDocument, error) {
	n.signing.RLock()
	defer n.signing.RUnlock()
	is, err := n.issuer(authority)
	if err != nil {
		return nil, err
	}
	d := &custody.Document{Queue: is.queue(attest.KindDocument), Authority: authority, Digest: digest, Created: n.d.Now().Unix()}
	if _, err := io.ReadFull(n.d.Salts, d.Salt[:]); err != nil {
		return nil, attest.Errorf(attest.CodeInternal, "the source of randomness failed: %v", err)
	}
	d.Commitment = attest.CommitDocument(d.Queue.Suite, d.Salt[:], digest[:])
	if d, err = n.d.Store.AddDocument(ctx, op, d); err != nil {
		return nil, err
	}
	return n.document(d)
}

// CheckDocument finds the record of a file by its digest: RECORD_MISSING where the authority recorded none here.
func (n *Notary) CheckDocument(_ context.Context, authority string, digest [32]byte) (*RecordedDocument, error) {
	d, err := n.d.Store.FindDocument(authority, digest)
	if err != nil {
		return nil, err
	}
	return n.document(d)
}

func (n *Notary) document(d *custody.Document) (*RecordedDocument, error) {
	state, err := n.StateAt(d.Place)
	if err != nil {
		return nil, err
	}
	out := &RecordedDocument{Document: d, State: state}
	if state.Progress == Anchored {
		out.Receipt, err = n.d.Store.ReceiptAt(d.Place)
	}
	return out, err
}
