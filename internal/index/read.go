package index

import (
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

var _ registry.View = (*Index)(nil)

// Read lends a view of one state: no block becomes visible until read returns. It must be short, must not keep the view,
// and must not call methods of the index itself.
func (x *Index) Read(read func(registry.View) error) error {
	_, err := locked(x, func(v registry.View) (struct{}, error) { return struct{}{}, read(v) })
	return err
}

// consistent is the view inside a Read.
type consistent struct {
	*reader
	index *Index
}

// Ledger implements registry.View.
func (c consistent) Ledger(now int64) (attest.Ledger, error) { return c.index.ledger(now), nil }

func locked[T any](x *Index, read func(registry.View) (T, error)) (T, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if err := x.usable(); err != nil {
		var none T
		return none, err
	}
	return read(consistent{&x.view, x})
}

// Consortium implements registry.View.
func (x *Index) Consortium() (*registry.Consortium, error) {
	return locked(x, registry.View.Consortium)
}

// Region implements registry.View.
func (x *Index) Region(code string) (*attest.Region, error) {
	return locked(x, func(v registry.View) (*attest.Region, error) { return v.Region(code) })
}

// Key implements registry.View.
func (x *Index) Key(id string) (*attest.Key, error) {
	return locked(x, func(v registry.View) (*attest.Key, error) { return v.Key(id) })
}

// Authority implements registry.View.
func (x *Index) Authority(code string) (*attest.Authority, error) {
	return locked(x, func(v registry.View) (*attest.Authority, error) { return v.Authority(code) })
}

// Type implements registry.View.
func (x *Index) Type(code string, version int) (*attest.CertificateType, error) {
	return locked(x, func(v registry.View) (*attest.CertificateType, error) { return v.Type(code, version) })
}

// Batch implements registry.View.
func (x *Index) Batch(id string) (*attest.Batch, error) {
	return locked(x, func(v registry.View) (*attest.Batch, error) { return v.Batch(id) })
}

// Status implements registry.View.
func (x *Index) Status(authority string, list, index uint32) ([]attest.Interval, error) {
	return locked(x, func(v registry.View) ([]attest.Interval, error) { return v.Status(authority, list, index) })
}

// Agreements implements registry.View.
func (x *Index) Agreements() ([]*attest.Agreement, error) {
	return locked(x, registry.View.Agreements)
}

// Ledger implements registry.View. Before the follower has been Heard, the age is as large as it can be.
func (x *Index) Ledger(now int64) (attest.Ledger, error) {
	return locked(x, func(v registry.View) (attest.Ledger, error) { return v.Ledger(now) })
}

// First is where a record of the state was written first, on the ledger; known is false for one that is not there.
func (x *Index) First(key string) (place registry.Position, known bool, err error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if err := x.usable(); err != nil {
		return registry.Position{}, false, err
	}
	r, err := x.view.records.find(key)
	return r.first, err == nil && r.value != nil, err
}
