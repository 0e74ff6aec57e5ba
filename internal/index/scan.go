package index

import (
	"cmp"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Get returns the value of one key of the registry's state; nil where there is none. For what people and operators ask,
// not for a verdict: those read through registry.View.
func (x *Index) Get(key string) ([]byte, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if err := x.usable(); err != nil {
		return nil, err
	}
	r, err := stored{x.db}.find(key)
	return r.value, err
}

// Scan visits the records whose keys begin with prefix, which is not empty, in the order of their keys and as of one
// block. It is for lists that people read, never for a verdict. The value must not be kept.
func (x *Index) Scan(prefix string, visit func(key string, value []byte) error) error {
	return x.still(func(snap *pebble.Snapshot, _ *moment) error {
		return listRecords(snap, prefix, func(key string, r record) error { return visit(key, r.value) })
	})
}

// LatestBatches returns the last n batches, newest first, as of one block. It visits every batch there is: for what people
// read, and not for each of them anew.
func (x *Index) LatestBatches(n int) ([]*attest.Batch, error) {
	type found struct {
		id string
		at registry.Position
	}
	latest := make([]found, 0, n+1)
	later := func(a, b found) int {
		return cmp.Or(cmp.Compare(b.at.Block, a.at.Block), cmp.Compare(b.at.Tx, a.at.Tx))
	}
	prefix := registry.KeyBatch("")
	err := x.still(func(snap *pebble.Snapshot, _ *moment) error {
		return listRecords(snap, prefix, func(key string, r record) error {
			f := found{key[len(prefix):], r.first}
			i, _ := slices.BinarySearchFunc(latest, f, later)
			if latest = slices.Insert(latest, i, f); len(latest) > n {
				latest = latest[:n]
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	out := make([]*attest.Batch, 0, len(latest))
	for _, f := range latest {
		b, err := x.Batch(f.id)
		if err != nil {
			return nil, err
		}
		if b != nil {
			out = append(out, b)
		}
	}
	return out, nil
}
