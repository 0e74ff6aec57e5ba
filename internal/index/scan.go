package index

import "github.com/cockroachdb/pebble/v2"

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
