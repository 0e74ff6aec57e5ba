package testledger

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Memory is a ledger in a map: every command that is applied is a block of its own, from number 0 on. It is a
// registry.View of what it holds; applying is not safe beside reading.
type Memory struct {
	// Seen is what Ledger answers. Every block sets it to a ledger that all regions agree on; a test then says otherwise.
	Seen attest.Ledger
	// Fail, where it is set, is the error of every look-up of a key for which it returns one.
	Fail func(key string) error

	values  map[string][]byte
	blocks  map[string]uint64 // of a key's last write
	next    uint64
	decoded sync.Map // key → record, until the key is written again
}

// NewMemory is an empty ledger.
func NewMemory() *Memory {
	return &Memory{values: map[string][]byte{}, blocks: map[string]uint64{}}
}

// Apply runs a command and keeps its writes, as the next block, unless it is refused.
func (m *Memory) Apply(tx registry.Tx, command []byte) (registry.Event, []registry.Write, error) {
	o := &Overlay{Below: m.Get, ReadOwn: true}
	event, err := registry.Apply(o, tx, command)
	if len(o.Violations) > 0 {
		return event, nil, fmt.Errorf("the rules broke their contract: %s", strings.Join(o.Violations, "; "))
	}
	if err != nil || event.Repeat {
		return event, nil, err
	}
	m.commit(o.Writes)
	return event, o.Writes, nil
}

func (m *Memory) commit(writes []registry.Write) {
	for _, w := range writes {
		m.values[w.Key] = w.Value
		m.blocks[w.Key] = m.next
		m.decoded.Delete(w.Key)
	}
	m.decoded.Delete(registry.PrefixAgreement) // the list of them all
	digest := registry.BlockDigest(m.Seen.Digest, m.next, writes)
	m.Seen = attest.Ledger{Height: m.next, Digest: digest, AgreedHeight: m.next}
	if c, err := m.Consortium(); err == nil && c != nil {
		m.Seen.Regions, m.Seen.Agreeing = len(c.Regions), c.Regions
	}
	m.next++
}

// Pass lets empty blocks pass, so that the next command lies that much higher.
func (m *Memory) Pass(blocks int) {
	for range blocks {
		m.commit(nil)
	}
}

// Get is the value of a key, nil where it has none.
func (m *Memory) Get(key string) []byte { return m.values[key] }

// Keys are all keys of the state in order.
func (m *Memory) Keys() []string {
	keys := make([]string, 0, len(m.values))
	for k := range m.values {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Dump is the whole state in the order of its keys: two states are equal exactly if their dumps are.
func (m *Memory) Dump() string {
	var b strings.Builder
	for _, k := range m.Keys() {
		fmt.Fprintf(&b, "%q = %q\n", k, m.values[k])
	}
	return b.String()
}

func lookUp[T any](m *Memory, key string, decode func([]byte) (T, error)) (T, error) {
	var none T
	if m.Fail != nil {
		if err := m.Fail(key); err != nil {
			return none, err
		}
	}
	if v, ok := m.decoded.Load(key); ok {
		return v.(T), nil
	}
	value := m.values[key]
	if value == nil {
		return none, nil
	}
	v, err := decode(value)
	if err == nil {
		m.decoded.Store(key, v)
	}
	return v, err
}

// Consortium implements registry.View, like the methods that follow.
func (m *Memory) Consortium() (*registry.Consortium, error) {
	return lookUp(m, registry.KeyConsortium, registry.DecodeConsortium)
}

// Region implements registry.View.
func (m *Memory) Region(code string) (*attest.Region, error) {
	return lookUp(m, registry.KeyRegion(code), registry.DecodeRegion)
}

// Key implements registry.View.
func (m *Memory) Key(id string) (*attest.Key, error) {
	return lookUp(m, registry.KeyKey(id), registry.DecodeKey)
}

// Authority implements registry.View.
func (m *Memory) Authority(code string) (*attest.Authority, error) {
	return lookUp(m, registry.KeyAuthority(code), registry.DecodeAuthority)
}

// Type implements registry.View.
func (m *Memory) Type(code string, version int) (*attest.CertificateType, error) {
	return lookUp(m, registry.KeyType(code, version), registry.DecodeType)
}

// Batch implements registry.View.
func (m *Memory) Batch(id string) (*attest.Batch, error) {
	key := registry.KeyBatch(id)
	return lookUp(m, key, func(value []byte) (*attest.Batch, error) {
		b, err := registry.DecodeBatch(value)
		if err == nil {
			b.Block = m.blocks[key]
		}
		return b, err
	})
}

// Status implements registry.View.
func (m *Memory) Status(authority string, list, index uint32) ([]attest.Interval, error) {
	return lookUp(m, registry.KeyStatus(authority, list, index), registry.DecodeStatus)
}

// Agreements implements registry.View.
func (m *Memory) Agreements() ([]*attest.Agreement, error) {
	if v, ok := m.decoded.Load(registry.PrefixAgreement); ok && m.Fail == nil {
		return v.([]*attest.Agreement), nil
	}
	var out []*attest.Agreement
	for _, key := range m.Keys() {
		if !strings.HasPrefix(key, registry.PrefixAgreement) {
			continue
		}
		a, err := lookUp(m, key, func(value []byte) (*attest.Agreement, error) {
			terms, _, err := registry.DecodeAgreement(value)
			return terms, err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	m.decoded.Store(registry.PrefixAgreement, out)
	return out, nil
}

// Ledger implements registry.View.
func (m *Memory) Ledger(int64) (attest.Ledger, error) {
	if m.Fail != nil {
		if err := m.Fail("ledger"); err != nil {
			return attest.Ledger{}, err
		}
	}
	return m.Seen, nil
}
