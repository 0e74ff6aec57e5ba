package gateway

import (
	"context"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/paper"
)

// prints is api.Printer over the vault. The font is read for each print: one that was installed meanwhile is found.
type prints struct{ g *Gateway }

// PrintCertificate implements api.Printer.
func (s prints) PrintCertificate(_ context.Context, id string, fields []string) ([]byte, error) {
	c, err := s.g.certificate(id)
	if err != nil {
		return nil, err
	}
	inclusion, err := s.g.notary.Receipt(c.Commitment)
	if err != nil {
		return nil, missing(err, "certificate")
	}
	presentation := c.SDJWT
	if len(fields) > 0 {
		if presentation, err = present(c.SDJWT, fields); err != nil {
			return nil, err
		}
	}
	printer, err := paper.NewPrinter(s.g.o.Font)
	if err != nil {
		return nil, err
	}
	out := &paper.Certificate{ID: id, Presentation: presentation, Inclusion: inclusion.JSON(), Printed: s.g.now()}
	if err := s.name(out, c.Authority, c.Type, c.Version); err != nil {
		return nil, err
	}
	return printer.Certificate(out)
}

func present(sdjwt []byte, fields []string) ([]byte, error) {
	sd, err := attest.ParseSDJWT(sdjwt, attest.Limits{})
	if err != nil {
		return nil, err
	}
	presentation, err := sd.Present(fields...)
	if attest.CodeOf(err) == attest.CodeDisclosurePath {
		return nil, attest.Errorf(attest.CodeFieldInvalid, "the certificate has no field of one of these names")
	}
	return presentation, err
}

// name says how the ledger calls the authority and the type.
func (s prints) name(out *paper.Certificate, authority, kind string, version int) error {
	a, err := s.g.index.Authority(authority)
	if err != nil {
		return err
	}
	if a != nil {
		out.Authority = a.Name
	}
	t, err := s.g.index.Type(kind, version)
	if err != nil {
		return err
	}
	if t != nil {
		out.TypeName, out.Schema = t.Name, t.Schema
	}
	return nil
}

// PrintReceipt implements api.Printer.
func (s prints) PrintReceipt(_ context.Context, id string) ([]byte, error) {
	entry, commitment, err := receipts(s).find(id)
	if err != nil {
		return nil, err
	}
	out := &paper.Receipt{JWS: entry.JWS, Printed: s.g.now()}
	inclusion, err := s.g.notary.Receipt(commitment)
	switch attest.CodeOf(err) {
	case "":
		out.Inclusion = inclusion.JSON()
	case attest.CodeNotAnchoredYet: // it says so on the paper
	default:
		return nil, err
	}
	printer, err := paper.NewPrinter(s.g.o.Font)
	if err != nil {
		return nil, err
	}
	if v, _, err := attest.ParseVerificationReceipt(entry.JWS); err == nil && v.Verdict.Type != "" {
		if t, err := s.g.index.Type(v.Verdict.Type, v.Verdict.Version); err == nil && t != nil {
			out.TypeName = t.Name
		}
	}
	return printer.Receipt(out)
}

// selfContained is a presentation as one text; empty where it was not made for that, or is not anchored yet.
func selfContained(audience string, presentation, receipt []byte) (string, error) {
	if audience != portable.Audience || len(receipt) == 0 {
		return "", nil
	}
	return portable.Encode(&portable.Presentation{SDJWT: presentation, Receipt: receipt})
}
