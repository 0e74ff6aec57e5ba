package qr

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	_ "image/gif"  // the forms that a photograph or a screenshot comes in
	_ "image/jpeg" // likewise
	_ "image/png"  // likewise

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Bounds of a picture. A telephone's photograph has 12 megapixels.
const (
	MaxBytes  = 8 << 20
	maxPixels = 16 << 20
	maxDeep   = 4 << 20 // pixels of more than 8 bits a channel
	maxEdge   = 1 << 14
)

// edges are the sizes, the longer edge in pixels, that a picture is looked at in, one after the other: small ones are
// quicker and have less noise, large ones show more modules.
var edges = [...]int{900, 1800, 3000}

// Reader reads QR codes in pictures, few at once: a picture of a few kilobytes may take 64 megabytes to decode. Safe for
// concurrent use.
type Reader struct{ slots chan struct{} }

// NewReader makes a reader that works on at most parallel pictures at once.
func NewReader(parallel int) *Reader { return &Reader{slots: make(chan struct{}, max(1, parallel))} }

// Read finds a QR code in a PNG, JPEG or GIF picture. It waits for its turn until ctx is done. Errors: IMAGE_FORMAT,
// IMAGE_TOO_LARGE, QR_MISSING; TIMEOUT.
func (r *Reader) Read(ctx context.Context, picture []byte) (text string, err error) {
	err = r.look(ctx, picture, func(img image.Image) (ok bool) {
		text, ok = find(img)
		return ok
	})
	return text, err
}

// look shows the picture in one size after the other until seen is satisfied. Errors: those of Read.
func (r *Reader) look(ctx context.Context, picture []byte, seen func(img image.Image) bool) error {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return attest.Errorf(attest.CodeTimeout, "no turn to read a picture came in time")
	}
	img, err := decode(picture)
	if err != nil {
		return err
	}
	for _, edge := range edges {
		if ctx.Err() != nil {
			return attest.Errorf(attest.CodeTimeout, "there was no time to look at the whole picture")
		}
		small, shrunk := shrink(img, edge)
		if seen(small) {
			return nil
		}
		if !shrunk {
			break
		}
	}
	return attest.Errorf(attest.CodeQRMissing, "no QR code was found in the picture")
}

// decode looks at the picture's header before it decodes a pixel.
func decode(picture []byte) (img image.Image, err error) {
	if len(picture) > MaxBytes {
		return nil, attest.Errorf(attest.CodeImageTooLarge, "the picture has %d bytes, the limit is %d", len(picture), MaxBytes)
	}
	defer func() { // decoders of the standard library do not panic; a server does not rest on it
		if recover() != nil {
			img, err = nil, attest.Errorf(attest.CodeImageFormat, "the picture cannot be decoded")
		}
	}()
	if err := checkHeader(picture); err != nil {
		return nil, err
	}
	img, _, err = image.Decode(bytes.NewReader(picture))
	if err != nil || img.Bounds().Empty() {
		return nil, attest.Errorf(attest.CodeImageFormat, "the picture cannot be decoded")
	}
	return img, nil
}

// checkHeader bounds what decoding will take: the decoders of the standard library make what the header says and no more.
func checkHeader(picture []byte) error {
	config, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return attest.Errorf(attest.CodeImageFormat, "the picture is none of PNG, JPEG and GIF")
	}
	limit := maxPixels
	switch config.ColorModel {
	case color.Gray16Model, color.RGBA64Model, color.NRGBA64Model:
		limit = maxDeep
	}
	if max(config.Width, config.Height) > maxEdge || config.Width*config.Height > limit {
		return attest.Errorf(attest.CodeImageTooLarge, "the picture has %d × %d pixels", config.Width, config.Height)
	}
	return nil
}

// find looks for a code, first as a photograph with shadows, then as a clean screenshot.
func find(img image.Image) (text string, ok bool) {
	defer func() {
		if recover() != nil { // a damaged code can lead the library out of bounds
			text, ok = "", false
		}
	}()
	source := gozxing.NewLuminanceSourceFromImage(img)
	for _, look := range []struct {
		binarizer gozxing.Binarizer
		hint      gozxing.DecodeHintType
	}{
		{gozxing.NewHybridBinarizer(source), gozxing.DecodeHintType_TRY_HARDER},
		{gozxing.NewGlobalHistgramBinarizer(source), gozxing.DecodeHintType_TRY_HARDER},
		{gozxing.NewGlobalHistgramBinarizer(source), gozxing.DecodeHintType_PURE_BARCODE}, // drawn, not photographed: module by module
	} {
		bitmap, err := gozxing.NewBinaryBitmap(look.binarizer)
		if err != nil {
			return "", false
		}
		result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{look.hint: true,
			gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK: bounded()})
		var exception gozxing.ReaderException
		switch {
		case err == nil:
			return result.GetText(), true
		case !errors.As(err, &exception):
			return "", false
		}
	}
	return "", false
}
