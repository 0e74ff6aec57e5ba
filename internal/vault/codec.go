package vault

import (
	"encoding/binary"
	"math"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// recordFormat is the first byte of every record's plaintext.
const recordFormat = 1

// writer builds a record: integers as varints, strings and byte strings after their length, fixed arrays as they are.
type writer struct{ b []byte }

func newWriter(capacity int) *writer {
	return &writer{b: append(make([]byte, 0, capacity), recordFormat)}
}

func (w *writer) uint(v uint64)         { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) int(v int64)           { w.b = binary.AppendVarint(w.b, v) }
func (w *writer) fixed(v []byte)        { w.b = append(w.b, v...) }
func (w *writer) bytes(v []byte)        { w.uint(uint64(len(v))); w.fixed(v) }
func (w *writer) string(v string)       { w.uint(uint64(len(v))); w.b = append(w.b, v...) }
func (w *writer) place(p custody.Place) { w.uint(uint64(p.Queue)); w.uint(p.Seq) }
func (w *writer) strings(v []string) {
	w.uint(uint64(len(v)))
	for _, s := range v {
		w.string(s)
	}
}

// reader reads a record. Past the first fault it gives zeros; done tells.
type reader struct {
	b   []byte
	bad bool
}

func newReader(b []byte) *reader { return newReaderOf(recordFormat, b) }

func newReaderOf(format byte, b []byte) *reader {
	if len(b) == 0 || b[0] != format {
		return &reader{bad: true}
	}
	return &reader{b: b[1:]}
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) uint32() uint32 {
	v := r.uint()
	if v > math.MaxUint32 {
		r.bad = true
		return 0
	}
	return uint32(v)
}

// take gives the next n bytes, a view of the record.
func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) bytes() []byte        { return r.take(r.uint()) }
func (r *reader) string() string       { return string(r.bytes()) }
func (r *reader) place() custody.Place { return custody.Place{Queue: r.uint32(), Seq: r.uint()} }

func (r *reader) array32() (v [32]byte) {
	copy(v[:], r.take(32))
	return v
}

func (r *reader) strings() []string {
	n := r.uint()
	if n > uint64(len(r.b)) { // each takes a byte at least
		r.bad = true
		return nil
	}
	v := make([]string, n)
	for i := range v {
		v[i] = r.string()
	}
	return v
}

// done is RECORD_UNREADABLE unless the record was read to its end and nothing was missing.
func (r *reader) done() error {
	if r.bad || len(r.b) != 0 {
		return attest.Errorf(attest.CodeRecordUnreadable, "a record does not have the form of this version")
	}
	return nil
}
