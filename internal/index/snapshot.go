package index

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"sort"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// MaxSnapshot is the most that a trust snapshot may unpack to, in bytes.
const MaxSnapshot = 2 << 30

// Snapshot is a trust snapshot in memory: a registry.View for verifying without a ledger. Safe for concurrent use.
type Snapshot struct {
	reader
	header    SnapshotHeader
	raw       []byte
	signature []byte
	standing  standing
}

var _ registry.View = (*Snapshot)(nil)

// OpenSnapshot reads a trust snapshot and checks that its entries are those that the header speaks of. Whether the header
// is to be trusted is for the caller to check: HeaderBytes and Signature, against a key that it knows already.
//
// SNAPSHOT_FORMAT: not a snapshot, truncated, not in the one encoding, too large. SNAPSHOT_DIGEST: other entries than the
// header's.
func OpenSnapshot(r io.Reader) (*Snapshot, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, misread("not a trust snapshot")
	}
	in := &snapshotReader{r: bufio.NewReader(io.LimitReader(z, MaxSnapshot)), content: sha256.New()}
	s := &Snapshot{}
	if err := s.readFront(in); err != nil {
		return nil, err
	}
	m, err := in.entries(s.header.Entries)
	if err != nil {
		return nil, err
	}
	if err := s.verify(in, m); err != nil {
		return nil, err
	}
	s.reader = newReader(m)
	return s, s.settle()
}

func (s *Snapshot) readFront(in *snapshotReader) error {
	magic := in.bytes(len(snapshotMagic))
	if in.err == nil && string(magic) != snapshotMagic {
		return misread("not a trust snapshot of this version")
	}
	s.raw = in.sized(maxHeader)
	s.signature = in.sized(maxSignature)
	if in.err != nil {
		return in.err
	}
	h, err := decodeHeader(s.raw)
	if err != nil {
		return err
	}
	s.header = *h
	return nil
}

func (s *Snapshot) verify(in *snapshotReader, m *memory) error {
	state := newStateDigest()
	for i, key := range m.keys {
		state.add(key, m.records[i].value)
	}
	if state.sum() != s.header.State || [32]byte(in.content.Sum(nil)) != s.header.Content {
		return attest.Errorf(attest.CodeSnapshotDigest, "the entries are not those that the header speaks of")
	}
	return nil
}

// settle weighs the regions' statements as the index did.
func (s *Snapshot) settle() error {
	c, err := s.Consortium()
	if err != nil {
		return err
	}
	if c == nil || c.Network != s.header.Network {
		return attest.Errorf(attest.CodeSnapshotDigest, "the header names another network than the entries")
	}
	s.standing = standing{statements: map[string]*statement{}, regions: len(c.Regions)}
	for _, region := range c.Regions {
		r, err := s.records.find(registry.KeyWitness(region))
		if err != nil || r.value == nil {
			continue // memory knows no errors
		}
		st, err := registry.DecodeWitness(r.value)
		if err != nil {
			return err
		}
		entry := &statement{Statement: *st}
		d, held := s.header.Digests[st.Height]
		entry.compared, entry.agrees = held, held && d == st.Digest
		s.standing.statements[region] = entry
	}
	s.standing.agreement = agree(s.standing.statements, s.standing.regions)
	s.standing.frozen = contradicted(s.standing.statements)
	return nil
}

// Header is what the snapshot says of itself.
func (s *Snapshot) Header() SnapshotHeader { return s.header }

// HeaderBytes are the header's bytes as they were signed.
func (s *Snapshot) HeaderBytes() []byte { return s.raw }

// Signature is what the exporter put beside the header; empty: nothing.
func (s *Snapshot) Signature() []byte { return s.signature }

// Ledger implements registry.View. The age counts from when the exporter last heard of the ledger.
func (s *Snapshot) Ledger(now int64) (attest.Ledger, error) {
	l := attest.Ledger{
		Height: s.header.Height, Digest: s.header.Digest, Age: since(now, s.header.Heard),
		Frozen: s.standing.frozen != nil, Regions: s.standing.regions,
		Agreeing: s.standing.agreeing, AgreedHeight: max(s.standing.next, 1) - 1,
	}
	if s.header.Unagreed != 0 {
		l.Lag = since(now, s.header.Unagreed)
	}
	return l, nil
}

// memory is a snapshot's state: keys in order, and their records.
type memory struct {
	keys    []string
	records []record
}

func (m *memory) find(key string) (record, error) {
	i := sort.SearchStrings(m.keys, key)
	if i == len(m.keys) || m.keys[i] != key {
		return record{}, nil
	}
	return m.records[i], nil
}

func (m *memory) list(prefix string, visit func(key string, r record) error) error {
	for i := sort.SearchStrings(m.keys, prefix); i < len(m.keys) && strings.HasPrefix(m.keys[i], prefix); i++ {
		if err := visit(m.keys[i], m.records[i]); err != nil {
			return err
		}
	}
	return nil
}

// snapshotReader reads the parts of a snapshot; the first error stays.
type snapshotReader struct {
	r       *bufio.Reader
	content hash.Hash
	err     error
}

func (s *snapshotReader) bytes(n int) []byte {
	if s.err != nil {
		return nil
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(s.r, b); err != nil {
		s.err = misread("truncated or damaged")
		return nil
	}
	return b
}

func (s *snapshotReader) sized(limit uint32) []byte {
	n := s.bytes(4)
	if s.err != nil {
		return nil
	}
	size := binary.BigEndian.Uint32(n)
	if size > limit {
		s.err = misread("a part of %d bytes, at most %d", size, limit)
		return nil
	}
	return s.bytes(int(size))
}

// entries reads count entries and the end of the stream.
func (s *snapshotReader) entries(count uint64) (*memory, error) {
	m := &memory{}
	for i := uint64(0); i < count && s.err == nil; i++ {
		key, r := s.entry()
		if s.err != nil {
			break
		}
		if i > 0 && key <= m.keys[i-1] {
			return nil, misread("entry %d is out of order", i)
		}
		s.content.Write(encodeEntry(key, r))
		m.keys, m.records = append(m.keys, key), append(m.records, r)
	}
	if s.err != nil {
		return nil, s.err
	}
	if _, err := s.r.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, misread("there is more than the header says, or the end is damaged")
	}
	return m, nil
}

func (s *snapshotReader) entry() (string, record) {
	n := s.bytes(2)
	if s.err != nil {
		return "", record{}
	}
	key := s.bytes(int(binary.BigEndian.Uint16(n)))
	places := s.bytes(recordHeader)
	value := s.sized(maxValue)
	if s.err != nil {
		return "", record{}
	}
	return string(key), record{first: position(places), last: position(places[positionBytes:]), value: value}
}
