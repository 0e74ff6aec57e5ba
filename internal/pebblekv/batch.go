package pebblekv

import (
	"github.com/cockroachdb/pebble/v2"
)

// Batch collects changes that are applied together or not at all. It is for one goroutine, and for one commit.
type Batch struct {
	store *Store
	batch *pebble.Batch
}

// NewBatch starts a batch that cannot be read.
func (s *Store) NewBatch() *Batch { return &Batch{store: s, batch: s.db.NewBatch()} }

// NewIndexedBatch starts a batch whose Get sees the batch's own changes over the store. It costs about twice as much.
func (s *Store) NewIndexedBatch() *Batch { return &Batch{store: s, batch: s.db.NewIndexedBatch()} }

// Set gives key the value. Both are copied.
func (b *Batch) Set(key, value []byte) error { return Classify(b.batch.Set(key, value, nil)) }

// Delete removes key. Its bytes stay in older files until those are compacted: deleting is not erasing.
func (b *Batch) Delete(key []byte) error { return Classify(b.batch.Delete(key, nil)) }

// DeleteRange removes the keys in [start, end).
func (b *Batch) DeleteRange(start, end []byte) error {
	return Classify(b.batch.DeleteRange(start, end, nil))
}

// Get is Store.Get, over the changes of an indexed batch.
func (b *Batch) Get(key []byte) (value []byte, err error) {
	err = b.store.read(func() (err error) {
		value, err = get(b.batch, key)
		return err
	})
	return value, err
}

// Len is the size of the batch in bytes; 0 only if nothing was changed.
func (b *Batch) Len() int {
	if b.batch.Empty() {
		return 0
	}
	return b.batch.Len()
}

// Count is the number of changes.
func (b *Batch) Count() int { return int(b.batch.Count()) }

// Commit applies the batch and returns once it is on the disk. On an error the store has failed, is closed or is read-only;
// in the first case the batch may turn out to be kept when the store is opened again, whole. The batch is used up.
func (b *Batch) Commit() error { return b.commit(pebble.Sync) }

// CommitNoSync applies the batch without waiting for the disk: a crash may take it back, together with every later one
// and never with an earlier one. The batch is used up.
func (b *Batch) CommitNoSync() error { return b.commit(pebble.NoSync) }

func (b *Batch) commit(o *pebble.WriteOptions) error {
	batch := b.batch
	if err := b.store.change(func() error { return batch.Commit(o) }); err != nil {
		return err // Pebble may still hold the batch: it is left to the collector
	}
	return Classify(batch.Close())
}

// Close drops a batch that is not to be committed.
func (b *Batch) Close() error { return Classify(b.batch.Close()) }
