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

const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

func TestUSCCVectors(t *testing.T) {
	var file struct {
		Valid, Invalid []struct{ Code string }
	}
	vectors.Load(t, "cn_uscc.json", &file)
	require.NotEmpty(t, file.Valid)
	require.NotEmpty(t, file.Invalid)
	for _, v := range file.Valid {
		code, err := gbt.ParseUSCC(v.Code)
		require.NoError(t, err, v.Code)
		assert.True(t, code.BodyValid(), v.Code)
		again, err := gbt.NewUSCC(v.Code[:2], code.Division(), code.Body()[:8])
		require.NoError(t, err)
		assert.Equal(t, code, again)
	}
	for _, v := range file.Invalid {
		_, err := gbt.ParseUSCC(v.Code)
		assert.Equal(t, attest.CodeUSCC, attest.CodeOf(err), v.Code)
	}
}

// The worked example of GB 32100-2015.
func TestUSCCGolden(t *testing.T) {
	check, err := gbt.USCCCheck("91350100M000100Y4")
	require.NoError(t, err)
	assert.Equal(t, "3", string(check))
	code, err := gbt.NewUSCC("91", "350100", "M000100Y")
	require.NoError(t, err)
	assert.Equal(t, gbt.USCC("91350100M000100Y43"), code)
	assert.Equal(t, "350100", code.Division())
	assert.Equal(t, "M000100Y4", code.Body())
}

func TestUSCCRefuses(t *testing.T) {
	for _, s := range []string{"", "91350100M000100Y4", "91350100M000100Y433", "91350100I000100Y43", "91050100M000100Y43", "91350100m000100y43"} {
		_, err := gbt.ParseUSCC(s)
		assert.Equal(t, attest.CodeUSCC, attest.CodeOf(err), s)
	}
}

// 31 is prime, no weight is 0 and neighbouring weights differ, so both classes of errors are always found.
func TestUSCCFindsSubstitutionsAndTranspositions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringOfN(rapid.SampledFrom([]rune(usccAlphabet)), 8, 8, 8).Draw(t, "body")
		code, err := gbt.NewUSCC("91", "440300", body)
		require.NoError(t, err)
		require.True(t, code.BodyValid())

		i := rapid.IntRange(0, 17).Draw(t, "i")
		other := rapid.SampledFrom([]byte(strings.ReplaceAll(usccAlphabet, string(code[i]), ""))).Draw(t, "other")
		_, err = gbt.ParseUSCC(string(code[:i]) + string(other) + string(code[i+1:]))
		require.Error(t, err)

		j := rapid.IntRange(0, 16).Draw(t, "j")
		if code[j] != code[j+1] {
			_, err = gbt.ParseUSCC(string(code[:j]) + string(code[j+1]) + string(code[j]) + string(code[j+2:]))
			require.Error(t, err)
		}
	})
}

func TestTypeCodeVectors(t *testing.T) {
	var file struct {
		Types                   []struct{ Code, Name string }
		CodesSeenNameNotSourced []string
	}
	vectors.Load(t, "cn_certificate_types.json", &file)
	require.NotEmpty(t, file.Types)
	for _, v := range file.Types {
		code, err := gbt.ParseTypeCode(v.Code)
		require.NoError(t, err, v.Code)
		chinese, english, ok := gbt.TypeName(code)
		require.True(t, ok, v.Code)
		assert.NotEmpty(t, english)
		plain, _, _ := strings.Cut(strings.ReplaceAll(v.Name, "(书)", "书"), " ")
		assert.Equal(t, plain, chinese)
	}
	for _, s := range file.CodesSeenNameNotSourced {
		code, err := gbt.ParseTypeCode(s)
		require.NoError(t, err, s)
		assert.Equal(t, s, string(code.Authority())+code.Serial())
		_, _, ok := gbt.TypeName(code)
		assert.False(t, ok, "a name is stated without a source")
	}
}

func TestTypeCodeRefuses(t *testing.T) {
	for _, s := range []string{"", "11100000000013338W", "11100000000013338W00A", "11100000000013338X001", "11100000000013338W0011"} {
		_, err := gbt.ParseTypeCode(s)
		assert.Equal(t, attest.CodeTypeCode, attest.CodeOf(err), s)
	}
}

func FuzzParseUSCC(f *testing.F) {
	f.Add("91350100M000100Y43")
	f.Add("A1110000600037341L")
	f.Fuzz(func(t *testing.T, s string) {
		code, err := gbt.ParseUSCC(s)
		if err != nil {
			require.Equal(t, attest.CodeUSCC, attest.CodeOf(err))
			return
		}
		require.Equal(t, s, string(code))
		check, err := gbt.USCCCheck(s[:17])
		require.NoError(t, err)
		require.Equal(t, s[17], check)
	})
}

func FuzzParseTypeCode(f *testing.F) {
	f.Add("11100000000013338W001")
	f.Fuzz(func(t *testing.T, s string) {
		code, err := gbt.ParseTypeCode(s)
		if err != nil {
			require.Equal(t, attest.CodeTypeCode, attest.CodeOf(err))
			return
		}
		require.Equal(t, s, string(code))
	})
}
