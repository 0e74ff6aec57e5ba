package office

import (
	"context"
	"net/http"

	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// Use is a use of a certificate that its holder says was another's.
type Use struct {
	Time                                 int64
	Region, Verifier, Scenario, UseCause string
}

// Dispute is the draft of a dispute (异议) about a certificate that the office has issued.
type Dispute struct {
	ID          string
	Reference   string
	Kind        string // field, issued, status or use
	Field       string // name; of kind field alone
	Wrong       string // in the holder's words
	Should      string
	Certificate string // id
	Type        string // name
	Use         *Use   // of kind use alone
	Created     int64
	Changed     int64
}

// Disputes are the open drafts about the office's certificates: NOT_FOUND for every other one. Safe for concurrent use.
type Disputes interface {
	// Open lists them, the newest first.
	Open(ctx context.Context, by Actor) ([]*Dispute, error)
	Dispute(ctx context.Context, by Actor, id string) (*Dispute, error)
}

func (s *section) disputes(p *shell.Page) error {
	list, err := s.Disputes.Open(p.Request.Context(), actor(p))
	if err != nil {
		return err
	}
	return p.Render(http.StatusOK, "office/disputes", list)
}

type disputeView struct {
	*Dispute
	Part *verdict.Fact // the field as the certificate says it; nil: it is about none
}

func (s *section) dispute(p *shell.Page) error {
	ctx, by := p.Request.Context(), actor(p)
	d, err := s.Disputes.Dispute(ctx, by, p.Request.PathValue("id"))
	if err != nil {
		return withheld(err)
	}
	v := disputeView{Dispute: d}
	if d.Field != "" {
		c, err := s.Issuer.Certificate(ctx, by, d.Certificate)
		if err != nil {
			return withheld(err)
		}
		for _, f := range verdict.Facts(p, c.Fields, c.Schema) {
			if f.Name == d.Field {
				v.Part = &f
			}
		}
	}
	return p.Render(http.StatusOK, "office/dispute", v)
}
