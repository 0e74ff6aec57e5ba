package paper

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/huzheng-ledger/huzheng/attest"
)

// FontEnv names a font file, where the search would find none or another one.
const FontEnv = "HUZHENG_FONT"

// fontFiles are where distributions put TrueType fonts with Chinese glyphs. Collections (.ttc) and CFF outlines (.otf, Noto and
// Source Han) cannot be subset by the library that writes our PDFs.
var fontFiles = [...]string{
	"/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", // Debian: fonts-droid-fallback
	"/usr/share/fonts/google-droid-sans-fonts/DroidSansFallbackFull.ttf",
	"/usr/share/fonts/google-droid/DroidSansFallback.ttf",
	"/usr/share/fonts/droid/DroidSansFallbackFull.ttf",
	"/usr/share/fonts/TTF/DroidSansFallbackFull.ttf",
	"/usr/share/fonts/truetype/arphic-gbsn00lp/gbsn00lp.ttf", // Debian: fonts-arphic-gbsn00lp
	"/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
	`C:\Windows\Fonts\simhei.ttf`,
	`C:\Windows\Fonts\simkai.ttf`,
}

const maxFont = 64 << 20

// findFont reads the named font, or that of the environment, or the first that is found. Errors: FONT_MISSING.
func findFont(named string) ([]byte, error) {
	if named = cmp.Or(named, os.Getenv(FontEnv)); named != "" {
		return readFont(named)
	}
	for _, file := range fontFiles {
		font, err := readFont(file)
		if err == nil {
			return font, nil
		}
	}
	return nil, attest.Errorf(attest.CodeFontMissing,
		"no TrueType font with Chinese glyphs: install fonts-droid-fallback (Debian, Ubuntu) or name a .ttf file in %s", FontEnv)
}

func readFont(name string) ([]byte, error) {
	file, err := os.Open(name) //nolint:gosec // the operator's own file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, attest.Errorf(attest.CodeFontMissing, "there is no file %s", name)
	}
	if err != nil {
		return nil, attest.Errorf(attest.CodeFontMissing, "the font cannot be read: %v", err)
	}
	defer func() { _ = file.Close() }()
	font, err := io.ReadAll(io.LimitReader(file, maxFont))
	if err != nil {
		return nil, attest.Errorf(attest.CodeFontMissing, "the font cannot be read: %v", err)
	}
	if !bytes.HasPrefix(font, []byte{0, 1, 0, 0}) && !bytes.HasPrefix(font, []byte("true")) {
		return nil, attest.Errorf(attest.CodeFontMissing, "%s is no TrueType font (collections and OpenType CFF cannot be used)", name)
	}
	return font, nil
}
