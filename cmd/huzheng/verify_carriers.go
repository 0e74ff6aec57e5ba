package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/offline"
	"github.com/huzheng-ledger/huzheng/internal/paper"
	"github.com/huzheng-ledger/huzheng/internal/qr"
)

// What a presentation or receipt was found in, beside a file of its own.
const (
	carrierPDF      = "pdf_attachment"
	carrierPortable = "self_contained"
	carrierPicture  = "qr_picture"
)

// unpack takes out of a PDF, a self-contained presentation or a picture what is to be judged. A file that was recorded as a
// document, by its salt, stays one.
func (i *item) unpack(ctx context.Context) error {
	switch recorded, err := i.isRecorded(); {
	case err != nil:
		return err
	case paper.IsPDF(i.data):
		return i.unpackPDF(recorded)
	case recorded:
		return nil
	case portable.IsPart(i.data):
		i.carrier, i.parts = carrierPortable, strings.FieldsFunc(string(i.data), func(r rune) bool { return r == '\n' || r == '\r' })
		return nil
	case bytes.HasPrefix(bytes.TrimSpace(i.data), []byte(portable.Prefix)):
		return i.unpackPortable(i.data, carrierPortable)
	case strings.HasPrefix(http.DetectContentType(i.data), "image/"):
		return i.unpackPicture(ctx)
	}
	return nil
}

// isRecorded reports whether the file comes with what makes it a recorded document.
func (i *item) isRecorded() (bool, error) {
	text, err := readIfThere(i.name + documentEnd)
	return i.salt != "" || text != nil, err
}

func (i *item) unpackPDF(recorded bool) error {
	data, err := readWhole(i.name, paper.MaxPDF)
	if err != nil {
		return err
	}
	a, err := paper.Extract(data)
	if err != nil && recorded {
		return nil
	}
	if err != nil {
		return err
	}
	i.carrier, i.receipt = carrierPDF, a.Inclusion
	if i.kind, i.data = offline.KindVerification, a.Verification; a.Verification == nil {
		i.kind, i.data = offline.KindCertificate, a.Presentation
	}
	return nil
}

func (i *item) unpackPortable(text []byte, carrier string) error {
	p, err := portable.Decode(text)
	if err != nil {
		return err
	}
	i.carrier, i.portable = carrier, p
	i.kind, i.data, i.receipt = offline.KindCertificate, p.SDJWT, p.Receipt
	return nil
}

func (i *item) unpackPicture(ctx context.Context) error {
	data, err := readWhole(i.name, qr.MaxBytes)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	texts, err := qr.NewReader(1).ReadAll(ctx, data, qr.PortableEnough)
	if err != nil {
		return err
	}
	for _, text := range texts {
		if portable.IsPart([]byte(text)) {
			i.carrier, i.parts = carrierPicture, append(i.parts, text)
		}
	}
	if len(i.parts) > 0 {
		return nil
	}
	return i.unpackPortable([]byte(texts[0]), carrierPicture)
}

// readWhole reads a file of at most limit bytes, and one byte more of a longer one.
func readWhole(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, usagef("%w", err)
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, usagef("%w", err)
	}
	return data, nil
}

// expects is the request for this item: a self-contained presentation says what it is bound to.
func (i *item) expects(r attest.Request) attest.Request {
	if i.portable != nil {
		i.portable.Expect(&r)
	}
	return r
}

// carrierText tells a person where the fields were read.
func carrierText(carrier string) string {
	switch carrier {
	case carrierPDF:
		return "以 PDF 附件为准：以下内容取自附件，页面文字不作依据，不一致的以此为准\n" +
			"                what follows is read from the file attached to the PDF; its printed text does not count"
	case carrierPicture:
		return "取自图片中的二维码（自包含出示） · read from the QR code in the picture"
	case carrierPortable:
		return "自包含出示 · a self-contained presentation"
	}
	return ""
}
