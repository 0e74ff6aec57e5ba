package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// scan searches every byte of every file under the folders for the needles, plain, in base64url at each of the three
// alignments, and in hexadecimal. It gives the number of files, bytes and hits.
func scan(t *testing.T, needles map[string][]byte, folders ...string) (files, size int, hits []string) {
	t.Helper()
	for _, folder := range folders {
		require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) { // an open store drops files that it does not need any more
				return nil
			}
			files, size = files+1, size+len(data)
			for name, needle := range needles {
				if contains(data, needle) {
					hits = append(hits, name+" in "+filepath.Base(path))
				}
			}
			return err
		}))
	}
	return files, size, hits
}

func contains(data, needle []byte) bool {
	return slices.ContainsFunc(forms(needle), func(form []byte) bool { return bytes.Contains(data, form) })
}

func forms(needle []byte) [][]byte {
	out := [][]byte{needle, []byte(hex.EncodeToString(needle))}
	for shift := range 3 {
		text := base64.RawURLEncoding.EncodeToString(append(make([]byte, shift), needle...))
		out = append(out, []byte(text[(shift*8+5)/6:len(text)-2])) // without the characters that neighbours share
	}
	return out
}

// TestNothingReadableLiesOnTheDisk is promise 9 for the vault: known values in every field of every record, then every
// byte of every file is searched. A planted leak is found by the same search.
func TestNothingReadableLiesOnTheDisk(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		t.Run(string(suite), func(t *testing.T) {
			ctx := context.Background()
			o := testOptions(t, nil, t.TempDir())
			o.Suite = suite
			v := newVault(t, o)
			needles := map[string][]byte{}
			plant := func(name string, n int) []byte {
				random := make([]byte, n)
				_, _ = rand.Read(random)
				needles[name] = []byte("CANARY" + name + hex.EncodeToString(random))[:max(n, 24)]
				return needles[name]
			}
			array := func(name string) [32]byte { return [32]byte(plant(name, 32)) }
			text := func(name string) string { return string(plant(name, 24)) }

			queue := func(kind attest.Kind) custody.Queue {
				return custody.Queue{Key: text("key of " + string(kind)), Kind: kind, Suite: suite}
			}
			slots, err := v.ReserveStatus(text("authority"), 1, rand.Reader)
			require.NoError(t, err)
			holderCode := text("holder")
			_, err = v.AddCertificates(ctx, text("operation"), []*custody.Certificate{{
				Queue: queue(attest.KindCertificate), Authority: string(needles["authority"]), Type: text("type"), Version: 1,
				Subject: v.Subject("111", holderCode), Commitment: [32]byte{1}, Status: slots[0], SDJWT: plant("sd-jwt", 3000),
				HolderKey: plant("holder key", 32), Request: array("request"),
			}})
			require.NoError(t, err)
			d := &custody.Document{Queue: queue(attest.KindDocument), Authority: text("document authority"), Digest: array("digest"), Commitment: [32]byte{2}}
			copy(d.Salt[:], plant("salt", 24))
			needles["salt"] = needles["salt"][:16]
			_, err = v.AddDocument(ctx, text("document operation"), d)
			require.NoError(t, err)
			require.NoError(t, v.PutDataset(ctx, text("dataset operation"), &custody.Dataset{ID: text("dataset"), Owner: text("owner"),
				Title: text("title"), Fields: []string{text("column")}, Grade: "一般", Approval: text("approval"), Period: text("period")}))
			_, err = v.AddDatasetVersion(ctx, text("version operation"), &custody.DatasetVersion{Queue: queue(attest.KindDataset),
				Dataset: string(needles["dataset"]), Version: 1, Rows: 1, Header: plant("header", 100), Secret: array("secret"),
				Commitment: [32]byte{3}, Request: array("version request")}, [][]byte{plant("row", 200)})
			require.NoError(t, err)
			_, err = v.AppendAudit(ctx, &custody.AuditEntry{Queue: queue(attest.KindReceipt), ID: text("receipt id"), JWS: plant("receipt", 900),
				Credential: text("credential"), UseCause: text("use cause")})
			require.NoError(t, err)
			_, err = v.PutCommand(ctx, text("command operation"), [32]byte{}, plant("command", 500))
			require.NoError(t, err)
			_, err = v.AddDispute(ctx, text("dispute operation"), [32]byte{}, &custody.Dispute{Subject: v.Subject("111", holderCode), State: custody.DisputeDraft,
				Kind: custody.DisputeField, Authority: string(needles["authority"]), Field: text("disputed field"), Wrong: text("what is wrong"), Should: text("what it should say")})
			require.NoError(t, err)
			check := func(when string) {
				files, size, hits := scan(t, needles, o.Dir, o.Keyring)
				require.Empty(t, hits, when)
				t.Logf("%s: %d values, %d files, %d bytes, 0 hits", when, len(needles), files, size)
				require.Greater(t, size, 4000)
			}
			check("in the log")
			require.NoError(t, v.db.Flush())
			check("in tables")
			require.NoError(t, v.Close())
			check("closed")

			leak := filepath.Join(o.Dir, "leak")
			require.NoError(t, os.WriteFile(leak, append([]byte("x"), []byte(base64.RawURLEncoding.EncodeToString(append([]byte{7}, needles["sd-jwt"]...)))...), 0o600))
			_, _, hits := scan(t, needles, o.Dir)
			require.Equal(t, []string{"sd-jwt in leak"}, hits)
		})
	}
}
