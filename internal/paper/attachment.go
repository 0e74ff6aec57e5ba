package paper

import (
	"encoding/json"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Attachment is the evidence within a PDF: a presentation or a verification receipt, with its inclusion receipt.
type Attachment struct {
	Presentation []byte // SD-JWT; nil for a verification receipt
	Verification []byte // verification receipt, compact JWS; nil for a certificate
	Inclusion    []byte // inclusion receipt; nil: none
}

// maxAttachment bounds the attached file.
const maxAttachment = 384 << 10

// AttachmentName is the name of the attached file. It says nothing about whose it is.
const AttachmentName = "huzheng.json"

// JSON is the attached file.
func (a *Attachment) JSON() []byte {
	w := attest.NewObjectWriter(make([]byte, 0, 256+len(a.Presentation)+len(a.Verification)+len(a.Inclusion)))
	w.Int64("v", 1)
	w.OptString("presentation", string(a.Presentation))
	w.OptString("verification", string(a.Verification))
	if len(a.Inclusion) > 0 {
		w.String("receipt", string(a.Inclusion))
	}
	return w.Close()
}

func parseAttachment(data []byte) (*Attachment, error) {
	v, err := attest.ParseJSON(data, attest.Limits{Bytes: maxAttachment, Depth: 2, Members: 8})
	if err != nil {
		return nil, attest.Errorf(attest.CodePDFFormat, "the attachment cannot be read: %s", attest.CodeOf(err))
	}
	f := v.Fields()
	version := f.Int64("v")
	presentation, isCertificate := f.OptString("presentation")
	verification, isReceipt := f.OptString("verification")
	inclusion, _ := f.OptString("receipt")
	if err := f.Done(); err != nil {
		return nil, attest.Errorf(attest.CodePDFFormat, "the attachment cannot be read: %s", attest.CodeOf(err))
	}
	if version != 1 || isCertificate == isReceipt {
		return nil, attest.Errorf(attest.CodePDFFormat, "the attachment is of no version or kind that is known")
	}
	return &Attachment{Presentation: optional(presentation), Verification: optional(verification), Inclusion: optional(inclusion)}, nil
}

func optional(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// fieldLabels reads a type's schema: the fields in its order, with their titles.
func fieldLabels(schema json.RawMessage) []label {
	v, err := attest.ParseJSON(schema, attest.DefaultLimits())
	if err != nil {
		return nil
	}
	properties, _ := v.Get("properties")
	var out []label
	for _, m := range properties.Members() {
		l := label{name: m.Name, title: m.Name}
		if title, ok := m.Value.Get("title"); ok && title.Kind() == attest.JSONString {
			l.title = title.Str()
		}
		out = append(out, l)
	}
	return out
}

// label is a field's name and what people call it.
type label struct{ name, title string }
