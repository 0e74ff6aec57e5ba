package index

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/index/indextest"
)

func export(t testing.TB, x *Index) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, x.Export(&b, func(header []byte) ([]byte, error) {
		return append([]byte("signed:"), header...), nil
	}))
	return b.Bytes()
}

func unzip(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	require.NoError(t, err)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	return plain
}

func zip(t testing.TB, plain []byte) io.Reader {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(plain)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return &b
}

// TestSnapshotAnswersLikeTheIndex compares every answer of the view.
func TestSnapshotAnswersLikeTheIndex(t *testing.T) {
	r := founded(t, 4)
	r.Heard(1000)
	gd := &r.regions[3]
	r.apply(gd.By(gd.Anchor(t, 1)), r.state(0, 0, true), r.state(1, 0, true))
	r.apply(gd.By(gd.Anchor(t, 2)), r.state(2, 1, true))
	*r.now = 1020

	s, err := OpenSnapshot(bytes.NewReader(export(t, r.Index)))
	require.NoError(t, err)
	require.Equal(t, append([]byte("signed:"), s.HeaderBytes()...), s.Signature())
	h := s.Header()
	require.Equal(t, indextest.Network, h.Network)
	require.Equal(t, uint64(2), h.Height)
	require.Equal(t, []byte("hash of block 2"), h.BlockHash)
	state, err := r.StateDigest()
	require.NoError(t, err)
	require.Equal(t, state, h.State)

	answers := func(v registry.View) (all []any) {
		note := func(v any, err error) {
			require.NoError(t, err)
			all = append(all, v)
		}
		note(v.Consortium())
		note(v.Agreements())
		note(v.Ledger(1030))
		note(v.Region("440000"))
		note(v.Region("650000"))
		note(v.Key(gd.Govern.KeyID()))
		note(v.Authority("none"))
		note(v.Type("none", 1))
		note(v.Batch(gd.BatchID(2)))
		note(v.Status("none", 1, 1))
		return all
	}
	want := answers(r.Index)
	require.Equal(t, want, answers(s))
	require.Equal(t, int64(30), want[2].(attest.Ledger).Age)
	require.Positive(t, want[2].(attest.Ledger).Lag)
	require.Equal(t, uint64(2), want[8].(*attest.Batch).Block)
}

func TestNothingToExport(t *testing.T) {
	x := create(t, options(nil))
	require.Equal(t, attest.CodeNotFounded, attest.CodeOf(x.Export(io.Discard, nil)))
}

// golden is an index whose bytes do not depend on keys that are drawn.
func golden(t testing.TB) *Index {
	o := options(nil)
	x := create(t, o)
	var c indextest.Chain
	consortium := registry.Transaction{Valid: true,
		Command: []byte(`put 1 consortium {"net":"golden","suite":"std","regions":["440000"],"cmd":""}`)}
	require.NoError(t, x.Apply(c.Add(consortium, put("2", "a", "first"))))
	d := x.Progress().Digest
	witness := `put 3 witness/440000 {"region":"440000","height":0,"digest":"` + b64(d[:]) + `","time":7}`
	require.NoError(t, x.Apply(c.Add(registry.Transaction{Command: []byte(witness), Valid: true}, put("4", "a", "second"))))
	x.Heard(1_700_000_009)
	return x
}

// TestSnapshotGolden pins the frozen bytes. Never rewrite the file: a new format gets a new version and a new file.
func TestSnapshotGolden(t *testing.T) {
	file, err := os.ReadFile("testdata/snapshot-v1.hex")
	require.NoError(t, err)
	plain := unzip(t, export(t, golden(t)))
	require.Equal(t, strings.TrimSpace(string(file)), hex.EncodeToString(plain))
	s, err := OpenSnapshot(zip(t, plain))
	require.NoError(t, err)
	l, err := s.Ledger(1_700_000_010)
	require.NoError(t, err)
	require.Equal(t, []string{"440000"}, l.Agreeing)
	require.Equal(t, int64(1), l.Age)
	require.Equal(t, int64(10), l.Lag, "block 1 is not agreed on")
}

// TestSnapshotTampered changes each byte in turn: nothing that differs from what was exported opens as if it were it.
func TestSnapshotTampered(t *testing.T) {
	plain := unzip(t, export(t, golden(t)))
	good, err := OpenSnapshot(zip(t, plain))
	require.NoError(t, err)
	for i := range plain {
		bad := bytes.Clone(plain)
		bad[i] ^= 0x01
		s, err := OpenSnapshot(zip(t, bad))
		if err != nil {
			code := attest.CodeOf(err)
			require.True(t, code == attest.CodeSnapshotFormat || code == attest.CodeSnapshotDigest, "byte %d: %v", i, err)
			continue
		}
		changed := !bytes.Equal(good.HeaderBytes(), s.HeaderBytes()) || !bytes.Equal(good.Signature(), s.Signature())
		require.True(t, changed, "byte %d is covered by the header or shows in it", i)
	}
	for _, n := range []int{0, 10, len(snapshotMagic) + 2, len(plain) / 2, len(plain) - 1} {
		_, err := OpenSnapshot(zip(t, plain[:n]))
		require.Equal(t, attest.CodeSnapshotFormat, attest.CodeOf(err), "truncated to %d", n)
	}
	_, err = OpenSnapshot(zip(t, append(bytes.Clone(plain), 0)))
	require.Equal(t, attest.CodeSnapshotFormat, attest.CodeOf(err), "trailing byte")
	_, err = OpenSnapshot(bytes.NewReader(plain))
	require.Equal(t, attest.CodeSnapshotFormat, attest.CodeOf(err), "not compressed")
}

// FuzzOpenSnapshot: what opens is what its header says, and nothing panics.
func FuzzOpenSnapshot(f *testing.F) {
	file, err := os.ReadFile("testdata/snapshot-v1.hex")
	require.NoError(f, err)
	plain, err := hex.DecodeString(strings.TrimSpace(string(file)))
	require.NoError(f, err)
	f.Add(plain)
	f.Add(plain[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := OpenSnapshot(zip(t, b))
		if err != nil {
			return
		}
		h := s.Header()
		require.Equal(t, h.encode(), s.HeaderBytes())
		_, err = s.Ledger(0)
		require.NoError(t, err)
	})
}
