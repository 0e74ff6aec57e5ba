package embedded

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// The encoding of a block, version 1. Frozen: pinned by testdata/block-v1.hex; another format gets another version byte.
// Integers are big-endian.
//
//	header  version  1 byte   0x01
//	        number   8 bytes
//	        previous 32 bytes  hash of the block before; zeros in block 0
//	        data     32 bytes  SHA-256("huzheng/v1/ledger-data" ‖ 0x00 ‖ data)
//	        time     8 bytes   Unix seconds, of every transaction in the block; never less than the block before
//	data    count    4 bytes   at least 1
//	        count ×  submitter length 1 byte ‖ submitter ‖ command length 4 bytes ‖ command
//
// The block's hash is SHA-256("huzheng/v1/ledger-block" ‖ 0x00 ‖ header). Transaction ids are not stored: see txID.
const (
	blockVersion   = 1
	hashBytes      = sha256.Size
	headerBytes    = 1 + 8 + hashBytes + hashBytes + 8
	countBytes     = 4
	txFrameBytes   = 1 + 4
	maxSubmitter   = math.MaxUint8
	txIDBytes      = 16
	domainData     = "huzheng/v1/ledger-data"
	domainBlock    = "huzheng/v1/ledger-block"
	domainTx       = "huzheng/v1/ledger-tx"
	domainCommand  = "huzheng/v1/ledger-command"
	offsetNumber   = 1
	offsetPrevious = offsetNumber + 8
	offsetData     = offsetPrevious + hashBytes
	offsetTime     = offsetData + hashBytes
)

type hash = [hashBytes]byte

// tagged is SHA-256(domain ‖ 0x00 ‖ parts…).
func tagged(domain string, parts ...[]byte) hash {
	h := sha256.New()
	h.Write([]byte(domain))
	h.Write([]byte{0})
	for _, p := range parts {
		h.Write(p)
	}
	return hash(h.Sum(nil))
}

// txID names a transaction by its place and its bytes: the first 16 bytes of SHA-256("huzheng/v1/ledger-tx" ‖ 0x00 ‖
// block number ‖ index ‖ command), in hexadecimal. A place is used once, so the id is unique on the ledger.
func txID(p registry.Position, command []byte) string {
	place := binary.BigEndian.AppendUint64(nil, p.Block)
	place = binary.BigEndian.AppendUint32(place, p.Tx)
	id := tagged(domainTx, place, command)
	return hex.EncodeToString(id[:txIDBytes])
}

// header is what the chain runs over.
type header struct {
	number   uint64
	previous hash
	data     hash
	time     int64
}

func (h header) encode() []byte {
	b := make([]byte, 0, headerBytes)
	b = append(b, blockVersion)
	b = binary.BigEndian.AppendUint64(b, h.number)
	b = append(b, h.previous[:]...)
	b = append(b, h.data[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(h.time)) //nolint:gosec // two's complement, as decodeHeader reads it
}

func decodeHeader(b []byte) (header, error) {
	if len(b) < headerBytes {
		return header{}, malformed("%d bytes are too few for a header", len(b))
	}
	if b[0] != blockVersion {
		return header{}, malformed("unknown version %d", b[0])
	}
	return header{
		number:   binary.BigEndian.Uint64(b[offsetNumber:]),
		previous: hash(b[offsetPrevious:offsetData]),
		data:     hash(b[offsetData:offsetTime]),
		time:     int64(binary.BigEndian.Uint64(b[offsetTime:])), //nolint:gosec // two's complement, as encode wrote it
	}, nil
}

// entry is one command of a block with the MSP ID that submitted it.
type entry struct {
	submitter string
	command   []byte
}

func (e entry) size() int { return txFrameBytes + len(e.submitter) + len(e.command) }

// encodeBlock makes a block's bytes and its hash.
func encodeBlock(number uint64, previous hash, time int64, entries []entry) ([]byte, hash) {
	size := headerBytes + countBytes
	for _, e := range entries {
		size += e.size()
	}
	b := make([]byte, headerBytes, size)
	b = binary.BigEndian.AppendUint32(b, uint32(len(entries))) //nolint:gosec // bounded by Options.BlockTransactions
	for _, e := range entries {
		b = append(b, byte(len(e.submitter))) //nolint:gosec // Submit refuses longer ones
		b = append(b, e.submitter...)
		b = binary.BigEndian.AppendUint32(b, uint32(len(e.command))) //nolint:gosec // Submit refuses longer ones
		b = append(b, e.command...)
	}
	h := header{number: number, previous: previous, data: tagged(domainData, b[headerBytes:]), time: time}.encode()
	copy(b, h)
	return b, tagged(domainBlock, h)
}

// stored is a decoded block with what the chain needs of its header.
type stored struct {
	header
	hash    hash
	entries []entry
}

// decodeBlock reads a block strictly: what it accepts, encodeBlock gives back byte for byte. The entries alias b.
func decodeBlock(b []byte) (stored, error) {
	h, err := decodeHeader(b)
	if err != nil {
		return stored{}, err
	}
	data := b[headerBytes:]
	if tagged(domainData, data) != h.data {
		return stored{}, malformed("block %d does not hash to its header", h.number)
	}
	entries, err := decodeEntries(data)
	if err != nil {
		return stored{}, err
	}
	return stored{header: h, hash: tagged(domainBlock, b[:headerBytes]), entries: entries}, nil
}

func decodeEntries(data []byte) ([]entry, error) {
	if len(data) < countBytes {
		return nil, malformed("no transaction count")
	}
	count, data := binary.BigEndian.Uint32(data), data[countBytes:]
	if count == 0 || uint64(count)*txFrameBytes > uint64(len(data)) {
		return nil, malformed("%d transactions in %d bytes", count, len(data))
	}
	entries := make([]entry, 0, count)
	for range count {
		submitter, rest, ok := cut(data, 1)
		if !ok {
			return nil, malformed("truncated submitter")
		}
		command, rest, ok := cut(rest, 4)
		if !ok {
			return nil, malformed("truncated command")
		}
		entries, data = append(entries, entry{submitter: string(submitter), command: command}), rest
	}
	if len(data) != 0 {
		return nil, malformed("%d trailing bytes", len(data))
	}
	return entries, nil
}

// cut splits off a field that begins with its length, an integer of width 1 or 4 bytes.
func cut(b []byte, width int) (field, rest []byte, ok bool) {
	if len(b) < width {
		return nil, nil, false
	}
	n := uint64(b[0])
	if width == 4 {
		n = uint64(binary.BigEndian.Uint32(b))
	}
	b = b[width:]
	if uint64(len(b)) < n {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}

func malformed(format string, args ...any) error {
	return attest.Errorf(attest.CodeBlockFormat, format, args...)
}

// tx is what the rules are told of the i-th transaction.
func (s *stored) tx(i uint32) registry.Tx {
	e := s.entries[i]
	return registry.Tx{
		ID:        txID(registry.Position{Block: s.number, Tx: i}, e.command),
		Time:      s.time,
		Submitter: e.submitter,
	}
}

// block is the form that followers get. It shares no memory with what the ledger will write again.
func (s *stored) block() registry.Block {
	b := registry.Block{
		Number:       s.number,
		Hash:         bytes.Clone(s.hash[:]),
		Transactions: make([]registry.Transaction, len(s.entries)),
	}
	if s.number > 0 {
		b.Previous = bytes.Clone(s.previous[:])
	}
	for i, e := range s.entries {
		b.Transactions[i] = registry.Transaction{
			Tx:      s.tx(uint32(i)),
			Command: e.command,
			Valid:   true,
		}
	}
	return b
}
