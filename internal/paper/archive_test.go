package paper_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/paper"
)

// bothPrints has one print of each kind.
func bothPrints(t testing.TB) map[string][]byte {
	t.Helper()
	certificate, err := printer(t).Certificate(certificate(t))
	require.NoError(t, err)
	receipt, err := printer(t).Receipt(&paper.Receipt{JWS: verification(t), TypeName: "二级建造师注册证书", Printed: printed})
	require.NoError(t, err)
	return map[string][]byte{"certificate": certificate, "receipt": receipt}
}

// TestWhatWasPrintedYesterdayIsRead reads a file of the form that was written before there were associated files.
func TestWhatWasPrintedYesterdayIsRead(t *testing.T) {
	pdf, err := os.ReadFile(filepath.Join("testdata", "paper-1-receipt.pdf"))
	require.NoError(t, err)
	a, err := paper.Extract(pdf)
	require.NoError(t, err)
	require.Empty(t, a.Presentation)
	sum := sha256.Sum256(a.Verification)
	assert.Equal(t, "e79e7e57c1139372f645d91941f872203d8335a248b3727fac0da2b863b9a40d", hex.EncodeToString(sum[:]))
}

// TestAPrintIsFitForAnArchive holds what ISO 19005-3 asks of a file and an attached one, as far as it can be seen in the bytes.
func TestAPrintIsFitForAnArchive(t *testing.T) {
	for name, pdf := range bothPrints(t) {
		text := string(pdf)
		for _, want := range []string{
			`^%PDF-1\.7\n%\x{c2}\x{b5}\x{c2}\x{b6}\n`,                  // 6.1.2: a comment of four bytes above 127
			`/ID \[<[0-9A-F]{32}> <[0-9A-F]{32}>\]\n>>\nstartxref`,     // 6.1.3
			`/Type /Catalog\n/AF \[4 0 R\]\n`,                          // 6.8: the file is associated with the document
			`/Type /EmbeddedFile /Subtype /application#2Fjson /Length`, // 6.8: its media type
			`/Params << /ModDate \(D:20260701020304Z\) /CheckSum`,      // 6.8: when it was written
			`/Type /Filespec /F \(huzheng\.json\) /UF \(`,              // 6.8: both names
			`/AFRelationship /Source /EF << /F 3 0 R >> /Desc \(`,      // 6.8: what it is to the document, and a description
			`/OutputIntents \[\n<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier \(sRGB\) /Info \([^)]+\) /DestOutputProfile \d+ 0 R >>`,
			`/Lang \(zh-CN\)`,
			`/Metadata \d+ 0 R`,
			`/CreationDate \(D:20260701020304Z\)\n/ModDate \(D:20260701020304Z\)`,
		} {
			assert.True(t, regexp.MustCompile(want).MatchString(latin1(text)), "%s: %s", name, want)
		}
		for _, never := range []string{"/Encrypt", "/JavaScript", "/LZWDecode", "/Type1", "/URI", "/Launch", "/FFilter"} {
			assert.NotContains(t, text, never, name)
		}
		begin, end := strings.Index(text, "<?xpacket begin"), strings.Index(text, `<?xpacket end="w"?>`)
		require.Positive(t, begin)
		require.Greater(t, end, begin)
		d := xml.NewDecoder(strings.NewReader(text[begin:end]))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
		}
		assert.Contains(t, text[begin:end], "<xmp:CreateDate>2026-07-01T02:03:04Z</xmp:CreateDate>")
		assert.NotContains(t, text[begin:end], "pdfaid", "no conformance is claimed that no validator has confirmed")
	}
}

// latin1 makes a byte a rune, so that an expression can name bytes.
func latin1(s string) string {
	out := make([]rune, len(s))
	for i := range len(s) {
		out[i] = rune(s[i])
	}
	return string(out)
}

// TestOthersFindNothingWrong has other programs check the file, its fonts and its attachment.
func TestOthersFindNothingWrong(t *testing.T) {
	for name, pdf := range bothPrints(t) {
		fonts := strings.Split(strings.TrimSpace(tool(t, pdf, "pdffonts", "FILE")), "\n")
		require.Greater(t, len(fonts), 3, "two fonts beneath the head")
		for _, line := range fonts[2:] {
			assert.Regexp(t, `CID TrueType +Identity-H +yes `, line, "%s: embedded", name)
		}
		out := filepath.Join(t.TempDir(), "attached")
		tool(t, pdf, "pdfdetach", "-save", "1", "-o", out, "FILE")
		attached, err := os.ReadFile(out)
		require.NoError(t, err)
		a, err := paper.Extract(pdf)
		require.NoError(t, err)
		assert.Equal(t, string(a.JSON()), string(attached))
		said := tool(t, pdf, "qpdf", "--check", "FILE")
		assert.Contains(t, said, "No syntax or stream encoding errors found", name)
		assert.Contains(t, tool(t, pdf, "qpdf", "--list-attachments", "--verbose", "FILE"), "application/json")
	}
}

// TestTheColourProfileIsWhole reads the profile as ICC.1 lays it out.
func TestTheColourProfileIsWhole(t *testing.T) {
	p := paper.ColourProfile()
	number := func(at int) int { return int(p[at])<<24 | int(p[at+1])<<16 | int(p[at+2])<<8 | int(p[at+3]) }
	require.Equal(t, len(p), number(0))
	assert.Equal(t, "mntrRGB XYZ ", string(p[12:24]))
	assert.Equal(t, "acsp", string(p[36:40]))
	seen := map[string]bool{}
	for i := range number(128) {
		entry := 132 + 12*i
		at, size := number(entry+4), number(entry+8)
		require.LessOrEqual(t, at+size, len(p))
		require.Zero(t, at%4)
		seen[string(p[entry:entry+4])+" "+string(bytes.TrimRight(p[at:at+4], " "))] = true
	}
	for _, want := range []string{"desc desc", "cprt text", "wtpt XYZ", "rXYZ XYZ", "gXYZ XYZ", "bXYZ XYZ", "rTRC curv", "gTRC curv", "bTRC curv"} {
		assert.True(t, seen[want], want)
	}
	for i := range 3 { // the primaries of the space add up to its white
		sum, white := 0, 0
		for tag := range number(128) {
			entry := 132 + 12*tag
			switch name := string(p[entry : entry+4]); name {
			case "wtpt":
				white = number(number(entry+4) + 8 + 4*i)
			case "rXYZ", "gXYZ", "bXYZ":
				sum += number(number(entry+4) + 8 + 4*i)
			}
		}
		assert.InDelta(t, white, sum, 20, fmt.Sprint("coordinate ", i))
	}
}
