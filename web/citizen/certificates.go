package citizen

import (
	"net/http"

	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/qr"
	"github.com/huzheng-ledger/huzheng/web/shell"
)

// cardView is a certificate in words.
type cardView struct {
	*Certificate
	Tone   string
	Reason string
}

// toneOf is how a state is drawn: as verdicts are, by sign, word and colour.
func toneOf(s State) string {
	switch s {
	case StateValid:
		return "good"
	case StateRevoked:
		return "bad"
	case StatePending:
		return "unknown"
	default:
		return "warn"
	}
}

func newCard(p *shell.Page, c *Certificate) cardView {
	reason := gbt.CertificateState(c.Reason)
	return cardView{c, toneOf(c.State), p.Say(reason.Chinese(), reason.English())}
}

type homeView struct {
	Cards   []cardView
	Several bool    // can be shown by one code
	Codes   []*Code // that can be used now
	Uses    []useView
}

// latestUses is how many the first page shows.
const latestUses = 3

func (s *section) home(p *shell.Page) error {
	ctx := p.Request.Context()
	list, err := s.Wallet.Certificates(ctx, holder(p))
	if err != nil {
		return err
	}
	v, usable := homeView{}, 0
	for _, c := range list {
		v.Cards = append(v.Cards, newCard(p, c))
		if c.Usable() {
			usable++
		}
	}
	v.Several = usable > 1
	codes, err := s.Codes.List(ctx, holder(p))
	if err != nil {
		return err
	}
	for _, c := range codes {
		if c.State == CodeActive {
			v.Codes = append(v.Codes, c)
		}
	}
	uses, err := s.Codes.Uses(ctx, holder(p), 0, latestUses)
	if err != nil {
		return err
	}
	v.Uses = useViews(p, uses)
	return p.Render(http.StatusOK, "citizen/home", v)
}

type certificateView struct {
	cardView
	Facts      []fieldView
	Predicates []fieldView
}

func (s *section) certificate(p *shell.Page) error {
	c, err := s.Wallet.Certificate(p.Request.Context(), holder(p), p.Request.PathValue("id"))
	if err != nil {
		return gone(err)
	}
	v := certificateView{cardView: newCard(p, c)}
	v.Facts, v.Predicates = split(fieldViews(p, c.Fields))
	return p.Render(http.StatusOK, "citizen/certificate", v)
}

func (s *section) print(p *shell.Page) error {
	pdf, err := s.Wallet.Print(p.Request.Context(), holder(p), p.Request.PathValue("id"))
	if err != nil {
		return gone(err)
	}
	return file(p, "application/pdf", "certificate.pdf", pdf)
}

// file hands out a file. Its name says nothing about whose it is.
func file(p *shell.Page, kind, name string, data []byte) error {
	h := p.Writer.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err := p.Writer.Write(data)
	return err
}

type portableView struct {
	*Certificate
	Facts, Predicates pickFields
	Errors            []formError
}

func (s *section) portable(p *shell.Page) error {
	return s.showPortable(p, http.StatusOK, nil, "")
}

func (s *section) showPortable(p *shell.Page, status int, chosen []string, wrong string) error {
	c, err := s.Wallet.Certificate(p.Request.Context(), holder(p), p.Request.PathValue("id"))
	if err != nil {
		return gone(err)
	}
	if chosen == nil {
		chosen = askedFor(c)
	}
	v := portableView{Certificate: c, Facts: pickFields{Name: "field"}, Predicates: pickFields{Name: "field"}}
	v.Facts.Fields, v.Predicates.Fields = split(choose(fieldViews(p, c.Fields), chosen))
	if wrong != "" {
		v.Errors = []formError{{Field: "fields", Key: wrong}}
	}
	return p.Render(status, "citizen/portable", v)
}

// makePortable gives the self-contained presentation as a file or as the picture of a QR code.
func (s *section) makePortable(p *shell.Page) error {
	chosen := p.Request.PostForm["field"]
	if len(chosen) == 0 {
		return s.showPortable(p, http.StatusUnprocessableEntity, []string{}, "citizen.error.fields")
	}
	text, err := s.Wallet.SelfContained(p.Request.Context(), holder(p), p.Request.PathValue("id"), chosen)
	if err != nil {
		return gone(err)
	}
	if p.Form("as") != "qr" {
		return file(p, "text/plain; charset=utf-8", "certificate.hzp.txt", []byte(text))
	}
	codes, err := qr.Portable(text, qr.Low)
	if err != nil {
		return s.showPortable(p, http.StatusUnprocessableEntity, chosen, "citizen.error.qr")
	}
	png, err := qr.Sheet(codes).PNG(portableScale)
	if err != nil {
		return err
	}
	return file(p, "image/png", "certificate.png", png)
}

// portableScale is the pixels of a module in a downloaded QR code.
const portableScale = 6
