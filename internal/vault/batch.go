package vault

import (
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

func encodeBatch(b *custody.Batch) []byte {
	w := newWriter(128 + len(b.Command))
	w.string(b.ID)
	w.uint(b.Size)
	w.fixed(b.Root[:])
	w.strings(b.Types)
	w.bytes(b.Command)
	w.uint(uint64(b.State))
	w.string(string(b.Refusal))
	w.uint(b.Block)
	w.uint(uint64(b.Tx))
	return w.b
}

func decodeBatch(p custody.Place, plain []byte) (*custody.Batch, error) {
	r := newReader(plain)
	b := &custody.Batch{ID: r.string(), Queue: p.Queue, First: p.Seq, Size: r.uint(), Root: r.array32(), Types: r.strings(), Command: r.bytes()}
	state := r.uint()
	b.Refusal, b.Block, b.Tx = attest.Code(r.string()), r.uint(), r.uint32()
	if state < uint64(custody.BatchSealed) || state > uint64(custody.BatchRefused) {
		r.bad = true
	}
	b.State = custody.BatchState(state) //nolint:gosec // checked above
	return b, r.done()
}

// Seal writes batches down before they are submitted. Each must begin where its queue's last batch ends: SEQUENCE_GAP.
func (v *Vault) Seal(ctx context.Context, batches ...*custody.Batch) error {
	return v.do(ctx, func(t *tx) error {
		ends, err := t.sealedEnds(batches)
		if err != nil {
			return err
		}
		for _, b := range batches {
			t.seal(b)
		}
		t.after = append(t.after, func() error {
			for q, end := range ends {
				q.sealed.Store(end)
			}
			return nil
		})
		return nil
	})
}

// sealedEnds gives where each queue's batches will end.
func (t *tx) sealedEnds(batches []*custody.Batch) (map[*queueState]uint64, error) {
	ends := map[*queueState]uint64{}
	for _, b := range batches {
		q, err := t.v.queueByNumber(b.Queue)
		if err != nil {
			return nil, err
		}
		end, ok := ends[q]
		if !ok {
			end = q.sealed.Load()
		}
		twice := t.seen[string(keyAt(prefixBatch, b.Place()))]
		if b.First != end || b.Size == 0 || b.First+b.Size > q.durable.Load() || twice {
			return nil, attest.Errorf(attest.CodeSequenceGap, "a batch of queue %d does not begin where the last one ends", b.Queue)
		}
		ends[q] = b.First + b.Size
	}
	return ends, nil
}

func (t *tx) seal(b *custody.Batch) {
	b.State = custody.BatchSealed
	key := keyAt(prefixBatch, b.Place())
	t.seen[string(key)] = true
	t.setStore(key, encodeBatch(b))
	t.setStore(keyAt(prefixPending, b.Place()), nil)
	t.setStore(keyBatchID(b.ID), encodePlace(b.Place()))
}

// Settle writes down what became of a batch: anchored at a position, or refused with a code.
func (v *Vault) Settle(ctx context.Context, b *custody.Batch) error {
	return v.do(ctx, func(t *tx) error {
		t.setStore(keyAt(prefixBatch, b.Place()), encodeBatch(b))
		if b.State == custody.BatchAnchored {
			t.delete(keyAt(prefixPending, b.Place()))
		}
		return nil
	})
}

// Unsettled gives the batches that are not anchored, refused ones included, a queue after the other.
func (v *Vault) Unsettled() (out []*custody.Batch, err error) {
	err = v.scan([]byte{prefixPending}, func(key, _ []byte) error {
		p, ok := placeOf(key)
		if !ok {
			return unreadable(key)
		}
		b, err := v.batchAt(p)
		if err == nil && b == nil {
			err = attest.Errorf(attest.CodeRecordMissing, "a pending batch has no record")
		}
		out = append(out, b)
		return err
	})
	return out, err
}

func (v *Vault) batchAt(p custody.Place) (*custody.Batch, error) {
	plain, err := v.get(keyAt(prefixBatch, p))
	if err != nil || plain == nil {
		return nil, err
	}
	return decodeBatch(p, plain)
}

// lastBatch gives the last batch of p's queue that begins at p or before it; nil where there is none.
func (v *Vault) lastBatch(p custody.Place) (b *custody.Batch, err error) {
	it, err := v.db.NewIter(&pebble.IterOptions{
		LowerBound: keyAt(prefixBatch, custody.Place{Queue: p.Queue, Seq: 0}), UpperBound: keyAt(prefixBatch, custody.Place{Queue: p.Queue, Seq: p.Seq + 1}),
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pebblekv.Classify(it.Close())) }()
	if !it.Last() {
		return nil, pebblekv.Classify(it.Error())
	}
	at, ok := placeOf(it.Key())
	value, err := it.ValueAndErr()
	if err != nil || !ok {
		return nil, errors.Join(pebblekv.Classify(err), unreadable(it.Key()))
	}
	plain, err := v.open(it.Key(), value)
	if err != nil {
		return nil, err
	}
	return decodeBatch(at, plain)
}

// BatchOf gives the batch that a leaf is in; nil while it is in none.
func (v *Vault) BatchOf(p custody.Place) (*custody.Batch, error) {
	b, err := v.lastBatch(p)
	if err != nil || b == nil || p.Seq >= b.First+b.Size {
		return nil, err
	}
	return b, nil
}

// Locate finds a leaf by its commitment: RECORD_MISSING where it is not of this vault, or was added in bulk.
func (v *Vault) Locate(commitment [32]byte) (custody.Place, error) {
	plain, err := v.get(keyCommitment(commitment))
	if err != nil {
		return custody.Place{}, err
	}
	if plain == nil {
		return custody.Place{}, attest.Errorf(attest.CodeRecordMissing, "nothing with this commitment is kept here")
	}
	return decodePlace(plain)
}

func decodePlace(plain []byte) (custody.Place, error) {
	r := newReader(plain)
	p := r.place()
	return p, r.done()
}

func encodePlace(p custody.Place) []byte {
	w := newWriter(16)
	w.place(p)
	return w.b
}

// batchTree is a batch with its tree, which never change once the batch is anchored.
type batchTree struct {
	batch *custody.Batch
	tree  *merkle.Tree
}

// Receipt proves a leaf that was added with its record. Errors: RECORD_MISSING; NOT_ANCHORED_YET.
func (v *Vault) Receipt(commitment [32]byte) (*merkle.Receipt, error) {
	p, err := v.Locate(commitment)
	if err != nil {
		return nil, err
	}
	return v.ReceiptAt(p)
}

// ReceiptAt proves the leaf at a place. Errors: RECORD_MISSING, NOT_ANCHORED_YET, BATCH_DIFFERS where the stored leaves
// do not give the root that was anchored.
func (v *Vault) ReceiptAt(p custody.Place) (*merkle.Receipt, error) {
	q, err := v.queueByNumber(p.Queue)
	if err != nil {
		return nil, err
	}
	b, err := v.BatchOf(p)
	if err != nil {
		return nil, err
	}
	if b == nil || b.State != custody.BatchAnchored {
		return nil, attest.Errorf(attest.CodeNotAnchoredYet, "the commitment is recorded and not yet anchored")
	}
	bt, ok := v.trees.get(b.Place())
	if !ok {
		if bt, err = v.buildTree(q, b); err != nil {
			return nil, err
		}
		v.trees.put(b.Place(), bt)
	}
	return merkle.NewReceipt(q.Kind, q.Suite, b.ID, bt.tree, p.Seq-b.First)
}

func (v *Vault) buildTree(q *queueState, b *custody.Batch) (*batchTree, error) {
	leaves, _, err := v.Leaves(b.Queue, b.First, b.Size)
	if err != nil {
		return nil, err
	}
	tree := merkle.NewTree(q.Suite, leaves)
	if tree.Root() != b.Root {
		return nil, attest.Errorf(attest.CodeBatchDiffers, "the leaves of batch %s do not give its root", b.ID)
	}
	return &batchTree{batch: b, tree: tree}, nil
}

// scan reads every key that begins with prefix, in order. The values are sealed.
func (v *Vault) scan(prefix []byte, each func(key, value []byte) error) error {
	return v.scanBetween(prefix, prefixEnd(prefix), each)
}

// scanBetween visits the records from a key on, in order, up to one that is not visited any more. Key and value live until each
// returns.
func (v *Vault) scanBetween(first, end []byte, each func(key, value []byte) error) (err error) {
	it, err := v.db.NewIter(&pebble.IterOptions{LowerBound: first, UpperBound: end})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pebblekv.Classify(it.Close())) }()
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return pebblekv.Classify(err)
		}
		if err := each(it.Key(), value); err != nil {
			return err
		}
	}
	return pebblekv.Classify(it.Error())
}
