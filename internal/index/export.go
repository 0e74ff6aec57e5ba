package index

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/attest"
)

// A trust snapshot is a gzip stream of, version 1, integers big-endian:
//
//	magic      "huzheng/v1/snapshot\n"
//	header     length 4 ‖ JSON (see SnapshotHeader)
//	signature  length 4 ‖ what the exporter's sign returned over the header's bytes; may be empty
//	entries    each: key length 2 ‖ key ‖ first write 12 ‖ last write 12 ‖ value length 4 ‖ value; in the order of the keys
//
// Frozen: pinned by testdata/snapshot-v1.hex.
const (
	snapshotMagic = "huzheng/v1/snapshot\n"
	maxHeader     = 64 << 10
	maxSignature  = 64 << 10
	maxValue      = 16 << 20
)

// moment is the evidence of one state, to be exported with it.
type moment struct {
	header SnapshotHeader
	frozen error
}

// moment gathers what the header needs besides the entries. The caller holds mu.
func (x *Index) moment() (*moment, error) {
	c, err := x.view.Consortium()
	if err != nil {
		return nil, err
	}
	m := &moment{frozen: x.frozen(), header: SnapshotHeader{
		Height: max(x.at.next, 1) - 1, BlockHash: bytes.Clone(x.at.hash), Digest: x.at.digest,
		Heard: max(0, x.heard.Load()), Digests: map[uint64][32]byte{},
	}}
	if c != nil {
		m.header.Network = c.Network
	}
	if x.standing.oldest.known {
		m.header.Unagreed = x.standing.oldest.applied
	}
	for _, s := range x.standing.statements {
		d, held, err := x.digestAt(s.Height)
		if err != nil {
			return nil, err
		}
		if held {
			m.header.Digests[s.Height] = d
		}
	}
	return m, nil
}

// Export writes a trust snapshot as of one block, while blocks go on being applied. Sign is given the header's bytes and
// returns the signature to put into the file, in whatever form its readers expect; nil: none. A frozen index exports
// nothing, with the code of Frozen; an index without a consortium neither, NOT_FOUNDED.
func (x *Index) Export(w io.Writer, sign func(header []byte) ([]byte, error)) error {
	return x.still(func(snap *pebble.Snapshot, m *moment) error {
		if m.frozen != nil {
			return m.frozen
		}
		if m.header.Network == "" {
			return attest.Errorf(attest.CodeNotFounded, "there is nothing to export yet")
		}
		if err := m.seal(snap); err != nil {
			return err
		}
		z := gzip.NewWriter(w)
		return errors.Join(m.write(z, snap, sign), z.Close())
	})
}

// seal computes what the header says of the entries.
func (m *moment) seal(snap pebble.Reader) error {
	state, content := newStateDigest(), sha256.New()
	err := listRecords(snap, "", func(key string, r record) error {
		m.header.Entries++
		state.add(key, r.value)
		content.Write(encodeEntry(key, r))
		return nil
	})
	m.header.State, m.header.Content = state.sum(), [32]byte(content.Sum(nil))
	return err
}

func (m *moment) write(w io.Writer, snap pebble.Reader, sign func([]byte) ([]byte, error)) error {
	header := m.header.encode()
	var signature []byte
	if sign != nil {
		var err error
		if signature, err = sign(header); err != nil {
			return fmt.Errorf("sign the snapshot: %w", err)
		}
	}
	b := bufio.NewWriterSize(w, 64<<10)
	front := appendSized([]byte(snapshotMagic), header)
	if _, err := b.Write(appendSized(front, signature)); err != nil {
		return err
	}
	err := listRecords(snap, "", func(key string, r record) error {
		_, err := b.Write(encodeEntry(key, r))
		return err
	})
	return errors.Join(err, b.Flush())
}

func appendSized(b, field []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(field))) //nolint:gosec // far below 2^32
	return append(b, field...)
}

func encodeEntry(key string, r record) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(key))) //nolint:gosec // the rules' keys are short
	b = append(b, key...)
	b = appendPosition(appendPosition(b, r.first), r.last)
	return appendSized(b, r.value)
}
