package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

var rewriteGolden = flag.Bool("rewrite", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewriteGolden {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// TestLayoutIsFrozen pins every store key.
func TestLayoutIsFrozen(t *testing.T) {
	p := custody.Place{Queue: 0x01020304, Seq: 0x05060708090a0b0c}
	var c [32]byte
	var h [16]byte
	copy(c[:], "commitment or subject of 32 byte")
	copy(h[:], "sixteen bytes...")
	var out bytes.Buffer
	line := func(name string, key []byte) { out.WriteString(name + " " + hex.EncodeToString(key) + "\n") }
	line("meta", keyMeta())
	line("name", keyName(7))
	line("leaves", keyAt(prefixLeaves, p))
	line("certificate", keyAt(prefixCertificate, p))
	line("document", keyAt(prefixDocument, p))
	line("version", keyAt(prefixVersion, p))
	line("rows", keyRows(h, 9))
	line("entry", keyHashed(prefixEntry, h))
	line("index", keyHashed(prefixIndex, h))
	line("commitment", keyCommitment(c))
	line("status", keyStatus(1, 2, 3))
	line("subject", keySubject(c))
	line("shredded", keyNumber(prefixShredded, 5))
	line("batch", keyAt(prefixBatch, p))
	line("pending", keyAt(prefixPending, p))
	line("batch id", keyBatchID("AAAAAAAAAAAAAAAAAAAAAA"))
	line("operation", keyHashed(prefixOperation, h))
	line("command", keyHashed(prefixCommand, h))
	line("audit", keyNumber(prefixAudit, 5))
	line("receipt id", keyHashed(prefixReceiptID, h))
	line("report", keyAt(prefixReport, p))
	line("held", keyHeld(c, p))
	line("code", keyHashed(prefixCode, h))
	line("short", keyHashed(prefixShort, h))
	line("code of subject", keySubjectCode(c, keyHashed(prefixCode, h)))
	line("use", keyNumber(prefixUse, 5))
	line("use pointer", keyUsePointer(c))
	line("use seen", keyHashed(prefixUseSeen, h))
	line("redemption", keyHashed(prefixRedemption, h))
	line("filed", keyFiled(h, 5))
	line("dispute", keyHashed(prefixDispute, h))
	line("dispute of subject", keySubjectDispute(c, keyHashed(prefixDispute, h)))
	line("dispute of office", append(keyHashed(prefixOfficeDispute, h), h[:]...))
	golden(t, "layout.txt", out.Bytes())
}

// TestRecordsAreFrozen pins the plaintext of every record.
func TestRecordsAreFrozen(t *testing.T) {
	a := func(b byte) (v [32]byte) { copy(v[:], bytes.Repeat([]byte{b}, 32)); return v }
	var out bytes.Buffer
	line := func(name string, record []byte) { out.WriteString(name + " " + hex.EncodeToString(record) + "\n") }
	line("certificate", encodeCertificate(nil, &custody.Certificate{Authority: "A", Type: "T", Version: 2, Subject: a(1), Commitment: a(2),
		Status: custody.StatusSlot{List: 1, Index: 300}, SDJWT: []byte("sd"), HolderKey: []byte("key"), Created: 1_700_000_000, Request: a(3)}))
	line("document", encodeDocument(&custody.Document{Authority: "A", Digest: a(1), Salt: [16]byte{9}, Commitment: a(2), Created: 5}))
	line("dataset", encodeDataset(&custody.Dataset{ID: "i", Owner: "o", Title: "t", Fields: []string{"f", "g"}, Grade: "g", Approval: "a", Sharing: "s", Period: "p", Created: 5, Latest: 3}))
	line("version", encodeVersion(&custody.DatasetVersion{Dataset: "i", Version: 2, Rows: 7, Header: []byte("{}"), Secret: a(1), Commitment: a(2), Created: 5, Request: a(3)}))
	line("batch", encodeBatch(&custody.Batch{ID: "b", Size: 4096, Root: a(1), Types: []string{"T"}, Command: []byte("c"), State: custody.BatchAnchored, Block: 9, Tx: 1}))
	line("operation", encodeOperation(&custody.Operation{Digest: a(1), Result: []byte("r"), Places: []custody.Place{{Queue: 1, Seq: 5}, {Queue: 1, Seq: 6}, {Queue: 2, Seq: 7}}}))
	line("audit", encodeAudit(nil, &custody.AuditEntry{Place: custody.Place{Queue: 1, Seq: 2}, ID: "i", JWS: []byte("j"), Credential: "c", UseCause: "u", Time: 5}, a(7)))
	by := custody.UseBy{Region: "r", Verifier: "v", Office: "o", Tenant: "t"}
	shown := []custody.Shown{{Commitment: a(2), Fields: []string{"f"}}}
	line("code", encodeCode(&custody.ProofCode{ID: [16]byte{1}, Handle: [16]byte{2}, Secret: a(3), Random: [5]byte{4}, Subject: a(5), Shown: shown,
		UseCause: "u", Scenario: "s", Audience: custody.Audience{Kind: custody.AudienceIntegrator, Region: "r", Office: "o", Tenant: "t"}, Uses: 2,
		Created: 1, Expires: 2, Cancelled: 3, Seen: 4, Next: 5, Refused: 6, Holds: []custody.Hold{{Operation: a(6), Number: 5,
			State: custody.HoldConsumed, At: 7, Until: 8, Outcome: a(9), Verifier: by}}}))
	line("use", encodeUse(&custody.Use{Previous: 1, Subject: a(1), Time: 2, Event: custody.UseVerified, Code: [16]byte{3}, By: by, UseCause: "u",
		Scenario: "s", Reason: "OK", Shown: shown, Receipts: [][]byte{[]byte("j")}}, a(7)))
	line("audit with a case", encodeAudit(nil, &custody.AuditEntry{Place: custody.Place{Queue: 1, Seq: 2}, ID: "i", JWS: []byte("j"), Credential: "c", UseCause: "u", Time: 5, CaseNumber: "n"}, a(7)))
	line("refusal", encodeRefusal(nil, &custody.Refusal{Time: 5, Until: 6, Count: 7, Caller: custody.CallerStaff, Account: "a", ID: "i", Route: "GET /r",
		Reason: custody.RefusedAccess, Code: "c"}, a(7)))
	line("dispute", encodeDispute(&custody.Dispute{ID: [16]byte{1}, Subject: a(2), Authority: "A", Commitment: a(3), Use: 4, Kind: custody.DisputeField,
		Field: "f", Wrong: "w", Should: "s", State: custody.DisputeDraft, Created: 5, Changed: 6}))
	line("chunk", appendChunk(nil, [][32]byte{a(1), a(2), a(3)}, []uint32{4, 4, 0}))
	golden(t, "records.txt", out.Bytes())
}

// TestKeyringFileIsFrozen opens a keyring that was written once and for all.
func TestKeyringFileIsFrozen(t *testing.T) {
	path := filepath.Join("testdata", "keyring.hex")
	subject := subjectNamed("subject")
	if *rewriteGolden {
		mem := vfs.NewMem()
		require.NoError(t, createKeyring(mem, "/", attest.SuiteStd, testMaster(t, 7)))
		ring := openRing(t, mem)
		slots := newSlots{ring: ring}
		for range 2 {
			_, _, err := slots.add(subject)
			require.NoError(t, err)
		}
		require.NoError(t, slots.flush())
		require.NoError(t, ring.erase(2))
		data := make([]byte, 3*slotSize)
		_, err := ring.file.ReadAt(data, 0)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, []byte(hex.EncodeToString(data)), 0o600))
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	data, err := hex.DecodeString(string(text))
	require.NoError(t, err)
	mem := vfs.NewMem()
	require.NoError(t, writeKeyring(mem, "/", "/"+keyringFile, data))
	ring := openRing(t, mem)
	require.Equal(t, uint64(3), ring.next)
	_, err = ring.key(1)
	require.NoError(t, err)
	_, err = ring.key(2)
	require.Equal(t, attest.CodeSubjectShredded, attest.CodeOf(err))
	for at := range slotSize { // any changed byte of a slot is found
		torn := bytes.Clone(data)
		torn[slotSize+at] ^= 0x10
		require.NoError(t, writeKeyring(mem, "/", "/"+keyringFile, torn))
		_, err := openRing(t, mem).key(1)
		require.Equal(t, attest.CodeKeyringDamaged, attest.CodeOf(err), at)
	}
	swapped := bytes.Clone(data) // a sound slot in another's place
	copy(swapped[2*slotSize:], data[slotSize:2*slotSize])
	require.NoError(t, writeKeyring(mem, "/", "/"+keyringFile, swapped))
	_, err = openRing(t, mem).key(2)
	require.Equal(t, attest.CodeKeyringDamaged, attest.CodeOf(err))
}

// subjectNamed pads a name to a subject.
func subjectNamed(name string) (s custody.Subject) { copy(s[:], name); return s }

func openRing(t *testing.T, fs vfs.FS) *keyring {
	t.Helper()
	ring, err := openKeyring(fs, "/", testMaster(t, 7), &keys.Nonces{})
	require.NoError(t, err)
	return ring
}

// TestErasureIsDoneAgainAfterARestoredKeyring: an older copy of the keyring brings no shredded subject back.
func TestErasureIsDoneAgainAfterARestoredKeyring(t *testing.T) {
	o := testOptions(t, nil, t.TempDir())
	v := newVault(t, o)
	a := &acknowledged{}
	require.NoError(t, addOne(v, a, "holder"))
	path := filepath.Join(o.Keyring, keyringFile)
	older, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, v.Shred(context.Background(), a.certs[0].Subject, 1))
	require.NoError(t, v.Close())
	shredded, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(shredded), string(older[slotSize+slotWrapped:slotSize+slotWrapped+wrappedSize]))

	require.NoError(t, os.WriteFile(path, older, 0o600))
	v = openVault(t, o)
	_, err = v.Certificate(a.certs[0].Commitment)
	require.Equal(t, attest.CodeSubjectShredded, attest.CodeOf(err))
	require.NoError(t, v.Close())
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, shredded, again)
}

// TestStatusSlotsAreNeverGivenTwice draws past the end of a list, then writes certificates and reopens in between.
func TestStatusSlotsAreNeverGivenTwice(t *testing.T) {
	o := testOptions(t, nil, t.TempDir())
	v := newVault(t, o)
	slots, err := v.ReserveStatus("another authority", statusListLimit+10, rand.Reader)
	require.NoError(t, err)
	drawn := map[custody.StatusSlot]bool{}
	lists := map[uint32]int{}
	for _, s := range slots {
		drawn[s] = true
		lists[s.List]++
	}
	require.Len(t, drawn, statusListLimit+10)
	require.Equal(t, map[uint32]int{0: statusListLimit, 1: 10}, lists)

	held := map[custody.StatusSlot]custody.Place{}
	for range 4 {
		certs := make([]*custody.Certificate, 3000)
		for i := range certs {
			certs[i] = testCertificate(t, v, "one holder")
			require.NotContains(t, held, certs[i].Status)
		}
		forgotten := testCertificate(t, v, "never written") // its slot is free again
		_, err := v.AddCertificates(context.Background(), string(certs[0].Commitment[:]), certs)
		require.NoError(t, err)
		for _, c := range certs {
			held[c.Status] = c.Place
		}
		v.ReleaseStatus(testAuthority, []custody.StatusSlot{forgotten.Status})
		require.NoError(t, v.Close())
		v = openVault(t, o)
	}
	for slot, place := range held {
		holder, err := v.StatusHolder(testAuthority, slot)
		require.NoError(t, err)
		require.Equal(t, place, holder)
	}
	last, err := v.readStatusList(v.names[nameAuthority+testAuthority])
	require.NoError(t, err)
	require.Equal(t, len(held), last.used)
}
