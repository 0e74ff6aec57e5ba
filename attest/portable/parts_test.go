package portable_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/qr"
)

func encoded(t testing.TB, suite attest.Suite, fields, batch int) string {
	t.Helper()
	text, err := portable.Encode(presented(t, suite, fields, batch, true))
	require.NoError(t, err)
	return text
}

func join(parts ...string) (string, error) {
	var p portable.Parts
	for _, one := range parts {
		if err := p.Add([]byte(one)); err != nil {
			return "", err
		}
	}
	return p.Join()
}

// TestPartsGolden reads frozen parts: what was printed yesterday is read today.
func TestPartsGolden(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		name := filepath.Join("testdata", "hzp1-"+string(suite))
		whole := strings.TrimSpace(frozen(t, name+".hzp"))
		parts, err := portable.SplitInto(whole, 3)
		require.NoError(t, err)
		lines := strings.Join(parts, "\n") + "\n"
		if *rewrite {
			freeze(t, name+".parts", lines)
		}
		assert.Equal(t, frozen(t, name+".parts"), lines, "how a text is split")
		got, err := join(strings.Split(strings.TrimSpace(frozen(t, name+".parts")), "\n")...)
		require.NoError(t, err)
		assert.Equal(t, whole, got)
	}
}

// TestAnySplitJoins splits texts of any length into any number of parts, and joins them in any order, with doubles.
func TestAnySplitJoins(t *testing.T) {
	joined := 0
	rapid.Check(t, func(t *rapid.T) {
		frame := rapid.SliceOfN(rapid.Byte(), portable.MaxParts, 6_000).Draw(t, "frame")
		text := portable.Prefix + string(portable.Base45(frame))
		n := rapid.IntRange(2, portable.MaxParts).Draw(t, "parts")
		parts, err := portable.SplitInto(text, n)
		if err != nil {
			t.Fatal(err)
		}
		order := rapid.Permutation(parts).Draw(t, "order")
		order = append(order, parts[rapid.IntRange(0, n-1).Draw(t, "double")])
		var p portable.Parts
		for i, one := range order {
			if p.Whole() != (i >= n) {
				t.Fatalf("whole after %d of %d", i, n)
			}
			if err := p.Add([]byte(" " + one + "\r\n")); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := p.Join(); err != nil || got != text {
			t.Fatalf("joined %q, %v", got, err)
		}
		joined++
	})
	t.Logf("%d splits joined", joined)
}

// TestNoAlteredPartJoins changes one part anywhere: nothing but the text that was split ever comes out.
func TestNoAlteredPartJoins(t *testing.T) {
	text := encoded(t, attest.SuiteStd, 12, 4096)
	parts, err := portable.SplitInto(text, 4)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	refused := map[attest.Code]int{}
	for i := range parts {
		data, err := portable.FromBase45([]byte(parts[i][len(portable.PartPrefix):]))
		require.NoError(t, err)
		for range 2_000 {
			changed := bytes.Clone(data)
			switch at := random.IntN(len(changed)); random.IntN(4) {
			case 0:
				changed = slices.Delete(changed, at, at+1)
			case 1:
				changed = slices.Insert(changed, at, byte(random.IntN(256)))
			case 2:
				changed = changed[:at]
			default:
				changed[at] ^= byte(1 << random.IntN(8))
			}
			altered := slices.Clone(parts)
			altered[i] = portable.PartPrefix + string(portable.Base45(changed))
			if altered[i] == parts[i] { // a byte was doubled beside its like
				continue
			}
			got, err := join(altered...)
			require.Error(t, err, "part %d joined to %q", i, got)
			refused[attest.CodeOf(err)]++
		}
	}
	t.Logf("altered parts refused: %v", refused)
	assert.Greater(t, refused[attest.CodePortableFormat], 4_000)
	assert.Positive(t, refused[attest.CodePortableMixed], "the name of the whole was altered")
}

func TestPartsSayWhatIsWrong(t *testing.T) {
	a, err := portable.SplitInto(encoded(t, attest.SuiteStd, 12, 256), 4)
	require.NoError(t, err)
	b, err := portable.SplitInto(encoded(t, attest.SuiteStd, 11, 256), 4)
	require.NoError(t, err)
	_, err = join(a[0], a[1], b[2], a[3])
	assert.Equal(t, attest.CodePortableMixed, attest.CodeOf(err))
	_, err = join(a[3], a[1], a[3])
	require.Equal(t, attest.CodePortableMissing, attest.CodeOf(err))
	assert.Contains(t, err.Error(), "1, 3 / 4")
	_, err = join()
	assert.Equal(t, attest.CodePortableMissing, attest.CodeOf(err))

	head := func(index, count byte) string {
		id := sha256.Sum256(nil)
		return portable.PartPrefix + string(portable.Base45(append(append(bytes.Clone(id[:12]), index, count), "content"...)))
	}
	for name, text := range map[string]string{
		"nothing": "", "a whole": encoded(t, attest.SuiteStd, 1, 1), "only the prefix": portable.PartPrefix, "lower case": strings.ToLower(a[0]),
		"a part without content": a[0][:len(portable.PartPrefix)+21], "one of one": head(0, 1), "none of none": head(0, 0),
		"beyond the count": head(3, 3), "more than there may be": head(0, portable.MaxParts+1),
	} {
		_, err := join(text)
		assert.Equal(t, attest.CodePortableFormat, attest.CodeOf(err), name)
	}
	_, err = join(a[0] + strings.Repeat("0", 5_000))
	assert.Equal(t, attest.CodePortableTooLarge, attest.CodeOf(err))
	_, err = portable.Split(portable.Prefix + string(portable.Base45(make([]byte, 20_000))))
	assert.Equal(t, attest.CodePortableTooLarge, attest.CodeOf(err))
	_, err = portable.Split(a[0])
	assert.Equal(t, attest.CodePortableFormat, attest.CodeOf(err))

	// What was refused leaves what was there: the rest completes it.
	var p portable.Parts
	require.NoError(t, p.Add([]byte(a[2])))
	require.Error(t, p.Add([]byte(b[0])))
	require.Error(t, p.Add([]byte("HZPP1:")))
	for _, one := range a {
		require.NoError(t, p.Add([]byte(one)))
	}
	whole, err := p.Join()
	require.NoError(t, err)
	_, err = portable.Decode([]byte(whole))
	require.NoError(t, err)
	assert.True(t, portable.IsPart([]byte("\n"+a[0])))
	assert.False(t, portable.IsPart([]byte(whole)))
}

// TestWhatFitsInSeveral prints what docs/format.md says about parts, and holds its promises.
func TestWhatFitsInSeveral(t *testing.T) {
	for n := 2; n <= portable.MaxParts; n++ {
		text := portable.Prefix + string(portable.Base45(make([]byte, portable.MaxFrame(n))))
		parts, err := portable.Split(text)
		require.NoError(t, err)
		require.Len(t, parts, n, "as few as will do")
		words := ""
		for _, level := range []qr.Level{qr.Low, qr.Medium} {
			code, err := qr.Encode(parts[0], level)
			require.NoError(t, err)
			words += fmt.Sprintf(" v%d", code.Version())
		}
		t.Logf("%2d parts: up to %6d characters, QR L, M:%s", n, len(text), words)
	}
	_, err := portable.Split(portable.Prefix + string(portable.Base45(make([]byte, portable.MaxFrame(portable.MaxParts)+1))))
	assert.Equal(t, attest.CodePortableTooLarge, attest.CodeOf(err))
}

func FuzzParts(f *testing.F) {
	parts, err := portable.SplitInto(encoded(f, attest.SuiteStd, 2, 3), 3)
	require.NoError(f, err)
	f.Add(strings.Join(parts, "\n"))
	f.Add(parts[0] + "\n" + parts[0])
	f.Add("HZPP1:000")
	f.Fuzz(func(t *testing.T, lines string) {
		var p portable.Parts
		for line := range strings.SplitSeq(lines, "\n") {
			switch attest.CodeOf(p.Add([]byte(line))) {
			case "", attest.CodePortableFormat, attest.CodePortableMixed, attest.CodePortableTooLarge:
			default:
				t.Fatal("a code that Add does not name")
			}
		}
		require.LessOrEqual(t, p.Count(), portable.MaxParts)
		whole, err := p.Join()
		if err != nil {
			require.Contains(t, []attest.Code{attest.CodePortableFormat, attest.CodePortableMissing}, attest.CodeOf(err))
			return
		}
		again, err := portable.SplitInto(whole, p.Count())
		if err != nil {
			return // fewer bytes than parts
		}
		joined, err := join(again...)
		require.NoError(t, err)
		require.Equal(t, whole, joined)
	})
}
