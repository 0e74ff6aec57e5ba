package upload

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/portable"
)

// Presentation is what somebody holds: an SD-JWT, and its inclusion receipt where they have it.
type Presentation struct {
	SDJWT   []byte
	Receipt []byte
	// SelfContained says that it came as one text, which says itself what it is bound to.
	SelfContained bool
}

// Material is what was handed in, sorted.
type Material struct {
	Presentation
	Verification []byte // a verification receipt (核验回执)
	Code         string // a proof code (用证码)

	parts portable.Parts // of a presentation that several codes show
}

// Empty reports whether there is nothing to verify: an inclusion receipt alone is nothing, and so are parts of a presentation.
func (m *Material) Empty() bool {
	return len(m.SDJWT) == 0 && len(m.Verification) == 0 && m.Code == ""
}

// Lacking names the parts that are missing of a presentation that several codes show, as in "1, 3 / 4"; empty: none.
func (m *Material) Lacking() string {
	if m.parts.Count() == 0 || m.parts.Whole() {
		return ""
	}
	return m.parts.Lacking()
}

// MaxFiles bounds the files of one presentation: a picture for each of its codes, or a certificate and its receipt, and what
// was picked beside them.
const MaxFiles = portable.MaxParts + 3

// Decoder reads the codes in a photo: one at least.
type Decoder interface {
	Decode(ctx context.Context, image []byte) (texts []string, err error)
}

// Extractor takes out of a PDF what it carries.
type Extractor interface {
	Extract(pdf []byte) (*Material, error)
}

// Reader sorts. Decoder and Extractor may be nil: then no photo or PDF is read.
type Reader struct {
	Decoder   Decoder
	Extractor Extractor
	Codes     bool // short texts are proof codes
}

// maxDepth is enough for a certificate and its receipt in one object.
const maxDepth = 32

// Problem is the key of the words that say why something could not be read; empty: it was.
type Problem string

// Add sorts one file or text in. It decides by content: names and types of files are whatever somebody called them.
func (r *Reader) Add(ctx context.Context, m *Material, data []byte) Problem {
	switch { // every byte of these counts, white space at their end too
	case bytes.HasPrefix(data, []byte("%PDF-")):
		return r.addPDF(m, data)
	case strings.HasPrefix(http.DetectContentType(data), "image/"):
		return r.addImage(ctx, m, data)
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	switch {
	case len(data) == 0:
		return ""
	case data[0] == '{':
		return addJSON(m, data)
	default:
		return addPlain(m, data)
	}
}

func addPlain(m *Material, data []byte) Problem {
	switch {
	case portable.IsPart(data):
		return addParts(m, data)
	case bytes.HasPrefix(data, []byte(portable.Prefix)):
		return addPortable(m, data)
	case bytes.IndexByte(data, '~') >= 0:
		m.SDJWT = data
	case bytes.Count(data, []byte{'.'}) == 2 && !bytes.ContainsAny(data, " \r\n\t"):
		m.Verification = data
	default:
		return "upload.unknown"
	}
	return ""
}

func addPortable(m *Material, text []byte) Problem {
	p, err := portable.Decode(text)
	if err != nil {
		return "upload.self-contained"
	}
	m.Presentation = Presentation{p.SDJWT, p.Receipt, true}
	return ""
}

// addParts takes parts in, one a line. The last one that was missing makes the presentation.
func addParts(m *Material, lines []byte) Problem {
	for line := range bytes.Lines(lines) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		switch err := m.parts.Add(line); {
		case attest.CodeOf(err) == attest.CodePortableMixed:
			return "upload.parts-mixed"
		case err != nil:
			return "upload.self-contained"
		}
	}
	if !m.parts.Whole() {
		return ""
	}
	text, err := m.parts.Join()
	if err != nil {
		return "upload.self-contained"
	}
	return addPortable(m, []byte(text))
}

func (r *Reader) addPDF(m *Material, data []byte) Problem {
	if r.Extractor == nil {
		return "upload.pdf"
	}
	carried, err := r.Extractor.Extract(data)
	if err != nil {
		return "upload.pdf-empty"
	}
	*m = *carried
	return ""
}

func (r *Reader) addImage(ctx context.Context, m *Material, data []byte) Problem {
	if r.Decoder == nil {
		return "upload.image"
	}
	texts, err := r.Decoder.Decode(ctx, data)
	if err != nil || len(texts) == 0 {
		return "upload.image-empty"
	}
	return r.AddText(ctx, m, Scanned(texts))
}

// Scanned is what counts of the codes in one picture: all parts of a presentation, one a line, or else the first code.
func Scanned(texts []string) string {
	parts := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !portable.IsPart([]byte(text)) })
	if len(parts) == 0 && len(texts) > 0 {
		return texts[0]
	}
	return strings.Join(parts, "\n")
}

// maxCode is longer than any proof code, short or in a QR.
const maxCode = 512

func isPortable(text string) bool {
	return strings.HasPrefix(text, portable.Prefix) || strings.HasPrefix(text, portable.PartPrefix)
}

// AddText sorts in what a code holds, or what somebody typed: an image in an image is not looked for.
func (r *Reader) AddText(ctx context.Context, m *Material, text string) Problem {
	text = strings.TrimSpace(text)
	if r.Codes && text != "" && len(text) <= maxCode && !isPortable(text) && !strings.ContainsAny(text, "~{") {
		m.Code = text
		return ""
	}
	if strings.HasPrefix(text, "{") {
		return r.Add(ctx, m, []byte(text))
	}
	if text == "" {
		return ""
	}
	return addPlain(m, []byte(text))
}

// presentation finds the SD-JWT under the names that it has in requests and in answers.
func presentation(v attest.Value) (sdjwt []byte, ok bool) {
	for _, name := range []string{"presentation", "sdJwt"} {
		if p, ok := v.Get(name); ok && p.Kind() == attest.JSONString {
			return []byte(p.Str()), true
		}
	}
	return nil, false
}

// addJSON reads what gateways and the command line write: a certificate with its receipt, or a receipt alone.
func addJSON(m *Material, data []byte) Problem {
	v, err := attest.ParseJSON(data, attest.Limits{Bytes: len(data), Depth: maxDepth, Members: 1 << 16})
	if err != nil {
		return "upload.json"
	}
	presented, found := presentation(v)
	if found {
		m.SDJWT = presented
	}
	if r, ok := v.Get("receipt"); ok {
		if r.Kind() == attest.JSONString { // the answer of a verification
			m.Verification = []byte(r.Str())
			return ""
		}
		m.Receipt, found = r.Raw(), true
	}
	if _, ok := v.Get("batch"); ok && !found {
		m.Receipt, found = data, true
	}
	if !found {
		return "upload.json"
	}
	return ""
}
