package importer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
)

func TestJournalResumesBehindTheLastWholeChunk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.csv.journal")
	head := Head{Version: 1, Digest: "d", Type: "t", Authority: "a", Chunk: 2}
	j, err := OpenJournal(path, head)
	require.NoError(t, err)
	require.NoError(t, j.Chunk(3, []Issued{{Line: 2, ID: "x"}, {Line: 3, ID: "y"}}, []Refusal{refuse(4, "c", attest.CodeUSCC)}))
	require.NoError(t, j.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)

	j, err = OpenJournal(path, head)
	require.NoError(t, err)
	require.NoError(t, j.Chunk(1, []Issued{{Line: 5, ID: "z"}}, nil))
	require.NoError(t, j.Close())
	longer, err := os.ReadFile(path)
	require.NoError(t, err)

	// A crash may leave any beginning of what was being written.
	for cut := len(whole); cut < len(longer); cut++ {
		require.NoError(t, os.WriteFile(path, longer[:cut], 0o600))
		j, err := OpenJournal(path, head)
		require.NoError(t, err, "cut at %d", cut)
		assert.Equal(t, Done{Chunks: 1, Rows: 3, Issued: 2, Refused: 1}, j.Done())
		require.NoError(t, j.Close())
		kept, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, whole, kept)
	}
}

func TestJournalRefusesOtherWork(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.csv.journal")
	head := Head{Version: 1, Digest: "d", Chunk: 2}
	j, err := OpenJournal(path, head)
	require.NoError(t, err)
	require.NoError(t, j.Close())
	for says, change := range map[string]func(*Head){
		"content":    func(h *Head) { h.Digest = "another" },
		"network":    func(h *Head) { h.Network = "another" },
		"gateway":    func(h *Head) { h.Gateway = "another" },
		"authority":  func(h *Head) { h.Authority = "another" },
		"type":       func(h *Head) { h.Type = "another" },
		"chunk size": func(h *Head) { h.Chunk++ },
		"version":    func(h *Head) { h.Version++ },
	} {
		other := head
		change(&other)
		_, err = OpenJournal(path, other)
		require.Equal(t, attest.CodeCSVChanged, attest.CodeOf(err), says)
		require.ErrorContains(t, err, says)
	}
	require.NoError(t, os.WriteFile(path, []byte("not a journal\n"), 0o600))
	_, err = OpenJournal(path, head)
	assert.Equal(t, attest.CodeCSVHeader, attest.CodeOf(err))
}

func TestReports(t *testing.T) {
	name := filepath.Join(t.TempDir(), "t.csv")
	j, err := OpenJournal(name+".journal", Head{Version: 1})
	require.NoError(t, err)
	defer func() { assert.NoError(t, j.Close()) }()
	reports := ReportsOf(name)
	require.NoError(t, os.WriteFile(reports.Refused, []byte("of an earlier table"), 0o600))
	written, err := reports.Write(j)
	require.NoError(t, err)
	assert.Equal(t, Reports{Issued: reports.Issued}, written)
	assert.FileExists(t, reports.Issued)
	assert.NoFileExists(t, reports.Refused, "nothing was refused")
	assert.NoFileExists(t, reports.RefusedJSON)

	require.NoError(t, j.Chunk(2, []Issued{{Line: 2, ID: "x", StatusIndex: 7}}, []Refusal{refuse(3, "持证主体", attest.CodeCSVValueMissing)}))
	written, err = reports.Write(j)
	require.NoError(t, err)
	assert.Equal(t, reports, written)
	refused, err := os.ReadFile(reports.Refused)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(refused), "\ufeff行号"), "Excel needs the mark")
	assert.Contains(t, string(refused), "3,持证主体,CSV_VALUE_MISSING,必填项为空,a mandatory value is empty\r\n")
	issued, err := os.ReadFile(reports.Issued)
	require.NoError(t, err)
	assert.Contains(t, string(issued), "2,x,0,7\r\n")
	var list []Refusal
	text, err := os.ReadFile(reports.RefusedJSON)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &list))
	assert.Len(t, list, 1)
}
