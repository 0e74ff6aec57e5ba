package qr

import (
	"image"
	"image/color"
)

// shrink makes a grey picture whose longer edge is at most edge, and tells whether it is smaller than the original. A pixel
// is the mean of those that it stands for.
func shrink(img image.Image, edge int) (small *image.Gray, shrunk bool) {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	longer := max(w, h)
	shrunk = longer > edge
	tw, th := w, h
	if shrunk {
		tw, th = max(1, w*edge/longer), max(1, h*edge/longer)
	}
	sums, counts := make([]uint32, tw), make([]uint32, tw)
	small = image.NewGray(image.Rect(0, 0, tw, th))
	grey := greyAt(img)
	for ty := range th {
		clear(sums)
		clear(counts)
		for y := ty * h / th; y < max((ty+1)*h/th, ty*h/th+1); y++ {
			for x := range w {
				tx := x * tw / w
				sums[tx] += uint32(grey(b.Min.X+x, b.Min.Y+y))
				counts[tx]++
			}
		}
		for tx := range tw {
			small.Pix[ty*small.Stride+tx] = byte(sums[tx] / max(1, counts[tx])) //nolint:gosec // a mean of bytes
		}
	}
	return small, shrunk
}

// greyAt reads brightness without making a colour of every pixel of the usual kinds.
func greyAt(img image.Image) func(x, y int) byte {
	switch m := img.(type) {
	case *image.YCbCr:
		return func(x, y int) byte { return m.Y[m.YOffset(x, y)] }
	case *image.Gray:
		return func(x, y int) byte { return m.Pix[m.PixOffset(x, y)] }
	case *image.Paletted:
		var table [256]byte
		for i, c := range m.Palette {
			table[i&0xff] = luminance(c)
		}
		return func(x, y int) byte { return table[m.Pix[m.PixOffset(x, y)]] }
	}
	return func(x, y int) byte { return luminance(img.At(x, y)) }
}

// luminance is that of the colour over white paper: a transparent margin is light.
func luminance(c color.Color) byte {
	r, g, b, a := c.RGBA()
	y := (299*r+587*g+114*b)/1000 + 0xffff - a
	return byte(min(y, 0xffff) >> 8)
}
