package demo

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNoticeIsAPDF follows the file as a reader does: from its end to the cross-reference table to every object.
func TestNoticeIsAPDF(t *testing.T) {
	pdf := notice(`a (synthetic) \ line`)
	assert.True(t, bytes.HasPrefix(pdf, []byte("%PDF-1.4\n")))
	end := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(pdf)
	require.NotNil(t, end)
	start, err := strconv.Atoi(string(end[1]))
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(pdf[start:], []byte("xref\n0 6\n")))
	entries := regexp.MustCompile(`(\d{10}) 00000 n \n`).FindAllSubmatch(pdf[start:], -1)
	require.Len(t, entries, 5)
	for i, e := range entries {
		at, err := strconv.Atoi(string(e[1]))
		require.NoError(t, err)
		assert.True(t, bytes.HasPrefix(pdf[at:], fmt.Appendf(nil, "%d 0 obj\n", i+1)), "object %d", i+1)
	}
	stream := regexp.MustCompile(`(?s)/Length (\d+) >>\nstream\n(.*)\nendstream`).FindSubmatch(pdf)
	require.NotNil(t, stream)
	assert.Equal(t, string(stream[1]), strconv.Itoa(len(stream[2])))
	assert.Contains(t, string(stream[2]), `(a \(synthetic\) \\ line)`)
}
