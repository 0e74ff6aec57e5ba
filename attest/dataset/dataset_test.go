package dataset_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/dataset"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// prove makes the proof of one row and the root and size of the batch that its version is in.
func prove(t require.TestingT, suite attest.Suite, rows [][]string, index uint64) (*dataset.RowProof, [32]byte, uint64) {
	secret := sha256.Sum256([]byte("secret"))
	leaves := make([][32]byte, len(rows))
	for i, row := range rows {
		salt := dataset.RowSalt(suite, secret, uint64(i))
		leaves[i] = attest.CommitRow(suite, salt[:], dataset.EncodeRow(row))
	}
	tree := merkle.NewTree(suite, leaves)
	h := &dataset.Header{Suite: suite, Owner: "11220000013544541J", Dataset: "divisions", Version: 3, Fields: []string{"code", "name"},
		Rows: uint64(len(rows)), Root: tree.Root(), Salt: [attest.SaltSize]byte{1, 2, 3}}
	path, err := tree.Path(index)
	require.NoError(t, err)
	p := &dataset.RowProof{HeaderJSON: h.JSON(), Header: h, Row: rows[index], Index: index, Salt: dataset.RowSalt(suite, secret, index),
		Path: make([][32]byte, len(path))}
	for i := range path {
		p.Path[i] = [32]byte(path[i])
	}
	batch := merkle.NewTree(suite, [][32]byte{{9}, p.Commitment(), {8}})
	p.Receipt, err = merkle.NewReceipt(attest.KindDataset, suite, "AAAAAAAAAAAAAAAAAAAAAA", batch, 1)
	require.NoError(t, err)
	return p, batch.Root(), batch.Size()
}

func table(n int) [][]string {
	rows := make([][]string, n)
	for i := range rows {
		rows[i] = []string{fmt.Sprintf("%06d", i), "行政区划 \"" + fmt.Sprint(i) + "\""}
	}
	return rows
}

// TestRowProofIsFrozen pins the bytes of header and proof, in both suites.
func TestRowProofIsFrozen(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		p, _, _ := prove(t, suite, table(5), 3)
		got := append(append(p.HeaderJSON, '\n'), append(p.JSON(), '\n')...)
		path := filepath.Join("testdata", "row-proof-"+string(suite)+".txt")
		if *rewrite {
			require.NoError(t, os.MkdirAll("testdata", 0o750))
			require.NoError(t, os.WriteFile(path, got, 0o600))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
}

func TestEveryRowIsProved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		suite := rapid.SampledFrom([]attest.Suite{attest.SuiteStd, attest.SuiteGM}).Draw(t, "suite")
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.String(), 2, 2), 1, 40).Draw(t, "rows")
		index := rapid.Uint64Range(0, uint64(len(rows)-1)).Draw(t, "index")
		p, root, size := prove(t, suite, rows, index)
		read, err := dataset.ParseRowProof(p.JSON())
		require.NoError(t, err)
		require.Equal(t, p, read)
		require.NoError(t, read.Verify())
		require.NoError(t, read.Receipt.Verify(read.Commitment(), root, size))
		require.Equal(t, p.JSON(), read.JSON())
	})
}

func TestChangedProofProvesNothing(t *testing.T) {
	for name, spoil := range map[string]func(p *dataset.RowProof){
		"value": func(p *dataset.RowProof) { p.Row = []string{p.Row[0], "x"} },
		"moved": func(p *dataset.RowProof) { p.Row = []string{p.Row[1], p.Row[0]} },
		"fewer": func(p *dataset.RowProof) { p.Row = p.Row[:1] },
		"index": func(p *dataset.RowProof) { p.Index-- },
		"size":  func(p *dataset.RowProof) { p.Index = 9 },
		"salt":  func(p *dataset.RowProof) { p.Salt[0] ^= 1 },
		"path":  func(p *dataset.RowProof) { p.Path[1][0] ^= 1 },
		"short": func(p *dataset.RowProof) { p.Path = p.Path[1:] },
		"header": func(p *dataset.RowProof) {
			h := *p.Header
			h.Owner = "another"
			p.HeaderJSON = h.JSON()
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, root, size := prove(t, attest.SuiteStd, table(7), 4)
			spoil(p)
			read, err := dataset.ParseRowProof(p.JSON())
			require.NoError(t, err)
			if read.Verify() == nil {
				err = read.Receipt.Verify(read.Commitment(), root, size)
				require.Equal(t, attest.CodeReceiptPath, attest.CodeOf(err))
			}
		})
	}
}

func TestMalformedProofsAreRefused(t *testing.T) {
	p, _, _ := prove(t, attest.SuiteStd, table(3), 1)
	good := string(p.JSON())
	for bad, code := range map[string]attest.Code{
		"":                              attest.CodeJSONSyntax,
		"{}":                            attest.CodeJSONMissing,
		good + " x":                     attest.CodeJSONTrailing,
		good[:len(good)-1] + `,"x":1}`:  attest.CodeJSONUnknown,
		`{"v":2` + good[len(`{"v":1`):]: attest.CodeDatasetProof,
	} {
		_, err := dataset.ParseRowProof([]byte(bad))
		require.Equal(t, code, attest.CodeOf(err), bad)
	}
	h := *p.Header
	for _, spoil := range []func(){func() { h.Version = 0 }, func() { h = *p.Header; h.Rows = 0 }, func() { h = *p.Header; h.Suite = "x" }, func() { h = *p.Header; h.Fields = nil }} {
		spoil()
		_, err := dataset.ParseHeader(h.JSON())
		require.Equal(t, attest.CodeDatasetHeader, attest.CodeOf(err))
	}
}

// FuzzParseRowProof: any bytes are read or refused; what is read is written back to the same value.
func FuzzParseRowProof(f *testing.F) {
	p, _, _ := prove(f, attest.SuiteStd, table(3), 1)
	f.Add(p.JSON())
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := dataset.ParseRowProof(data)
		if err != nil {
			return
		}
		again, err := dataset.ParseRowProof(p.JSON())
		require.NoError(t, err)
		require.Equal(t, p, again)
		_ = p.Verify() // must not panic, whatever it says
	})
}

func BenchmarkVerify(b *testing.B) {
	p, _, _ := prove(b, attest.SuiteStd, table(3000), 1000)
	for b.Loop() {
		if err := p.Verify(); err != nil {
			b.Fatal(err)
		}
	}
}
