package public

import (
	"bytes"
	"net/http"

	"github.com/huzheng-ledger/huzheng/attest"
)

// material is what was handed in, sorted.
type material struct {
	Presentation
	receiptJWS []byte // a verification receipt
	code       string // a proof code
}

func (m *material) empty() bool {
	return len(m.SDJWT) == 0 && len(m.receiptJWS) == 0 && m.code == ""
}

// maxDepth is enough for a certificate and its receipt in one object.
const maxDepth = 32

// problem is the key of the words that say why something could not be read.
type problem string

// add sorts one file or text in. It decides by content: names and types of files are whatever somebody called them.
func (s *section) add(m *material, data []byte) problem {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	switch {
	case len(data) == 0:
		return ""
	case bytes.HasPrefix(data, []byte("%PDF-")):
		return s.addPDF(m, data)
	case bytes.HasPrefix([]byte(http.DetectContentType(data)), []byte("image/")):
		return s.addImage(m, data)
	case data[0] == '{':
		return addJSON(m, data)
	case bytes.IndexByte(data, '~') >= 0:
		m.SDJWT = data
		return ""
	case bytes.Count(data, []byte{'.'}) == 2 && !bytes.ContainsAny(data, " \r\n\t"):
		m.receiptJWS = data
		return ""
	default:
		return "public.read.unknown"
	}
}

func (s *section) addPDF(m *material, data []byte) problem {
	if s.Extractor == nil {
		return "public.read.pdf"
	}
	p, err := s.Extractor.Extract(data)
	if err != nil {
		return "public.read.pdf-empty"
	}
	m.Presentation = p
	return ""
}

func (s *section) addImage(m *material, data []byte) problem {
	if s.Decoder == nil {
		return "public.read.image"
	}
	text, err := s.Decoder.Decode(data)
	if err != nil {
		return "public.read.image-empty"
	}
	return s.addText(m, text)
}

// addText sorts in what a code holds, or what somebody typed: an image in an image is not looked for.
func (s *section) addText(m *material, text string) problem {
	if s.Redeemer != nil && len(text) <= maxCode && bytes.IndexByte([]byte(text), '~') < 0 {
		m.code = text
		return ""
	}
	if len(text) > 0 && text[0] != '{' && bytes.IndexByte([]byte(text), '~') < 0 && bytes.Count([]byte(text), []byte{'.'}) != 2 {
		return "public.read.unknown"
	}
	return s.add(m, []byte(text))
}

// maxCode is longer than any proof code, short or in a QR.
const maxCode = 512

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
func addJSON(m *material, data []byte) problem {
	v, err := attest.ParseJSON(data, attest.Limits{Bytes: len(data), Depth: maxDepth, Members: 1 << 16})
	if err != nil {
		return "public.read.json"
	}
	presented, found := presentation(v)
	if found {
		m.SDJWT = presented
	}
	if r, ok := v.Get("receipt"); ok {
		if r.Kind() == attest.JSONString { // the answer of a verification
			m.receiptJWS = []byte(r.Str())
			return ""
		}
		m.Receipt, found = r.Raw(), true
	}
	if _, ok := v.Get("batch"); ok && !found {
		m.Receipt, found = data, true
	}
	if !found {
		return "public.read.json"
	}
	return ""
}
