package qr

import (
	"cmp"
	"context"
	"image"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/multi/qrcode/detector"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	single "github.com/makiuchi-d/gozxing/qrcode/detector"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Bounds of what is tried in a picture of many codes.
const (
	maxCentres = 256   // finder patterns: any three of them may be a code's corners, and all threes are looked at
	maxCorners = 3_000 // threes that have a code's form and are read
)

// ReadAll finds the QR codes in a picture, in no order, until enough is satisfied with the texts so far. It takes as many
// looks at a picture as Read does, and returns what it found. Errors: those of Read.
func (r *Reader) ReadAll(ctx context.Context, picture []byte, enough func(texts []string) bool) ([]string, error) {
	var texts []string
	err := r.look(ctx, picture, func(img image.Image) bool {
		if text, ok := find(img); ok {
			texts = add(texts, text)
		}
		if len(texts) > 0 && enough(texts) {
			return true
		}
		texts = findAll(ctx, img, texts)
		return len(texts) > 0 && enough(texts)
	})
	if len(texts) > 0 && attest.CodeOf(err) == attest.CodeQRMissing {
		err = nil
	}
	return texts, err
}

func add(texts []string, text string) []string {
	if slices.Contains(texts, text) {
		return texts
	}
	return append(texts, text)
}

// findAll adds the texts of all codes that it finds, first as in a photograph and then as in a screenshot.
func findAll(ctx context.Context, img image.Image, texts []string) (out []string) {
	out = texts
	defer func() { _ = recover() }() // as in find; what was found before stays
	source := gozxing.NewLuminanceSourceFromImage(img)
	for _, binarizer := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source)} {
		matrix, err := binarizer.GetBlackMatrix()
		if err != nil {
			continue
		}
		decodeAll(ctx, matrix, func(text string) { out = add(out, text) })
	}
	return out
}

// decodeAll tries threes of finder patterns that have a code's form, the closest first; each pattern is of one code only.
func decodeAll(ctx context.Context, matrix *gozxing.BitMatrix, found func(text string)) {
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	corners, err := detector.NewMultiFinderPatternFinder(matrix, bounded()).FindMulti(hints)
	if err != nil {
		return
	}
	slices.SortStableFunc(corners, func(a, b *single.FinderPatternInfo) int { return cmp.Compare(span(a), span(b)) })
	used := map[*single.FinderPattern]bool{}
	detect, decode := single.NewDetector(matrix), decoder.NewDecoder()
	for _, c := range corners[:min(len(corners), maxCorners)] {
		if ctx.Err() != nil {
			return
		}
		if used[c.GetTopLeft()] || used[c.GetTopRight()] || used[c.GetBottomLeft()] {
			continue
		}
		result, err := detect.ProcessFinderPatternInfo(c)
		if err != nil {
			continue
		}
		code, err := decode.Decode(result.GetBits(), hints)
		if err != nil {
			continue
		}
		used[c.GetTopLeft()], used[c.GetTopRight()], used[c.GetBottomLeft()] = true, true, true
		found(code.GetText())
	}
}

// span is how far apart a code's corners are.
func span(c *single.FinderPatternInfo) float64 {
	return gozxing.ResultPoint_Distance(c.GetTopRight(), c.GetBottomLeft())
}

// bounded ends a search, by a panic that its caller takes for nothing found, where a picture is full of finder patterns: the
// library compares all threes of them, which a hostile picture makes last for hours.
func bounded() gozxing.ResultPointCallback {
	points := 0
	return func(gozxing.ResultPoint) {
		if points++; points > maxCentres {
			panic("a picture of finder patterns")
		}
	}
}
