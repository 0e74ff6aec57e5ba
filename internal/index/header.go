package index

import (
	"encoding/base64"
	"maps"
	"math"
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
)

// SnapshotHeader says what a trust snapshot holds. Its bytes, as Export hands them to be signed, stand for all of it.
type SnapshotHeader struct {
	Network   string
	Height    uint64   // the last block applied
	BlockHash []byte   // of that block
	Digest    [32]byte // D(Height)
	State     [32]byte // StateDigest
	Content   [32]byte // SHA-256 of the entries' bytes, which includes the positions
	Entries   uint64
	Heard     int64 // Unix seconds when the exporting gateway last heard of the ledger: what a verifier's age counts from
	// Unagreed is when the oldest block with content that f+1 regions had not agreed on was applied, Unix seconds; 0: none.
	Unagreed int64
	// Digests are D(n) at the heights that the regions' statements in the snapshot are about.
	Digests map[uint64][32]byte
}

// The header's encoding, version 1: JSON with one order of members. Digests are ordered by height; hashes are base64url
// without padding.
const headerVersion = 1

var headerLimits = attest.Limits{Bytes: 64 << 10, Depth: 4, Members: 4096}

func (h *SnapshotHeader) encode() []byte {
	w := attest.NewObjectWriter(nil)
	w.Int64("v", headerVersion)
	w.String("net", h.Network)
	w.Int64("height", clamp(h.Height))
	w.String("block", b64(h.BlockHash))
	w.String("digest", b64(h.Digest[:]))
	w.String("state", b64(h.State[:]))
	w.String("content", b64(h.Content[:]))
	w.Int64("entries", clamp(h.Entries))
	w.Int64("heard", h.Heard)
	w.Int64("unagreed", h.Unagreed)
	heights := slices.Sorted(maps.Keys(h.Digests))
	w.Objects("digests", len(heights), func(i int, w *attest.ObjectWriter) {
		d := h.Digests[heights[i]]
		w.Int64("height", clamp(heights[i]))
		w.String("digest", b64(d[:]))
	})
	return w.Close()
}

func decodeHeader(b []byte) (*SnapshotHeader, error) {
	v, err := attest.ParseJSON(b, headerLimits)
	if err != nil {
		return nil, misread("header: %v", err)
	}
	f := v.Fields()
	if version := f.Int64("v"); f.Err() == nil && version != headerVersion {
		return nil, misread("version %d is not known", version)
	}
	h := &SnapshotHeader{
		Network:   f.String("net"),
		Height:    count(f, "height"),
		BlockHash: unb64(f, "block"),
		Digest:    digest(f, "digest"),
		State:     digest(f, "state"),
		Content:   digest(f, "content"),
		Entries:   count(f, "entries"),
		Heard:     f.Int64("heard"),
		Unagreed:  f.Int64("unagreed"),
		Digests:   map[uint64][32]byte{},
	}
	for _, o := range f.Objects("digests") {
		h.Digests[count(o, "height")] = digest(o, "digest")
		if err := o.Done(); err != nil {
			return nil, misread("header: %v", err)
		}
	}
	if err := f.Done(); err != nil {
		return nil, misread("header: %v", err)
	}
	if string(h.encode()) != string(b) {
		return nil, misread("the header is not in its one encoding")
	}
	return h, nil
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func unb64(f *attest.Fields, name string) []byte {
	b, err := base64.RawURLEncoding.Strict().DecodeString(f.String(name))
	if err != nil {
		f.Fail(attest.CodeJSONType, name, "is not base64url")
	}
	return b
}

func digest(f *attest.Fields, name string) (d [32]byte) {
	if copy(d[:], unb64(f, name)) != len(d) && f.Err() == nil {
		f.Fail(attest.CodeJSONType, name, "is not 32 bytes")
	}
	return d
}

func count(f *attest.Fields, name string) uint64 {
	n := f.Int64(name)
	if n < 0 {
		f.Fail(attest.CodeJSONNumber, name, "is negative")
		return 0
	}
	return uint64(n)
}

// clamp makes a count fit JSON's exact integers as the formats have them; no ledger gets there.
func clamp(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

func misread(format string, args ...any) error {
	return attest.Errorf(attest.CodeSnapshotFormat, format, args...)
}
