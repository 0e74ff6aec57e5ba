package embedded

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// Keys of the store, version 1. Frozen.
//
//	m                   format marker: "huzheng/v1/ledger"
//	h                   head: next block number 8 bytes ‖ hash of the last block 32 bytes ‖ its time 8 bytes
//	b ‖ number 8 bytes  block
//	c ‖ digest 32 bytes position (8 ‖ 4 bytes) of a recorded command; digest = SHA-256("huzheng/v1/ledger-command" ‖ 0x00 ‖ command)
//	s ‖ state key       value of the registry's state
const (
	formatMarker  = "huzheng/v1/ledger"
	prefixBlock   = 'b'
	prefixCommand = 'c'
	prefixState   = 's'
	headBytes     = 8 + hashBytes + 8
	positionBytes = 8 + 4
)

func keyMarker() []byte          { return []byte{'m'} }
func keyHead() []byte            { return []byte{'h'} }
func keyState(key string) []byte { return append([]byte{prefixState}, key...) }

func keyBlock(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{prefixBlock}, number)
}

func keyCommand(command []byte) []byte {
	d := tagged(domainCommand, command)
	return append([]byte{prefixCommand}, d[:]...)
}

// head is where the chain ends. The zero head is that of an empty ledger.
type head struct {
	next uint64
	hash hash
	time int64
}

func (h head) encode() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, headBytes), h.next)
	b = append(b, h.hash[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(h.time)) //nolint:gosec // two's complement, as decodeHead reads it
}

func decodeHead(b []byte) (head, error) {
	if len(b) != headBytes {
		return head{}, attest.Errorf(attest.CodeStoreCorrupt, "the ledger's head has %d bytes", len(b))
	}
	return head{
		next: binary.BigEndian.Uint64(b),
		hash: hash(b[8 : 8+hashBytes]),
		time: int64(binary.BigEndian.Uint64(b[8+hashBytes:])), //nolint:gosec // two's complement, as encode wrote it
	}, nil
}

func encodePosition(p registry.Position) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, p.Block), p.Tx)
}

func decodePosition(b []byte) (registry.Position, error) {
	if len(b) != positionBytes {
		return registry.Position{}, attest.Errorf(attest.CodeStoreCorrupt, "a position has %d bytes", len(b))
	}
	return registry.Position{Block: binary.BigEndian.Uint64(b), Tx: binary.BigEndian.Uint32(b[8:])}, nil
}

// createStore makes an empty ledger in dir, or finishes a creation that was interrupted.
func createStore(dir string, o pebblekv.Options) error {
	o.Create = true
	db, err := pebblekv.Open(dir, o)
	if attest.CodeOf(err) == attest.CodeStoreExists {
		o.Create = false
		db, err = pebblekv.Open(dir, o)
	}
	if err != nil {
		return err
	}
	return errors.Join(initialise(db), db.Close())
}

func initialise(db *pebblekv.Store) error {
	empty, err := isEmpty(db)
	if err != nil {
		return err
	}
	if !empty {
		return attest.Errorf(attest.CodeStoreExists, "the folder already holds a store")
	}
	b := db.NewBatch()
	if err := errors.Join(b.Set(keyMarker(), []byte(formatMarker)), b.Set(keyHead(), head{}.encode())); err != nil {
		return errors.Join(err, b.Close())
	}
	return b.Commit()
}

func isEmpty(db *pebblekv.Store) (bool, error) {
	it, err := db.NewIter(nil)
	if err != nil {
		return false, err
	}
	found := it.First()
	return !found, pebblekv.Classify(errors.Join(it.Error(), it.Close()))
}

// openStore opens a ledger that createStore made and reads its head.
func openStore(dir string, o pebblekv.Options) (*pebblekv.Store, head, error) {
	o.Create = false
	db, err := pebblekv.Open(dir, o)
	if err != nil {
		return nil, head{}, err
	}
	h, err := readHead(db)
	if err != nil {
		return nil, head{}, errors.Join(err, db.Close())
	}
	return db, h, nil
}

func readHead(db *pebblekv.Store) (head, error) {
	marker, err := db.Get(keyMarker())
	if err != nil {
		return head{}, err
	}
	if !bytes.Equal(marker, []byte(formatMarker)) {
		return head{}, attest.Errorf(attest.CodeStoreFormat, "the folder does not hold a ledger of this version")
	}
	b, err := db.Get(keyHead())
	if err != nil {
		return head{}, err
	}
	h, err := decodeHead(b)
	if err != nil || h.next == 0 {
		return h, err
	}
	last, err := readBlock(db, h.next-1)
	if err != nil {
		return head{}, err
	}
	if last.hash != h.hash || last.time != h.time {
		return head{}, attest.Errorf(attest.CodeChainBroken, "block %d is not the one that the head names", last.number)
	}
	return h, nil
}

// readBlock reads one block and checks that it is whole and in its place.
func readBlock(db *pebblekv.Store, number uint64) (stored, error) {
	b, err := db.Get(keyBlock(number))
	if err != nil {
		return stored{}, err
	}
	if b == nil {
		return stored{}, attest.Errorf(attest.CodeChainGap, "block %d is missing", number)
	}
	s, err := decodeBlock(b)
	if err != nil {
		return stored{}, err
	}
	if s.number != number {
		return stored{}, attest.Errorf(attest.CodeChainBroken, "in place of block %d stands block %d", number, s.number)
	}
	return s, nil
}

// ranged visits the keys that begin with prefix in order. Key (without the prefix) and value are valid during the visit only.
func ranged(db *pebblekv.Store, prefix byte, visit func(key, value []byte) error) (err error) {
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: []byte{prefix}, UpperBound: []byte{prefix + 1}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pebblekv.Classify(it.Close())) }()
	for ok := it.First(); ok; ok = it.Next() {
		value, verr := it.ValueAndErr()
		if verr != nil {
			return pebblekv.Classify(verr)
		}
		if err := visit(it.Key()[1:], value); err != nil {
			return err
		}
	}
	return pebblekv.Classify(it.Error())
}
