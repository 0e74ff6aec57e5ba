package proofcode_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/proofcode"
)

// TestGolden pins the frozen spellings.
func TestGolden(t *testing.T) {
	var handle [proofcode.HandleSize]byte
	var secret [proofcode.SecretSize]byte
	for i := range handle {
		handle[i] = byte(i*17 + 200)
	}
	for i := range secret {
		secret[i] = byte(i)
	}
	datadriven.RunTest(t, "testdata/codes", func(t *testing.T, d *datadriven.TestData) string {
		var out []string
		switch d.Cmd {
		case "short":
			out = goldenShorts(t)
		case "face":
			for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
				for _, window := range []int64{0, proofcode.WindowAt(1_790_000_000)} {
					f, err := proofcode.NewFace(suite, "440000", handle, secret, window)
					require.NoError(t, err)
					out = append(out, f.String())
				}
			}
		case "parse":
			for line := range strings.Lines(d.Input) {
				out = append(out, goldenParse(strings.TrimSuffix(line, "\n")))
			}
		default:
			require.Fail(t, d.Cmd)
		}
		return strings.Join(out, "\n") + "\n"
	})
}

func goldenShorts(t *testing.T) (out []string) {
	for _, random := range [][5]byte{{}, {1, 2, 3, 4, 5}, {255, 255, 255, 255, 255}, {0x9e, 0x37, 0x79, 0xb9, 0x7f}} {
		for _, region := range []string{"110000", "440000", "510000"} {
			s, err := proofcode.NewShort(region, random)
			require.NoError(t, err)
			out = append(out, s.String())
		}
	}
	return out
}

func goldenParse(line string) string {
	s, err := proofcode.ParseShort(line)
	if err != nil {
		return err.Error()
	}
	return s.String() + " " + s.Region()
}

func drawShort(t *rapid.T) proofcode.Short {
	var random [proofcode.RandomSize]byte
	copy(random[:], rapid.SliceOfN(rapid.Byte(), len(random), len(random)).Draw(t, "random"))
	s, err := proofcode.NewShort(rapid.SampledFrom([]string{"110000", "440000", "510000", "650000"}).Draw(t, "region"), random)
	require.NoError(t, err)
	return s
}

func TestShortCodesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShort(t)
		text := s.String()
		disguised := text
		switch rapid.IntRange(0, 3).Draw(t, "disguise") {
		case 1:
			disguised = strings.ToLower(strings.ReplaceAll(text, "-", ""))
		case 2:
			disguised = strings.Map(func(r rune) rune { return r + 0xFEE0 }, text)
		case 3:
			disguised = " " + strings.NewReplacer("0", "O", "1", "l", "-", "— ").Replace(text) + "\u3000"
		}
		got, err := proofcode.ParseShort(disguised)
		require.NoError(t, err, "%q", disguised)
		require.Equal(t, s, got)
	})
}

// TestTheCheckCharacterFindsSlips tries every single wrong character and every swap of neighbours of many codes.
func TestTheCheckCharacterFindsSlips(t *testing.T) {
	wrong, swaps, missed := 0, 0, 0
	for n := range 400 {
		s, err := proofcode.NewShort("440000", [5]byte{byte(n), byte(n * 7), byte(n * 31), byte(n * 101), byte(n * 211)})
		require.NoError(t, err)
		text := strings.ReplaceAll(s.String(), "-", "")
		for i := range text {
			wrong += refuseOthers(t, text, i)
			if i <= 2 || text[i] == text[i-1] {
				continue
			}
			swaps++
			if _, err := proofcode.ParseShort(text[:i-1] + text[i:i+1] + text[i-1:i] + text[i+1:]); err == nil {
				missed++
			}
		}
	}
	t.Logf("%d wrong characters, all found; of %d swaps %d missed", wrong, swaps, missed)
	assert.Greater(t, wrong, 100_000)
	assert.Less(t, missed*100, swaps, "fewer than one swap in a hundred is missed")
}

func refuseOthers(t *testing.T, text string, i int) (wrong int) {
	t.Helper()
	for _, c := range "0123456789ABCDEFGHJKMNPQRSTVWXYZ" {
		if slip := text[:i] + string(c) + text[i+1:]; slip != text {
			_, err := proofcode.ParseShort(slip)
			require.Error(t, err, "%s for %s", slip, text)
			wrong++
		}
	}
	return wrong
}

func TestFaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var handle [proofcode.HandleSize]byte
		var secret, other [proofcode.SecretSize]byte
		copy(handle[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "handle"))
		copy(secret[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "secret"))
		copy(other[:], secret[:])
		other[rapid.IntRange(0, 31).Draw(t, "at")] ^= 1
		now := rapid.Int64Range(0, 1<<34).Draw(t, "now")
		f, err := proofcode.NewFace(attest.SuiteStd, "510000", handle, secret, proofcode.WindowAt(now))
		require.NoError(t, err)
		got, err := proofcode.ParseFace(f.String())
		require.NoError(t, err)
		require.Equal(t, f, got)
		require.True(t, got.Genuine(attest.SuiteStd, secret))
		require.False(t, got.Genuine(attest.SuiteStd, other))
		require.False(t, got.Genuine(attest.SuiteGM, secret))
		require.True(t, got.Current(now))
		require.True(t, got.Current(now+proofcode.Window), "the one before is taken")
		require.False(t, got.Current(now+2*proofcode.Window), "a screenshot goes stale")
		got.Window++
		require.False(t, got.Genuine(attest.SuiteStd, secret), "nobody moves a face on")
	})
}

func TestAFaceFitsASmallQR(t *testing.T) {
	f, err := proofcode.NewFace(attest.SuiteStd, "440000", [16]byte{1}, [32]byte{2}, proofcode.WindowAt(1_790_000_000))
	require.NoError(t, err)
	const mode = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	for _, c := range f.String() {
		assert.Contains(t, mode, string(c), "alphanumeric mode (ISO/IEC 18004, 7.3.4)")
	}
	assert.LessOrEqual(t, len(f.String()), 90, "version 4 at level M holds 90 characters")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"44-0000-0000-0", "HZ1:44:00000000000000000000000000:0:0000000000000000", "４４　７Ｋ３Ｍ", "HZ1::::"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := proofcode.ParseShort(text); err == nil {
			again, err := proofcode.ParseShort(s.String())
			require.NoError(t, err)
			require.Equal(t, s, again)
		}
		if face, err := proofcode.ParseFace(text); err == nil {
			require.Equal(t, text, face.String(), "one spelling")
		}
	})
}
