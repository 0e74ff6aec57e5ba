package registry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// recorded file: a document leaf in a batch of five.
type recordedFile struct {
	*testledger.Consortium
	kind    attest.Kind
	file    []byte
	err     error
	receipt *merkle.Receipt
	raw     []byte // in place of the receipt
	policy  attest.Policy
}

func newRecordedFile(t *testing.T) *recordedFile {
	c := testledger.Found(t, attest.SuiteStd)
	c.Do("440000#g1", c.NewAuthority("440000", 1, testledger.TypeConstructor))
	key := testledger.USCC(t, "440000", 1) + "#k1"
	r := &recordedFile{Consortium: c, kind: attest.KindDocument, file: []byte("%PDF-1.7 test"), policy: attest.DefaultPolicy()}
	leaves := [][32]byte{{1}, {2}, r.commit(attest.SuiteStd), {3}, {4}}
	tree := merkle.NewTree(attest.SuiteStd, leaves)
	id := registry.BatchID(key, attest.KindDocument, attest.SuiteStd, tree.Root(), tree.Size())
	c.Do(key, &registry.Anchor{ID: id, Kind: attest.KindDocument, Suite: attest.SuiteStd, Root: tree.Root(), Size: tree.Size()})
	var err error
	r.receipt, err = merkle.NewReceipt(attest.KindDocument, attest.SuiteStd, id, tree, 2)
	require.NoError(t, err)
	return r
}

func (r *recordedFile) commit(s attest.Suite) [32]byte {
	digest := s.Sum(r.file)
	return attest.CommitDocument(s, make([]byte, attest.SaltSize), digest[:])
}

func (r *recordedFile) judge() *attest.Verdict {
	raw := r.raw
	if raw == nil {
		raw = r.receipt.JSON()
	}
	commit := r.commit
	if r.err != nil {
		commit = nil
	}
	return attest.JudgeLeaf(registry.GatherLeaf(r.Memory, r.kind, commit, r.err, raw, testledger.Start, r.policy))
}

func TestJudgeLeaf(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *recordedFile)
		result attest.Result
		code   attest.Code
	}{
		"as recorded":                {func(*recordedFile) {}, attest.Valid, attest.CodeOK},
		"another file":               {func(r *recordedFile) { r.file = append(r.file, ' ') }, attest.Invalid, attest.CodeReceiptPath},
		"another leaf":               {func(r *recordedFile) { r.receipt.Index = 1 }, attest.Invalid, attest.CodeReceiptPath},
		"another size":               {func(r *recordedFile) { r.receipt.Size = 6 }, attest.Invalid, attest.CodeReceiptSize},
		"another suite":              {func(r *recordedFile) { r.receipt.Suite = attest.SuiteGM }, attest.Undetermined, attest.CodeHashUnknown},
		"another kind asked":         {func(r *recordedFile) { r.kind = attest.KindDataset }, attest.Undetermined, attest.CodeReceiptKind},
		"another kind named":         {func(r *recordedFile) { r.receipt.Kind = "dataset" }, attest.Undetermined, attest.CodeReceiptKind},
		"no such batch":              {func(r *recordedFile) { r.receipt.Batch = "nowhere" }, attest.Undetermined, attest.CodeBatchUnknown},
		"no receipt":                 {func(r *recordedFile) { r.raw = []byte{} }, attest.Undetermined, attest.CodeReceiptMissing},
		"an unreadable receipt":      {func(r *recordedFile) { r.raw = []byte("x") }, attest.Undetermined, attest.CodeJSONSyntax},
		"a file that cannot be read": {func(r *recordedFile) { r.err = attest.Errorf(attest.CodeDatasetRow, "x") }, attest.Invalid, attest.CodeDatasetRow},
		"frozen":                     {func(r *recordedFile) { r.Seen.Frozen = true }, attest.Undetermined, attest.CodeWitnessFrozen},
		"stale":                      {func(r *recordedFile) { r.Seen.Age = 56 }, attest.Undetermined, attest.CodeIndexStale},
		"frozen beats another file":  {func(r *recordedFile) { r.Seen.Frozen = true; r.file = nil }, attest.Undetermined, attest.CodeWitnessFrozen},
		"a look-up fails": {func(r *recordedFile) {
			r.Fail = func(string) error { return attest.Errorf(attest.CodeStoreFailed, "closed") }
		}, attest.Undetermined, attest.CodeStoreFailed},
		"the key was void": {func(r *recordedFile) {
			key := testledger.USCC(t, "440000", 1) + "#k1"
			r.Do("440000#g1", &registry.MarkCompromised{Op: "compromised-1", Key: key, From: 2})
		}, attest.Invalid, attest.CodeKeyCompromised},
		"the key was void later": {func(r *recordedFile) {
			key := testledger.USCC(t, "440000", 1) + "#k1"
			r.Do("440000#g1", &registry.MarkCompromised{Op: "compromised-1", Key: key, From: 3})
		}, attest.Valid, attest.CodeOK},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecordedFile(t)
			c.change(r)
			v := r.judge()
			assert.Equal(t, c.result, v.Result, "%+v", v.Checks)
			assert.Equal(t, c.code, v.Code, "%+v", v.Checks)
		})
	}
}

func TestVerifyReceipt(t *testing.T) {
	c := testledger.Found(t, attest.SuiteStd)
	c.Do("440000#g1", c.NewAuthority("440000", 1, testledger.TypeConstructor))
	issuer := testledger.USCC(t, "440000", 1) + "#k1"
	sign := func(region, key string) []byte {
		r := &attest.VerificationReceipt{ID: "id", Network: c.Network, Region: region, Verdict: &attest.Verdict{Result: attest.Valid}}
		raw, err := r.Sign(c.Signer(key))
		require.NoError(t, err)
		return raw
	}
	other := &attest.VerificationReceipt{ID: "id", Network: "other-network", Region: "440000", Verdict: &attest.Verdict{}}
	elsewhere, err := other.Sign(c.Signer("440000#w1"))
	require.NoError(t, err)
	for name, check := range map[string]struct {
		raw  []byte
		code attest.Code
	}{
		"by its gateway":          {sign("440000", "440000#w1"), ""},
		"for another region":      {sign("430000", "440000#w1"), attest.CodeKeyMismatch},
		"by a governance key":     {sign("440000", "440000#g1"), attest.CodeKeyMismatch},
		"by an issuer":            {sign("440000", issuer), attest.CodeKeyMismatch},
		"by nobody known":         {sign("440000", "440000#w9"), attest.CodeKeyUnknown},
		"by another under its id": {sign("440000", "440000#w1@thief"), attest.CodeSignature},
		"of another network":      {elsewhere, attest.CodeNetworkMismatch},
	} {
		r, err := registry.VerifyReceipt(c.Memory, check.raw, nil)
		assert.Equal(t, check.code, attest.CodeOf(err), name)
		if check.code == "" {
			assert.Equal(t, attest.Valid, r.Verdict.Result)
		}
	}
	c.Do("440000#g1", &registry.MarkCompromised{Op: "compromised-1", Key: "440000#w1", From: 5})
	for _, anchored := range []struct {
		in   *attest.Batch
		code attest.Code
	}{{nil, attest.CodeKeyCompromised}, {&attest.Batch{Block: 5}, attest.CodeKeyCompromised}, {&attest.Batch{Block: 4}, ""}} {
		_, err := registry.VerifyReceipt(c.Memory, sign("440000", "440000#w1"), anchored.in)
		assert.Equal(t, anchored.code, attest.CodeOf(err))
	}
}
