package index

import (
	"bytes"
	"strings"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// cached is how many decoded records of each sort are kept; an authority or a batch takes about half a kilobyte.
const cached = 65536

// records is where a reader finds the state: the store, or a snapshot in memory.
type records interface {
	find(key string) (record, error)                                  // an absent record has a nil value
	list(prefix string, visit func(key string, r record) error) error // in the order of the keys
}

// stored is the state in the index's store.
type stored struct{ db *pebblekv.Store }

func (s stored) find(key string) (record, error) {
	b, err := s.db.Get(keyState(key))
	if err != nil {
		return record{}, err
	}
	return decodeRecord(b)
}

func (s stored) list(prefix string, visit func(key string, r record) error) error {
	snap, err := s.db.NewSnapshot()
	if err != nil {
		return err
	}
	defer func() { _ = snap.Close() }() // a snapshot has no error of its own
	return listRecords(snap, prefix, visit)
}

// reader looks records up and decodes them, each once while it is in use. Its caches hold what records has, as long as
// drop is called for whatever changes there, and no lookup overlaps the change.
type reader struct {
	records     records
	consortium  *decoded[registry.Consortium]
	regions     *decoded[attest.Region]
	keys        *decoded[attest.Key]
	authorities *decoded[attest.Authority]
	types       *decoded[attest.CertificateType]
	batches     *decoded[attest.Batch]
	agreements  *atomic.Pointer[[]*attest.Agreement]
}

func newReader(r records) reader {
	return reader{
		records:     r,
		consortium:  newDecoded(r, 1, plain(registry.DecodeConsortium)),
		regions:     newDecoded(r, cached, plain(registry.DecodeRegion)),
		keys:        newDecoded(r, cached, plain(registry.DecodeKey)),
		authorities: newDecoded(r, cached, plain(registry.DecodeAuthority)),
		types:       newDecoded(r, cached, plain(registry.DecodeType)),
		batches:     newDecoded(r, cached, decodeBatch),
		agreements:  new(atomic.Pointer[[]*attest.Agreement]),
	}
}

// decodeBatch fills in where the batch was anchored: its record is written once.
func decodeBatch(r record) (*attest.Batch, error) {
	b, err := registry.DecodeBatch(r.value)
	if err != nil {
		return nil, err
	}
	b.Block, b.Tx = r.first.Block, r.first.Tx
	return b, nil
}

// decoded keeps decoded records, the least recently used of them falling out.
type decoded[T any] struct {
	records records
	decode  func(record) (*T, error)
	cache   *lru.Cache[string, *T]
}

func newDecoded[T any](r records, size int, decode func(record) (*T, error)) *decoded[T] {
	cache, err := lru.New[string, *T](size)
	if err != nil {
		panic(err) // only a size that is not positive
	}
	return &decoded[T]{records: r, decode: decode, cache: cache}
}

// plain decodes a record whose position does not matter.
func plain[T any](decode func([]byte) (*T, error)) func(record) (*T, error) {
	return func(r record) (*T, error) { return decode(r.value) }
}

func (d *decoded[T]) get(key string) (*T, error) {
	if v, ok := d.cache.Get(key); ok {
		return v, nil
	}
	r, err := d.records.find(key)
	if err != nil || r.value == nil {
		return nil, err
	}
	v, err := d.decode(r)
	if err != nil {
		return nil, err
	}
	d.cache.Add(key, v)
	return v, nil
}

// drop forgets what was decoded of the records that have changed.
func (r *reader) drop(changed map[string]bool) {
	caches := []struct {
		prefix string
		remove func(key string) bool
	}{
		{registry.KeyConsortium, r.consortium.cache.Remove},
		{registry.KeyRegion(""), r.regions.cache.Remove},
		{registry.KeyKey(""), r.keys.cache.Remove},
		{registry.KeyAuthority(""), r.authorities.cache.Remove},
		{registry.KeyBatch(""), r.batches.cache.Remove},
		{registry.PrefixType, r.types.cache.Remove},
		{registry.PrefixAgreement, func(string) bool { r.agreements.Store(nil); return true }},
	}
	for key := range changed {
		for _, c := range caches {
			if strings.HasPrefix(key, c.prefix) {
				c.remove(key)
			}
		}
	}
}

// forget drops everything.
func (r *reader) forget() { *r = newReader(r.records) }

// Consortium implements registry.View.
func (r *reader) Consortium() (*registry.Consortium, error) {
	return r.consortium.get(registry.KeyConsortium)
}

// Region implements registry.View.
func (r *reader) Region(code string) (*attest.Region, error) {
	return r.regions.get(registry.KeyRegion(code))
}

// Key implements registry.View.
func (r *reader) Key(id string) (*attest.Key, error) { return r.keys.get(registry.KeyKey(id)) }

// Authority implements registry.View.
func (r *reader) Authority(code string) (*attest.Authority, error) {
	return r.authorities.get(registry.KeyAuthority(code))
}

// Type implements registry.View.
func (r *reader) Type(code string, version int) (*attest.CertificateType, error) {
	return r.types.get(registry.KeyType(code, version))
}

// Batch implements registry.View.
func (r *reader) Batch(id string) (*attest.Batch, error) { return r.batches.get(registry.KeyBatch(id)) }

// Status implements registry.View. Most certificates have no record, which the store's filters tell without reading.
func (r *reader) Status(authority string, list, index uint32) ([]attest.Interval, error) {
	rec, err := r.records.find(registry.KeyStatus(authority, list, index))
	if err != nil || rec.value == nil {
		return nil, err
	}
	return registry.DecodeStatus(rec.value)
}

// Agreements implements registry.View.
func (r *reader) Agreements() ([]*attest.Agreement, error) {
	if all := r.agreements.Load(); all != nil {
		return *all, nil
	}
	all := []*attest.Agreement{}
	err := r.records.list(registry.PrefixAgreement, func(_ string, rec record) error {
		a, _, err := registry.DecodeAgreement(bytes.Clone(rec.value))
		all = append(all, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	r.agreements.Store(&all)
	return all, nil
}
