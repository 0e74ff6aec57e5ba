package statuslist

import (
	"bytes"
	"compress/zlib"
	"io"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Size is the number of entries of every list that a region serves, 2^17: a certificate hides among as many.
const Size = attest.StatusListSize

// MaxBytes bounds an unpacked list, 2^20 entries of 8 bits. What unpacks to more is refused, however small it came.
const MaxBytes = 1 << 20

// Status is the value of an entry (draft-ietf-oauth-status-list, 7.1).
type Status uint8

// The values in use.
const (
	Valid     Status = 0x00
	Invalid   Status = 0x01 // revoked, superseded, void: not to be relied on again
	Suspended Status = 0x02 // not to be relied on now
)

// StatusOf maps a state of the ledger to its value; the empty state is that of a certificate in force. The value is
// coarser than the ledger: a superseded certificate reads as a revoked one. Error: STATUS_VALUE for an unknown state.
func StatusOf(state attest.StatusState) (Status, error) {
	switch state {
	case "":
		return Valid, nil
	case attest.StatusRevoked, attest.StatusSuperseded:
		return Invalid, nil
	case attest.StatusSuspended:
		return Suspended, nil
	}
	return 0, attest.Errorf(attest.CodeStatusValue, "the state has no value in a status list")
}

// List is a status list: entries of 1, 2, 4 or 8 bits. It is not for concurrent use while it is written.
type List struct {
	bits   int
	packed []byte
}

// New is a list of size entries, all Valid; size is rounded up to whole bytes. Errors: STATUS_LIST_FORMAT for other
// entry sizes than 1, 2, 4 and 8 bits or no entries; STATUS_LIST_TOO_LARGE above MaxBytes.
func New(bits, size int) (*List, error) {
	if err := checkBits(bits); err != nil {
		return nil, err
	}
	if size < 1 {
		return nil, attest.Errorf(attest.CodeStatusListFormat, "a status list has at least one entry")
	}
	perByte := 8 / bits
	if size > MaxBytes*perByte {
		return nil, tooLarge()
	}
	return &List{bits: bits, packed: make([]byte, (size+perByte-1)/perByte)}, nil
}

// Encode is a list of the given entries. Errors: those of New; STATUS_VALUE where an entry needs more bits.
func Encode(bits int, statuses ...Status) (*List, error) {
	l, err := New(bits, len(statuses))
	if err != nil {
		return nil, err
	}
	for i, s := range statuses {
		if err := l.Set(i, s); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Bits is the size of an entry: 1, 2, 4 or 8.
func (l *List) Bits() int { return l.bits }

// Size is the number of entries, a multiple of the entries in a byte.
func (l *List) Size() int { return len(l.packed) * 8 / l.bits }

// Get is the entry at index. Error: STATUS_INDEX_RANGE; an index beyond the list is never read as Valid.
func (l *List) Get(index int) (Status, error) {
	if index < 0 || index >= l.Size() {
		return 0, l.outside(index)
	}
	at, shift := l.place(index)
	return Status(l.packed[at]>>shift) & l.mask(), nil
}

// Set writes the entry at index. Errors: STATUS_INDEX_RANGE; STATUS_VALUE where it needs more bits than an entry has.
func (l *List) Set(index int, s Status) error {
	if index < 0 || index >= l.Size() {
		return l.outside(index)
	}
	if s > l.mask() {
		return attest.Errorf(attest.CodeStatusValue, "the value does not fit into %d bits", l.bits)
	}
	at, shift := l.place(index)
	l.packed[at] = l.packed[at]&^byte(l.mask()<<shift) | byte(s<<shift)
	return nil
}

// place is the byte of an entry and the bits to its right in that byte.
func (l *List) place(index int) (at int, shift uint) {
	perByte := 8 / l.bits
	return index / perByte, uint(index % perByte * l.bits)
}

func (l *List) mask() Status { return Status(1<<l.bits - 1) }

func (l *List) outside(index int) error {
	return attest.Errorf(attest.CodeStatusIndexRange, "index %d is outside a status list of %d entries", index, l.Size())
}

// Compress is the list as zlib at the highest level (draft, 4.1): the lst of a token before base64url.
func (l *List) Compress() ([]byte, error) {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(l.packed); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Decode unpacks what Compress gives. It reads at most MaxBytes of output and leaves no input unread. Errors:
// STATUS_LIST_FORMAT, STATUS_LIST_TOO_LARGE.
func Decode(bits int, compressed []byte) (*List, error) {
	if err := checkBits(bits); err != nil {
		return nil, err
	}
	if len(compressed) > MaxBytes+MaxBytes/8 {
		return nil, tooLarge()
	}
	in := bytes.NewReader(compressed)
	r, err := zlib.NewReader(in)
	if err != nil {
		return nil, badZlib()
	}
	packed, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case err != nil:
		return nil, badZlib()
	case len(packed) > MaxBytes:
		return nil, tooLarge()
	case len(packed) == 0:
		return nil, attest.Errorf(attest.CodeStatusListFormat, "a status list has at least one entry")
	case in.Len() != 0:
		return nil, attest.Errorf(attest.CodeStatusListFormat, "bytes follow the compressed status list")
	}
	return &List{bits: bits, packed: packed}, nil
}

func checkBits(bits int) error {
	switch bits {
	case 1, 2, 4, 8:
		return nil
	}
	return attest.Errorf(attest.CodeStatusListFormat, "an entry of a status list has 1, 2, 4 or 8 bits")
}

func tooLarge() error {
	return attest.Errorf(attest.CodeStatusListSize, "the status list unpacks to more than %d bytes", MaxBytes)
}

func badZlib() error {
	return attest.Errorf(attest.CodeStatusListFormat, "the status list is not zlib with a right checksum")
}
