package gbt_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/vectors"
)

func TestCitizenNumberVectors(t *testing.T) {
	var file struct {
		StandardExamplesOnly, Invalid []string
	}
	vectors.Load(t, "cn_resident_id.json", &file)
	require.NotEmpty(t, file.StandardExamplesOnly)
	require.NotEmpty(t, file.Invalid)
	for _, s := range file.StandardExamplesOnly {
		n, err := gbt.ParseCitizenNumber(s)
		require.NoError(t, err)
		assert.Equal(t, s, n.Text())
	}
	for _, s := range file.Invalid {
		_, err := gbt.ParseCitizenNumber(s)
		assert.Equal(t, attest.CodeCitizenNumber, attest.CodeOf(err))
	}
}

// The two example numbers of GB 11643.
func TestCitizenNumberGolden(t *testing.T) {
	n, err := gbt.ParseCitizenNumber("11010519491231002X")
	require.NoError(t, err)
	assert.Equal(t, "110105", n.Area())
	assert.Equal(t, time.Date(1949, 12, 31, 0, 0, 0, 0, time.UTC), n.Birth())
	assert.True(t, n.Female())
	assert.False(t, n.Synthetic())
	assert.Equal(t, 76, n.Age(time.Date(2026, 12, 30, 23, 0, 0, 0, time.UTC)))
	assert.Equal(t, 77, n.Age(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)))

	n, err = gbt.ParseCitizenNumber("440524188001010014")
	require.NoError(t, err)
	assert.False(t, n.Female())
}

func TestCitizenNumberRefuses(t *testing.T) {
	for name, s := range map[string]string{
		"empty":         "",
		"17":            "11010519491231002",
		"lower case x":  "11010519491231002x",
		"30 February":   "999999199002300017",
		"month 13":      "999999199013010010",
		"letter inside": "1101051949123100AX",
		"area 000000":   "000000194912310022",
		"full width":    "１１０１０５",
	} {
		_, err := gbt.ParseCitizenNumber(s)
		assert.Equal(t, attest.CodeCitizenNumber, attest.CodeOf(err), name)
	}
}

func drawCitizen(t *rapid.T) gbt.CitizenNumber {
	day := time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 36000).Draw(t, "day"))
	n, err := gbt.NewCitizenNumber(fmt.Sprintf("%s%s%03d", gbt.SyntheticArea, day.Format("20060102"), rapid.IntRange(0, 999).Draw(t, "seq")))
	require.NoError(t, err)
	require.Equal(t, day, n.Birth())
	require.True(t, n.Synthetic())
	return n
}

// MOD 11-2 finds both classes of errors always (ISO 7064).
func TestCitizenNumberFindsSubstitutionsAndTranspositions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawCitizen(t).Text()
		i := rapid.IntRange(0, 17).Draw(t, "i")
		other := rapid.SampledFrom([]byte(strings.ReplaceAll("0123456789X", s[i:i+1], ""))).Draw(t, "other")
		_, err := gbt.ParseCitizenNumber(s[:i] + string(other) + s[i+1:])
		require.Error(t, err)

		j := rapid.IntRange(0, 16).Draw(t, "j")
		if s[j] != s[j+1] {
			_, err := gbt.ParseCitizenNumber(s[:j] + string(s[j+1]) + string(s[j]) + s[j+2:])
			require.Error(t, err)
		}
	})
}

func TestCitizenNumberNeverLeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawCitizen(t)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			require.NotContains(t, fmt.Sprintf(verb, n), n.Text()[6:14])
		}
		for _, s := range []string{n.Text()[:17] + "?", n.Text()[:6] + "1990" + n.Text()[10:12] + "32" + n.Text()[14:]} {
			_, err := gbt.ParseCitizenNumber(s)
			require.Error(t, err)
			require.NotContains(t, err.Error(), s[6:14])
		}
	})
}

func FuzzParseCitizenNumber(f *testing.F) {
	f.Add("11010519491231002X")
	f.Add("440524188001010014")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := gbt.ParseCitizenNumber(s)
		if err != nil {
			require.Equal(t, attest.CodeCitizenNumber, attest.CodeOf(err))
			return
		}
		require.Equal(t, s, n.Text())
		require.Equal(t, s[6:14], n.Birth().Format("20060102"))
	})
}
