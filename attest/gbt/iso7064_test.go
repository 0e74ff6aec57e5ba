package gbt_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/vectors"
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func TestMod3736Vectors(t *testing.T) {
	var file struct {
		Cases []struct{ In, Check string }
	}
	vectors.Load(t, "iso7064_mod37_36.json", &file)
	require.NotEmpty(t, file.Cases)
	for _, c := range file.Cases {
		got, err := gbt.Mod3736(c.In)
		require.NoError(t, err, c.In)
		assert.Equal(t, c.Check, string(got), c.In)
	}
}

// The worked example of the GRid standard.
func TestMod3736Golden(t *testing.T) {
	got, err := gbt.Mod3736("A12425GABC1234002")
	require.NoError(t, err)
	assert.Equal(t, "M", string(got))
}

func TestMod3736RefusesOtherInput(t *testing.T) {
	for _, in := range []string{"", "a", "12.3", "1 2", "证", "12\x00"} {
		_, err := gbt.Mod3736(in)
		assert.Equal(t, attest.CodeCheckInput, attest.CodeOf(err), "%q", in)
	}
}

func TestMod3736FindsEverySubstitution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[0-9A-Z]{1,60}`).Draw(t, "s")
		want, err := gbt.Mod3736(s)
		require.NoError(t, err)
		i := rapid.IntRange(0, len(s)-1).Draw(t, "i")
		other := rapid.SampledFrom([]byte(strings.ReplaceAll(alphabet, s[i:i+1], ""))).Draw(t, "other")
		got, err := gbt.Mod3736(s[:i] + string(other) + s[i+1:])
		require.NoError(t, err)
		require.NotEqual(t, want, got)
	})
}

// A prefix of one character brings the computation into each of its 36 states, so this is every transposition there
// is. Exactly one pair of neighbouring values escapes in each state.
func TestMod3736Transpositions(t *testing.T) {
	escaped, all := 0, 0
	for _, p := range alphabet {
		for i, a := range alphabet {
			for _, b := range alphabet[:i] {
				one, err := gbt.Mod3736(string([]rune{p, a, b}))
				require.NoError(t, err)
				two, err := gbt.Mod3736(string([]rune{p, b, a}))
				require.NoError(t, err)
				all++
				if one == two {
					escaped++
				}
			}
		}
	}
	assert.Equal(t, 36, escaped)
	assert.Equal(t, 22680, all)
}
