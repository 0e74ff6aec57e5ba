package index

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// Dump visits the registry's state in the order of its keys, as of one block. It is what the peers hold: no positions. The
// value must not be kept. Blocks go on being applied meanwhile.
func (x *Index) Dump(visit func(key string, value []byte) error) error {
	return x.still(func(snap *pebble.Snapshot, _ *moment) error {
		return listRecords(snap, "", func(key string, r record) error { return visit(key, r.value) })
	})
}

// StateDigest is the hash of the ordered state, to compare with another replica's or a peer's at the same height:
// SHA-256("huzheng/v1/state" ‖ 0x00 ‖ for each record: key length 8 ‖ key ‖ value length 8 ‖ value), big-endian.
func (x *Index) StateDigest() ([32]byte, error) {
	d := newStateDigest()
	err := x.Dump(func(key string, value []byte) error {
		d.add(key, value)
		return nil
	})
	return d.sum(), err
}

type stateDigest struct{ h hash.Hash }

func newStateDigest() stateDigest {
	d := stateDigest{sha256.New()}
	d.h.Write([]byte("huzheng/v1/state\x00"))
	return d
}

func (d stateDigest) add(key string, value []byte) {
	d.put([]byte(key))
	d.put(value)
}

func (d stateDigest) put(b []byte) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(b)))
	d.h.Write(n[:])
	d.h.Write(b)
}

func (d stateDigest) sum() [32]byte { return [32]byte(d.h.Sum(nil)) }

// still reads a snapshot of the store, with the evidence that belongs to it, while blocks go on being applied.
func (x *Index) still(read func(*pebble.Snapshot, *moment) error) error {
	snap, m, err := x.snapshot()
	if err != nil {
		return err
	}
	defer x.dumps.Done()
	err = read(snap, m)
	return errors.Join(err, pebblekv.Classify(snap.Close()))
}

// snapshot takes it; the caller closes it and then is Done with dumps.
func (x *Index) snapshot() (*pebble.Snapshot, *moment, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if err := x.usable(); err != nil {
		return nil, nil, err
	}
	m, err := x.moment()
	if err != nil {
		return nil, nil, err
	}
	snap, err := x.db.NewSnapshot()
	if err == nil {
		x.dumps.Add(1)
	}
	return snap, m, err
}

func listRecords(r pebble.Reader, prefix string, visit func(key string, r record) error) error {
	lower := keyState(prefix)
	for p, err := range ranged(r, lower, after(lower)) {
		if err != nil {
			return err
		}
		rec, err := decodeRecord(p.value)
		if err != nil {
			return err
		}
		if err := visit(string(p.key[1:]), rec); err != nil {
			return err
		}
	}
	return nil
}

// after is the smallest key behind all that begin with prefix, whose last byte is not 0xff.
func after(prefix []byte) []byte {
	upper := append([]byte(nil), prefix...)
	upper[len(upper)-1]++
	return upper
}
