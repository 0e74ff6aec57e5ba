package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// Keys of the store, version 1. Integers are big-endian, a position is block 8 bytes ‖ transaction 4 bytes.
//
//	m                  format marker: "huzheng/v1/index"
//	h                  checkpoint: next block 8 ‖ D(next−1) 32 ‖ traffic 8 ‖ batches 8 ‖ hash of the last block
//	d ‖ number 8       what was noted of a block: D(n) 32 ‖ applied at, Unix seconds 8 ‖ traffic 1 ‖ hash of the block
//	s ‖ state key      first write 12 ‖ last write 12 ‖ value
const (
	formatMarker  = "huzheng/v1/index"
	prefixNote    = 'd'
	prefixState   = 's'
	digestBytes   = 32
	positionBytes = 8 + 4
	recordHeader  = 2 * positionBytes
	noteHeader    = digestBytes + 8 + 1
	checkpointMin = 8 + digestBytes + 8 + 8
)

func keyMarker() []byte          { return []byte{'m'} }
func keyCheckpoint() []byte      { return []byte{'h'} }
func keyState(key string) []byte { return appendKeyState(nil, key) }

func appendKeyState(dst []byte, key string) []byte { return append(append(dst, prefixState), key...) }

func keyNote(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{prefixNote}, number)
}

func damaged(what string) error {
	return attest.Errorf(attest.CodeStoreCorrupt, "the index's %s cannot be read; rebuild it", what)
}

// checkpoint is how far the index is. The zero checkpoint is that of an empty one.
type checkpoint struct {
	next    uint64 // number of the block to come
	digest  [digestBytes]byte
	traffic uint64 // 1 + the last block that carried anything but witness statements; 0: none did
	batches uint64 // anchored so far
	hash    []byte // of block next−1
}

func (c *checkpoint) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, c.next)
	b = append(b, c.digest[:]...)
	b = binary.BigEndian.AppendUint64(b, c.traffic)
	b = binary.BigEndian.AppendUint64(b, c.batches)
	return append(b, c.hash...)
}

func decodeCheckpoint(b []byte) (checkpoint, error) {
	if len(b) < checkpointMin {
		return checkpoint{}, damaged("checkpoint")
	}
	return checkpoint{
		next:    binary.BigEndian.Uint64(b),
		digest:  [digestBytes]byte(b[8 : 8+digestBytes]),
		traffic: binary.BigEndian.Uint64(b[8+digestBytes:]),
		batches: binary.BigEndian.Uint64(b[8+digestBytes+8:]),
		hash:    b[checkpointMin:],
	}, nil
}

// note is what is kept of each block.
type note struct {
	digest  [digestBytes]byte
	applied int64 // Unix seconds by our clock
	traffic bool
	hash    []byte
}

func (n *note) encode() []byte {
	b := append(make([]byte, 0, noteHeader+len(n.hash)), n.digest[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(n.applied)) //nolint:gosec // two's complement, as decodeNote reads it
	flag := byte(0)
	if n.traffic {
		flag = 1
	}
	return append(append(b, flag), n.hash...)
}

func decodeNote(b []byte) (note, error) {
	if len(b) < noteHeader {
		return note{}, damaged("note of a block")
	}
	return note{
		digest:  [digestBytes]byte(b[:digestBytes]),
		applied: int64(binary.BigEndian.Uint64(b[digestBytes:])), //nolint:gosec // two's complement, as encode wrote it
		traffic: b[noteHeader-1] == 1,
		hash:    b[noteHeader:],
	}, nil
}

// record is a value of the state with where it was written first and last. An absent one has a nil value.
type record struct {
	first, last registry.Position
	value       []byte
}

func (r *record) append(dst []byte) []byte {
	return append(appendPosition(appendPosition(dst, r.first), r.last), r.value...)
}

func decodeRecord(b []byte) (record, error) {
	if b == nil {
		return record{}, nil
	}
	if len(b) < recordHeader {
		return record{}, damaged("record")
	}
	return record{first: position(b), last: position(b[positionBytes:]), value: b[recordHeader:]}, nil
}

func appendPosition(b []byte, p registry.Position) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(b, p.Block), p.Tx)
}

func position(b []byte) registry.Position {
	return registry.Position{Block: binary.BigEndian.Uint64(b), Tx: binary.BigEndian.Uint32(b[8:])}
}

func openStore(dir string, o pebblekv.Options) (*pebblekv.Store, checkpoint, error) {
	db, err := pebblekv.Open(dir, o)
	if err != nil {
		return nil, checkpoint{}, err
	}
	if o.Create {
		err = initialise(db)
	}
	var c checkpoint
	if err == nil {
		c, err = readCheckpoint(db)
	}
	if err != nil {
		return nil, checkpoint{}, errors.Join(err, db.Close())
	}
	return db, c, nil
}

// initialise empties the store and marks it as an index.
func initialise(db *pebblekv.Store) error {
	b := db.NewBatch()
	err := errors.Join(
		b.DeleteRange([]byte{0}, []byte{0xff}),
		b.Set(keyMarker(), []byte(formatMarker)),
		b.Set(keyCheckpoint(), new(checkpoint).encode()),
	)
	if err != nil {
		return errors.Join(err, b.Close())
	}
	return b.Commit()
}

func readCheckpoint(db *pebblekv.Store) (checkpoint, error) {
	marker, err := db.Get(keyMarker())
	if err != nil {
		return checkpoint{}, err
	}
	if !bytes.Equal(marker, []byte(formatMarker)) {
		return checkpoint{}, attest.Errorf(attest.CodeStoreFormat, "the folder does not hold an index of this version")
	}
	b, err := db.Get(keyCheckpoint())
	if err != nil {
		return checkpoint{}, err
	}
	return decodeCheckpoint(b)
}

func readNote(db *pebblekv.Store, number uint64) (note, error) {
	b, err := db.Get(keyNote(number))
	if err != nil {
		return note{}, err
	}
	return decodeNote(b)
}

// ranged goes through the pairs in [lower, upper) in order. Key and value are valid during the turn only. A pair with a nil
// key carries the error that ended it.
func ranged(r pebble.Reader, lower, upper []byte) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		it, err := r.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
		if err != nil {
			yield(pair{}, pebblekv.Classify(err))
			return
		}
		for ok := it.First(); ok; ok = it.Next() {
			value, err := it.ValueAndErr()
			if err != nil {
				break // Close returns it
			}
			if !yield(pair{it.Key(), value}, nil) {
				_ = it.Close() // the reader has what it wanted
				return
			}
		}
		if err := it.Close(); err != nil {
			yield(pair{}, pebblekv.Classify(err))
		}
	}
}

type pair struct{ key, value []byte }
