package embedded

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
)

func goldenEntries() []entry {
	return []entry{
		{submitter: "GuangdongMSP", command: []byte("eyJhbGciOiJFUzI1NiJ9.e30.AA")},
		{submitter: "SichuanMSP", command: []byte("second")},
	}
}

// TestBlockGolden pins the frozen bytes. Never rewrite the file: a new format gets a new version and a new file.
func TestBlockGolden(t *testing.T) {
	previous := hash(bytes.Repeat([]byte{0xab}, hashBytes))
	b, h := encodeBlock(7, previous, 1_700_000_000, goldenEntries())
	file, err := os.ReadFile("testdata/block-v1.hex")
	require.NoError(t, err)
	lines := strings.Fields(string(file))
	require.Len(t, lines, 3)
	require.Equal(t, lines[0], hex.EncodeToString(b))
	require.Equal(t, lines[1], hex.EncodeToString(h[:]))
	s, err := decodeBlock(b)
	require.NoError(t, err)
	require.Equal(t, lines[2], s.tx(1).ID)
}

func TestBlockRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entry {
			return entry{
				submitter: rapid.StringN(0, 20, maxSubmitter).Draw(t, "submitter"),
				command:   rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "command"),
			}
		}), 1, 20).Draw(t, "entries")
		number := rapid.Uint64().Draw(t, "number")
		time := rapid.Int64().Draw(t, "time")
		previous := hash(rapid.SliceOfN(rapid.Byte(), hashBytes, hashBytes).Draw(t, "previous"))

		b, h := encodeBlock(number, previous, time, entries)
		s, err := decodeBlock(b)
		require.NoError(t, err)
		require.Equal(t, header{number: number, previous: previous, data: s.data, time: time}, s.header)
		require.Equal(t, h, s.hash)
		require.Len(t, s.entries, len(entries))
		for i, e := range entries {
			require.Equal(t, e.submitter, s.entries[i].submitter)
			require.True(t, bytes.Equal(e.command, s.entries[i].command))
		}

		at := rapid.IntRange(0, len(b)*8-1).Draw(t, "bit")
		b[at/8] ^= 1 << (at % 8)
		flipped, err := decodeBlock(b)
		require.True(t, err != nil || flipped.hash != h, "a flipped bit shows")
	})
}

func TestBlockRefused(t *testing.T) {
	good, _ := encodeBlock(0, hash{}, 0, goldenEntries())
	resealed := func(data []byte) []byte { // with a header that fits the data
		h := header{data: tagged(domainData, data)}.encode()
		return append(h, data...)
	}
	data := good[headerBytes:]
	for name, b := range map[string][]byte{
		"empty":             nil,
		"header only":       good[:headerBytes],
		"version":           append([]byte{2}, good[1:]...),
		"trailing byte":     resealed(append(bytes.Clone(data), 0)),
		"truncated":         resealed(data[:len(data)-1]),
		"no transactions":   resealed([]byte{0, 0, 0, 0}),
		"count too high":    resealed(append([]byte{0xff, 0xff, 0xff, 0xff}, data[4:]...)),
		"truncated length":  resealed([]byte{0, 0, 0, 1, 0, 0, 0}),
		"long submitter":    resealed([]byte{0, 0, 0, 1, 9, 'a', 'b', 'c', 'd', 'e'}),
		"data of another":   append(bytes.Clone(good[:len(good)-1]), 'X'),
		"truncated in data": good[:len(good)-1],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decodeBlock(b)
			require.Equal(t, attest.CodeBlockFormat, attest.CodeOf(err))
		})
	}
}

// FuzzDecodeBlock: what is accepted is canonical, and nothing panics. The data hash is recomputed so that mutations reach
// the parser behind it.
func FuzzDecodeBlock(f *testing.F) {
	good, _ := encodeBlock(3, hash{1}, 5, goldenEntries())
	f.Add(good)
	f.Add(good[:headerBytes])
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= headerBytes {
			d := tagged(domainData, b[headerBytes:])
			copy(b[offsetData:], d[:])
		}
		s, err := decodeBlock(b)
		if err != nil {
			require.Equal(t, attest.CodeBlockFormat, attest.CodeOf(err))
			return
		}
		again, h := encodeBlock(s.number, s.previous, s.time, s.entries)
		require.Equal(t, b, again)
		require.Equal(t, s.hash, h)
	})
}
