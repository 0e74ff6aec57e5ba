package qr

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
)

func alphanumeric(n int) string {
	const set = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	random := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = set[random.IntN(len(set))]
	}
	return string(b)
}

func TestWhatIsDrawnIsRead(t *testing.T) {
	reader, read := NewReader(1), 0
	for _, n := range []int{1, 12, 60, 300, 900, 1500, 2100} {
		for _, level := range []Level{Low, Medium} {
			text := alphanumeric(n)
			code, err := Encode(text, level)
			if attest.CodeOf(err) == attest.CodeQRTooLarge {
				require.Greater(t, n, 1500)
				continue
			}
			require.NoError(t, err)
			for _, scale := range []int{3, 5} {
				picture, err := code.PNG(scale)
				require.NoError(t, err)
				got, err := reader.Read(t.Context(), picture)
				require.NoError(t, err, "%d characters, version %d, scale %d", n, code.Version(), scale)
				require.Equal(t, text, got)
				read++
			}
		}
	}
	t.Logf("read %d codes", read)
	got, err := reader.Read(t.Context(), pictureOf(t, "用证码 440000"))
	require.NoError(t, err)
	assert.Equal(t, "用证码 440000", got)
}

// TestEveryDrawnCodeIsRead holds that no content defeats the reader: a drawn code is read module by module where its patterns
// mislead.
func TestEveryDrawnCodeIsRead(t *testing.T) {
	reader := NewReader(1)
	for n := 1700; n < 1760; n++ {
		code, err := Encode(alphanumeric(n), Low)
		require.NoError(t, err)
		picture, err := code.PNG(6)
		require.NoError(t, err)
		got, err := reader.Read(t.Context(), picture)
		require.NoError(t, err, n)
		require.Equal(t, alphanumeric(n), got)
	}
}

func pictureOf(t testing.TB, text string) []byte {
	t.Helper()
	code, err := Encode(text, Medium)
	require.NoError(t, err)
	picture, err := code.PNG(6)
	require.NoError(t, err)
	return picture
}

// TestAPhotographIsRead photographs a code: turned, in a dark grey room, with noise, as JPEG of twelve megapixels.
func TestAPhotographIsRead(t *testing.T) {
	text := "HZP1:" + alphanumeric(700)
	flat, err := png.Decode(bytes.NewReader(pictureOf(t, text)))
	require.NoError(t, err)
	photo := photograph(t, flat, 0.28)
	start := time.Now()
	got, err := NewReader(1).Read(t.Context(), photo)
	require.NoError(t, err)
	assert.Equal(t, text, got)
	t.Logf("a photograph of 12 megapixels, %d kB, read in %v", len(photo)>>10, time.Since(start).Round(time.Millisecond))
}

func TestGIFIsRead(t *testing.T) {
	flat, err := png.Decode(bytes.NewReader(pictureOf(t, "GIF")))
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, gif.Encode(&b, flat, nil))
	got, err := NewReader(1).Read(t.Context(), b.Bytes())
	require.NoError(t, err)
	assert.Equal(t, "GIF", got)
}

func TestSVGIsPlainXML(t *testing.T) {
	code, err := Encode("HUZHENG", Medium)
	require.NoError(t, err)
	svg := code.SVG()
	var root struct{ XMLName xml.Name }
	require.NoError(t, xml.Unmarshal(svg, &root))
	assert.Equal(t, "svg", root.XMLName.Local)
	for _, word := range []string{"script", "style", "href", "on"} {
		assert.NotContains(t, string(svg), word)
	}
	dark := 0
	code.Runs(func(_, _, n int) { dark += n })
	assert.Greater(t, dark, code.Size*code.Size/4)
}

func TestTooMuchIsRefused(t *testing.T) {
	_, err := Encode(strings.Repeat("A", 4000), Low)
	assert.Equal(t, attest.CodeQRTooLarge, attest.CodeOf(err))
	_, err = Encode(strings.Repeat("字", 4000), Low)
	assert.Equal(t, attest.CodeQRTooLarge, attest.CodeOf(err))
}

// TestHostilePicturesAreBounded holds that a picture costs no more than its header was judged to.
func TestHostilePicturesAreBounded(t *testing.T) {
	huge := bomb(t, 15_000, 15_000)
	edge := bomb(t, 20_000, 1)
	for name, c := range map[string]struct {
		data []byte
		code attest.Code
	}{
		"nothing":          {nil, attest.CodeImageFormat},
		"text":             {[]byte("HZP1:ABC"), attest.CodeImageFormat},
		"decoder's bomb":   {huge, attest.CodeImageTooLarge},
		"long edge":        {edge, attest.CodeImageTooLarge},
		"cut off":          {pictureOf(t, "A")[:60], attest.CodeImageFormat},
		"too many bytes":   {make([]byte, MaxBytes+1), attest.CodeImageTooLarge},
		"no code in there": {bomb(t, 300, 200), attest.CodeQRMissing},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := NewReader(1).Read(t.Context(), c.data)
		runtime.ReadMemStats(&after)
		assert.Equal(t, c.code, attest.CodeOf(err), name)
		if c.code == attest.CodeImageTooLarge {
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), name)
		}
	}
}

// bomb is a picture of one colour: small as a file, large once decoded.
func bomb(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.White})))
	return b.Bytes()
}

func FuzzRead(f *testing.F) {
	f.Add(pictureOf(f, "HZP1:0"))
	f.Add([]byte("GIF89a"))
	reader := NewReader(1)
	f.Fuzz(func(t *testing.T, data []byte) {
		if config, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && config.Width*config.Height > 1<<20 {
			return // large pictures are slow, and not otherwise
		}
		_, err := reader.Read(t.Context(), data)
		switch attest.CodeOf(err) {
		case "", attest.CodeImageFormat, attest.CodeImageTooLarge, attest.CodeQRMissing:
		default:
			t.Fatal(err)
		}
	})
}

// TestAFaceIsDrawnSoon holds the median, which a busy machine does not move far: it is some fifty times below the bound.
func TestAFaceIsDrawnSoon(t *testing.T) {
	const bound = 5 * time.Millisecond
	text := "HZC1:" + alphanumeric(60)
	took := make([]time.Duration, 101)
	for i := range took {
		begun := time.Now()
		code, err := Encode(text, Medium)
		require.NoError(t, err)
		require.NotEmpty(t, code.SVG())
		took[i] = time.Since(begun)
	}
	slices.Sort(took)
	t.Logf("a face is drawn in %v (median of %d)", took[50], len(took))
	assert.LessOrEqual(t, took[50], bound)
}

// BenchmarkFace is what a page of a live code shows: a handle of 128 bits, as SVG.
func BenchmarkFace(b *testing.B) {
	text := "HZC1:" + alphanumeric(60)
	for b.Loop() {
		code, _ := Encode(text, Medium)
		_ = code.SVG()
	}
}

// BenchmarkLargestFace is the largest that Encode draws.
func BenchmarkLargestFace(b *testing.B) {
	text := alphanumeric(2350)
	for b.Loop() {
		code, err := Encode(text, Low)
		if err != nil {
			b.Fatal(err)
		}
		_ = code.SVG()
	}
}
