package vault

import (
	"errors"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// number gives a name's number, a new one where it has none. The committer's alone. Number zero is never given.
func (t *tx) number(name string) uint32 {
	v := t.v
	v.mu.RLock()
	n, ok := v.names[name]
	v.mu.RUnlock()
	if ok {
		return n
	}
	v.mu.Lock()
	n = uint32(len(v.byNumber)) //nolint:gosec // queues, authorities and types: far below 2^32
	v.names[name] = n
	v.byNumber = append(v.byNumber, name)
	v.mu.Unlock()
	t.setStore(keyName(n), []byte(name))
	return n
}

// nameNumber looks a number up without making one.
func (v *Vault) nameNumber(name string) (uint32, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	n, ok := v.names[name]
	return n, ok
}

// typeNames turns tags into sorted type codes.
func (v *Vault) typeNames(tags map[uint32]bool) ([]string, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	var out []string
	for tag := range tags {
		if tag == 0 {
			continue
		}
		if int(tag) >= len(v.byNumber) || !strings.HasPrefix(v.byNumber[tag], nameType) {
			return nil, attest.Errorf(attest.CodeRecordUnreadable, "a leaf is tagged with a type that has no name")
		}
		out = append(out, strings.TrimPrefix(v.byNumber[tag], nameType))
	}
	slices.Sort(out)
	return out, nil
}

// loadNames reads the numbered names, which must be without gaps, and makes the queues that they name.
func (v *Vault) loadNames() (err error) {
	v.byNumber = []string{""} // so that zero names nothing
	it, err := v.db.NewIter(&pebble.IterOptions{LowerBound: []byte{prefixName}, UpperBound: []byte{prefixName + 1}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pebblekv.Classify(it.Close())) }()
	for ok := it.First(); ok; ok = it.Next() {
		n := uint32(len(v.byNumber)) //nolint:gosec // see number
		value, err := it.ValueAndErr()
		if err != nil {
			return pebblekv.Classify(err)
		}
		if !slices.Equal(it.Key(), keyName(n)) {
			return attest.Errorf(attest.CodeSequenceGap, "name %d is missing", n)
		}
		plain, err := v.open(it.Key(), value)
		if err != nil {
			return err
		}
		name := string(plain)
		v.names[name] = n
		v.byNumber = append(v.byNumber, name)
		if q, ok := queueOfName(name); ok {
			v.queues[n] = &queueState{Queue: q, number: n}
		}
	}
	return pebblekv.Classify(it.Error())
}

func queueOfName(name string) (custody.Queue, bool) {
	rest, ok := strings.CutPrefix(name, nameQueue)
	parts := strings.Split(rest, "\x00")
	if !ok || len(parts) != 3 {
		return custody.Queue{}, false
	}
	return custody.Queue{Key: parts[0], Kind: attest.Kind(parts[1]), Suite: attest.Suite(parts[2])}, true
}
