package merkle_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
)

func receiptOf(t require.TestingT, s attest.Suite, leaves [][32]byte, index uint64) *merkle.Receipt {
	r, err := merkle.NewReceipt(attest.KindCertificate, s, "batch-1", merkle.NewTree(s, leaves), index)
	require.NoError(t, err)
	return r
}

// Frozen: the bytes of the receipt file.
func TestReceiptGolden(t *testing.T) {
	r := receiptOf(t, attest.SuiteStd, commitments(7, 5), 2)
	const want = `{"v":1,"kind":"certificate","suite":"std","batch":"batch-1","index":2,"size":5,"path":[` +
		`"2_a4dZYC6YymusbG18F7c1rp7pP4X59dXIWg7Px5U6g","sGfqRV1GwQHQx2FZ8iivVMcguniL8pnlSLSa5iZajGg",` +
		`"mQ4f_1WfYFupX83ZAz9Qy8tZerUpfoM9xxmgFAbOo8k"]}`
	if got := string(r.JSON()); got != want { // the bytes, not the JSON value
		t.Errorf("receipt file is %s", got)
	}

	single := receiptOf(t, attest.SuiteGM, commitments(7, 1), 0)
	assert.JSONEq(t, `{"v":1,"kind":"certificate","suite":"gm","batch":"batch-1","index":0,"size":1,"path":[]}`, string(single.JSON()))
	back, err := merkle.ParseReceipt(single.JSON())
	require.NoError(t, err)
	require.NoError(t, back.Verify(commitments(7, 1)[0], merkle.Root(attest.SuiteGM, commitments(7, 1)), 1))
}

func TestReceiptRoundTripVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawProof(t)
		r := receiptOf(t, d.suite, d.leaves, d.index)
		back, err := merkle.ParseReceipt(r.JSON())
		require.NoError(t, err)
		require.Equal(t, r, back)
		require.NoError(t, back.Verify(d.leaves[d.index], d.root, d.size))
	})
}

func TestReceiptOfAnotherLeafSizeOrBatchFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawProof(t)
		r := receiptOf(t, d.suite, d.leaves, d.index)
		stranger := commitments(rapid.Uint64().Draw(t, "stranger"), len(d.leaves)+1)

		require.Equal(t, attest.CodeReceiptPath, attest.CodeOf(r.Verify(stranger[d.size], d.root, d.size)), "another leaf")
		require.Equal(t, attest.CodeReceiptSize, attest.CodeOf(r.Verify(d.leaves[d.index], d.root, d.size+1)), "another size")
		other := merkle.Root(d.suite, stranger)
		require.Equal(t, attest.CodeReceiptPath, attest.CodeOf(r.Verify(d.leaves[d.index], other, d.size)), "another batch")

		moved := *r
		moved.Size++
		require.Error(t, moved.Verify(d.leaves[d.index], d.root, d.size))
		moved = *r
		moved.Index = d.size
		require.Equal(t, attest.CodeReceiptIndex, attest.CodeOf(moved.Verify(d.leaves[d.index], d.root, d.size)))
	})
}

func TestNewReceiptRefuses(t *testing.T) {
	tree := merkle.NewTree(attest.SuiteStd, commitments(7, 5))
	_, err := merkle.NewReceipt(attest.KindCertificate, attest.SuiteStd, "b", tree, 5)
	assert.Equal(t, attest.CodeReceiptIndex, attest.CodeOf(err))
	_, err = merkle.NewReceipt("letter", attest.SuiteStd, "b", tree, 0)
	assert.Equal(t, attest.CodeReceiptKind, attest.CodeOf(err))
	_, err = merkle.NewReceipt(attest.KindCertificate, attest.SuiteStd, "a batch", tree, 0)
	assert.Equal(t, attest.CodeReceiptFormat, attest.CodeOf(err))
}

func TestParseReceiptRefuses(t *testing.T) {
	good := string(receiptOf(t, attest.SuiteStd, commitments(7, 5), 2).JSON())
	entry := strings.Split(good, `"path":[`)[1][:45]
	swap := func(old, replacement string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, replacement, 1)
	}
	for name, c := range map[string]struct {
		in   string
		code attest.Code
	}{
		"empty":           {"", attest.CodeJSONSyntax},
		"an array":        {"[]", attest.CodeJSONType},
		"truncated":       {good[:len(good)-1], attest.CodeJSONSyntax},
		"trailing":        {good + "x", attest.CodeJSONTrailing},
		"too large":       {good + strings.Repeat(" ", 16<<10), attest.CodeJSONSize},
		"unknown member":  {swap(`"v":1,`, `"v":1,"w":1,`), attest.CodeJSONUnknown},
		"repeated member": {swap(`"v":1,`, `"v":1,"v":1,`), attest.CodeJSONDuplicate},
		"missing member":  {swap(`"index":2,`, ``), attest.CodeJSONMissing},
		"index as text":   {swap(`"index":2`, `"index":"2"`), attest.CodeJSONType},
		"version 2":       {swap(`"v":1`, `"v":2`), attest.CodeReceiptFormat},
		"version 2^32+1":  {swap(`"v":1`, `"v":4294967297`), attest.CodeReceiptFormat},
		"unknown kind":    {swap(`"certificate"`, `"letter"`), attest.CodeReceiptKind},
		"unknown suite":   {swap(`"std"`, `"md5"`), attest.CodeReceiptFormat},
		"no batch":        {swap(`"batch-1"`, `""`), attest.CodeReceiptFormat},
		"odd batch":       {swap(`"batch-1"`, `"../batch"`), attest.CodeReceiptFormat},
		"long batch":      {swap(`"batch-1"`, `"`+strings.Repeat("a", 129)+`"`), attest.CodeReceiptFormat},
		"size 0":          {swap(`"size":5`, `"size":0`), attest.CodeReceiptFormat},
		"size too large":  {swap(`"size":5`, `"size":9007199254740993`), attest.CodeReceiptFormat},
		"negative index":  {swap(`"index":2`, `"index":-1`), attest.CodeReceiptIndex},
		"index = size":    {swap(`"index":2`, `"index":5`), attest.CodeReceiptIndex},
		"short entry":     {swap(entry, `"AAAA"`), attest.CodeReceiptFormat},
		"padded entry":    {swap(entry, entry[:44]+`="`), attest.CodeReceiptFormat},
		"line break":      {swap(entry, entry[:20]+`\n`+entry[20:]), attest.CodeReceiptFormat},
		"spare bits":      {swap(entry, `"`+strings.Repeat("A", 42)+`B"`), attest.CodeReceiptFormat},
		"number as entry": {swap(entry, `1`), attest.CodeJSONType},
		"65 path entries": {swap(entry, entry+strings.Repeat(","+entry, 62)), attest.CodeReceiptFormat},
	} {
		_, err := merkle.ParseReceipt([]byte(c.in))
		assert.Equal(t, c.code, attest.CodeOf(err), name)
	}
}

func FuzzParseReceipt(f *testing.F) {
	for _, n := range []int{1, 5, 64} {
		f.Add(receiptOf(f, attest.SuiteStd, commitments(7, n), uint64(n-1)).JSON())
	}
	f.Add([]byte(fmt.Sprintf(`{"v":1,"kind":"document","suite":"gm","batch":"b","index":0,"size":%d,"path":[]}`, 1<<53)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := merkle.ParseReceipt(data)
		if err != nil {
			require.NotEqual(t, attest.CodeInternal, attest.CodeOf(err))
			return
		}
		back, err := merkle.ParseReceipt(r.JSON())
		require.NoError(t, err)
		require.Equal(t, r, back)
		require.Error(t, r.Verify([32]byte{}, [32]byte{}, r.Size), "the root of no tree is all zero")
	})
}
