package qr

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/portable"
)

// large is a text like a self-contained presentation's of that many characters, or a few more.
func large(n int) string {
	return portable.Prefix + alphanumericGroups(n)
}

// alphanumericGroups is base45 that can be read: every group of three is below 2^16.
func alphanumericGroups(n int) string {
	random := rand.New(rand.NewPCG(2, uint64(n)))
	const set = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	var b bytes.Buffer
	for b.Len() < n {
		v := random.IntN(1 << 16)
		b.Write([]byte{set[v%45], set[v/45%45], set[v/2025]})
	}
	return b.String()
}

func sheetOf(t testing.TB, text string) (Sheet, []string) {
	t.Helper()
	codes, err := Portable(text, Low)
	require.NoError(t, err)
	parts, err := portable.Split(text)
	require.NoError(t, err)
	return codes, parts
}

// TestASheetOfPartsIsRead reads all codes of one picture, up to as many as there may be.
func TestASheetOfPartsIsRead(t *testing.T) {
	reader := NewReader(1)
	for _, n := range []int{2, 3, 4, 7, 8, 12, portable.MaxParts} {
		text := large(1_660 * n)
		sheet, parts := sheetOf(t, text)
		require.Len(t, sheet, n)
		picture, err := sheet.PNG(5)
		require.NoError(t, err)
		start := time.Now()
		got, err := reader.ReadAll(t.Context(), picture, PortableEnough)
		require.NoError(t, err)
		assert.ElementsMatch(t, parts, got, "%d parts", n)
		t.Logf("%2d codes read in %v", n, time.Since(start).Round(time.Millisecond))
	}
}

func TestOneThatFitsIsOneCode(t *testing.T) {
	codes, err := Portable(large(2_300), Low)
	require.NoError(t, err)
	assert.Len(t, codes, 1)
	one, err := codes[0].PNG(4)
	require.NoError(t, err)
	got, err := NewReader(1).ReadAll(t.Context(), one, PortableEnough)
	require.NoError(t, err)
	assert.Equal(t, []string{large(2_300)}, got)
	_, err = Portable(large(30_000), Low)
	assert.Equal(t, attest.CodeQRTooLarge, attest.CodeOf(err))
}

// photograph turns a picture by twelve degrees, in grey light, with noise, as JPEG of twelve megapixels.
func photograph(t testing.TB, flat image.Image, zoom float64) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	photo := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	for i := range photo.Cb {
		photo.Cb[i], photo.Cr[i] = 128, 128
	}
	const cos, sin = 0.9781, 0.2079
	size := flat.Bounds()
	for y := range 3000 {
		for x := range 4000 {
			u, v := float64(x-2000)*zoom, float64(y-1500)*zoom
			at := image.Pt(int(u*cos+v*sin)+size.Dx()/2, int(v*cos-u*sin)+size.Dy()/2)
			light := 150 + x/100
			if at.In(size) && luminance(flat.At(at.X, at.Y)) < 128 {
				light = 50 + x/100
			}
			photo.Y[photo.YOffset(x, y)] = byte(light + random.IntN(16))
		}
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, photo, &jpeg.Options{Quality: 80}))
	return b.Bytes()
}

// TestAPhotographOfPartsIsRead photographs a sheet of three codes as it lies on a table.
func TestAPhotographOfPartsIsRead(t *testing.T) {
	sheet, parts := sheetOf(t, large(4_000))
	picture, err := sheet.PNG(8)
	require.NoError(t, err)
	flat, err := png.Decode(bytes.NewReader(picture))
	require.NoError(t, err)
	photo := photograph(t, flat, float64(flat.Bounds().Dy())/2300)
	start := time.Now()
	got, err := NewReader(1).ReadAll(t.Context(), photo, PortableEnough)
	require.NoError(t, err)
	slices.Sort(got)
	slices.Sort(parts)
	assert.Equal(t, parts, got)
	t.Logf("a photograph of %d codes, %d kB, read in %v", len(parts), len(photo)>>10, time.Since(start).Round(time.Millisecond))
}

// TestAPictureOfCornersEnds holds that a picture full of finder patterns, of which a reader compares all threes, costs seconds.
func TestAPictureOfCornersEnds(t *testing.T) {
	img := image.NewPaletted(image.Rect(0, 0, 2400, 2400), color.Palette{color.White, color.Black})
	patterns := 0
	for y := 8; y+24 < 2400; y += 24 {
		for x := 8; x+24 < 2400; x += 24 {
			patterns++
			for dy := range 14 {
				for dx := range 14 {
					if ring := max(abs(dx/2-3), abs(dy/2-3)); ring != 2 {
						img.Pix[(y+dy)*img.Stride+x+dx] = 1
					}
				}
			}
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	start := time.Now()
	_, err := NewReader(1).Read(t.Context(), b.Bytes())
	assert.Equal(t, attest.CodeQRMissing, attest.CodeOf(err))
	_, err = NewReader(1).ReadAll(context.Background(), b.Bytes(), PortableEnough)
	assert.Equal(t, attest.CodeQRMissing, attest.CodeOf(err))
	t.Logf("%d finder patterns, %d kB, given up twice within %v", patterns, b.Len()>>10, time.Since(start).Round(time.Millisecond))
	assert.Less(t, time.Since(start), time.Minute)
}

func abs(n int) int { return max(n, -n) }
