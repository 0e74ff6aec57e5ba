// Package qrtest draws presentations in several codes for tests.
package qrtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/qr"
)

// Parts is a self-contained presentation in parts, also one that fits a single code.
type Parts struct {
	Texts    []string
	Pictures [][]byte // PNG, of each part's code
	Sheet    []byte   // PNG, of all codes
}

// PartsOf splits a presentation and draws its parts.
func PartsOf(t testing.TB, text string) *Parts {
	t.Helper()
	texts, err := portable.Split(text)
	require.NoError(t, err)
	p := &Parts{Texts: texts}
	var sheet qr.Sheet
	for _, part := range texts {
		code, err := qr.Encode(part, qr.Low)
		require.NoError(t, err)
		sheet = append(sheet, code)
		picture, err := code.PNG(pixels)
		require.NoError(t, err)
		p.Pictures = append(p.Pictures, picture)
	}
	p.Sheet, err = sheet.PNG(pixels)
	require.NoError(t, err)
	return p
}

// pixels a module.
const pixels = 4
