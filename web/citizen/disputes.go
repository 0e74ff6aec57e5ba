package citizen

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/session"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// The kinds of what is said against a certificate, and against a use.
var (
	disputeKinds = []string{"field", "issued", "status"} // read-only
	useKinds     = []string{"use"}                       // read-only
)

// How much can be said, as internal/dispute bounds it.
const (
	maxWrong  = 1000
	maxShould = 500
)

// disputeForm is a draft that is being written.
type disputeForm struct {
	Statement
	ID           string // of the draft that is edited; empty: it is a new one
	Reference    string
	Operation    string
	Certificates []*Certificate // that it may be about; one, but for a use of several
	Chosen       string
	Fields       []fieldView
	About        *useView // nil: it is about the certificate
	Kinds        []string
	Errors       wrongs
}

// Invalid is the key of what is wrong with a field; empty: nothing.
func (v *disputeForm) Invalid(field string) string { return v.Errors.Of(field) }

// MaxWrong and MaxShould are how much can be said.
func (v *disputeForm) MaxWrong() int { return maxWrong }

// MaxShould is for what it should say.
func (v *disputeForm) MaxShould() int { return maxShould }

// newDispute shows an empty form, for ?certificate=ID or ?use=NUMBER.
func (s *section) newDispute(p *shell.Page) error {
	query := p.Request.URL.Query()
	v, err := s.disputeForm(p, query.Get("certificate"), query.Get("use"))
	if err != nil {
		return err
	}
	v.Operation = session.NewID()
	return p.Render(http.StatusOK, "citizen/dispute_form", v)
}

// disputeForm is a form about a certificate of the holder's, or about a use, of which it may be one of several certificates.
func (s *section) disputeForm(p *shell.Page, id, use string) (*disputeForm, error) {
	ctx := p.Request.Context()
	if use == "" {
		c, err := s.Wallet.Certificate(ctx, holder(p), id)
		if err != nil {
			return nil, gone(err)
		}
		return &disputeForm{Certificates: []*Certificate{c}, Chosen: c.ID, Fields: fieldViews(p, c.Fields), Kinds: disputeKinds,
			Statement: Statement{Kind: disputeKinds[0]}}, nil
	}
	seq, err := strconv.ParseUint(use, 10, 64)
	if err != nil {
		return nil, shell.Missing()
	}
	u, err := s.Disputes.Use(ctx, holder(p), seq)
	if err != nil {
		return nil, gone(err)
	}
	v := &disputeForm{About: &useViews(p, []*Use{u})[0], Kinds: useKinds, Statement: Statement{Kind: useKinds[0]}, Chosen: id}
	v.About.Link, v.About.Report = "", false
	for _, shown := range u.Shown {
		c, err := s.Wallet.Certificate(ctx, holder(p), shown.ID)
		if err != nil {
			return nil, gone(err)
		}
		v.Certificates = append(v.Certificates, c)
	}
	if len(v.Certificates) == 0 {
		return nil, shell.Missing()
	}
	if v.Chosen == "" {
		v.Chosen = v.Certificates[0].ID
	}
	if !slices.ContainsFunc(v.Certificates, func(c *Certificate) bool { return c.ID == v.Chosen }) {
		return nil, shell.Missing()
	}
	return v, nil
}

// said is the statement that was sent. A field that goes with another kind was left over by the form.
func said(p *shell.Page) Statement {
	out := Statement{Kind: p.Form("kind"), Wrong: strings.TrimSpace(p.Form("wrong")), Should: strings.TrimSpace(p.Form("should"))}
	if out.Kind == disputeKinds[0] {
		out.Field = p.Form("field")
	}
	return out
}

// fileDispute takes a new draft in.
func (s *section) fileDispute(p *shell.Page) error {
	v, err := s.disputeForm(p, p.Form("certificate"), p.Form("use"))
	if err != nil {
		return err
	}
	v.Statement, v.Operation = said(p), p.Form("op")
	if len(v.Operation) != len(session.NewID()) { // a form that nobody of us made
		v.Operation = session.NewID()
	}
	f := &Filing{Certificate: v.Chosen, Statement: v.Statement}
	if v.About != nil {
		f.Use, f.Used = v.About.Seq, true
	}
	id, err := s.Disputes.File(p.Request.Context(), holder(p), v.Operation, f)
	if err != nil {
		return s.refuseDispute(p, v, err)
	}
	return p.Redirect("/citizen/disputes/" + id)
}

// refuseDispute says beside the field what is wrong with a draft; what is not the form's fault is a page of its own.
func (s *section) refuseDispute(p *shell.Page, v *disputeForm, err error) error {
	switch attest.CodeOf(err) {
	case attest.CodeDisputeKind:
		v.Errors = wrongs{{Field: "kind", Key: "citizen.error.dispute.kind"}}
	case attest.CodeDisputeField:
		v.Errors = wrongs{{Field: "field", Key: "citizen.error.dispute.field"}}
	case attest.CodeDisputeText:
		v.Errors = wrongs{{Field: "wrong", Key: "citizen.error.dispute.text"}}
	default:
		return gone(err)
	}
	return p.Render(http.StatusUnprocessableEntity, "citizen/dispute_form", v)
}

// ownDispute finds a draft of the holder's, with the form that it was written by.
func (s *section) ownDispute(p *shell.Page) (*Dispute, *disputeForm, error) {
	d, err := s.Disputes.Dispute(p.Request.Context(), holder(p), p.Request.PathValue("id"))
	if err != nil {
		return nil, nil, gone(err)
	}
	use := ""
	if d.Use != nil {
		use = strconv.FormatUint(d.Use.Seq, 10)
	}
	v, err := s.disputeForm(p, d.Certificate, use)
	if err != nil {
		return nil, nil, err
	}
	v.ID, v.Reference, v.Statement = d.ID, d.Reference, d.Statement
	return d, v, nil
}

func (s *section) editDispute(p *shell.Page) error {
	d, v, err := s.ownDispute(p)
	if err != nil {
		return err
	}
	if !d.Open {
		return p.Redirect("/citizen/disputes/" + d.ID)
	}
	return p.Render(http.StatusOK, "citizen/dispute_form", v)
}

func (s *section) changeDispute(p *shell.Page) error {
	d, v, err := s.ownDispute(p)
	if err != nil {
		return err
	}
	v.Statement = said(p)
	if err := s.Disputes.Edit(p.Request.Context(), holder(p), d.ID, v.Statement); err != nil {
		return s.refuseDispute(p, v, err)
	}
	return p.Redirect("/citizen/disputes/" + d.ID)
}

func (s *section) withdrawDispute(p *shell.Page) error {
	id := p.Request.PathValue("id")
	if err := s.Disputes.Withdraw(p.Request.Context(), holder(p), id); err != nil {
		return gone(err)
	}
	return p.Redirect("/citizen/disputes/" + id)
}

// disputeView is a draft in words.
type disputeView struct {
	*Dispute
	FieldLabel string
	About      *useView
}

func (s *section) dispute(p *shell.Page) error {
	d, v, err := s.ownDispute(p)
	if err != nil {
		return err
	}
	return p.Render(http.StatusOK, "citizen/dispute", disputeView{d, fieldLabel(p, d), v.About})
}

func fieldLabel(p *shell.Page, d *Dispute) string {
	if d.Field == "" {
		return ""
	}
	return verdict.Label(p, d.Field, d.FieldTitle)
}

func (s *section) disputes(p *shell.Page) error {
	list, err := s.Disputes.Disputes(p.Request.Context(), holder(p))
	if err != nil {
		return err
	}
	out := make([]disputeView, len(list))
	for i, d := range list {
		out[i] = disputeView{Dispute: d, FieldLabel: fieldLabel(p, d)}
	}
	return p.Render(http.StatusOK, "citizen/disputes", out)
}
