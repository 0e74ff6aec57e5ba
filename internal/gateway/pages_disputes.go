package gateway

import (
	"context"
	"crypto/rand"

	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/dispute"
	"github.com/huzheng-ledger/huzheng/web/citizen"
	"github.com/huzheng-ledger/huzheng/web/office"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

func (g *Gateway) openDisputes() *dispute.Desk { return dispute.New(g.vault, rand.Reader, g.o.Clock) }

// disputeKinds are the kinds as pages name them.
var disputeKinds = map[custody.DisputeKind]string{custody.DisputeField: "field", custody.DisputeIssued: "issued", // never written
	custody.DisputeStatus: "status", custody.DisputeUse: "use"}

// disputeKind is none of them where a page has made one up.
func disputeKind(name string) custody.DisputeKind {
	for kind, known := range disputeKinds {
		if known == name {
			return kind
		}
	}
	return 0
}

// citizenDisputes is citizen.Disputes over the desk.
type citizenDisputes struct {
	wallet
	desk *dispute.Desk
}

// disputable is a certificate of the holder's, with the names of its fields.
func (s citizenDisputes) disputable(holder, id string) (*custody.Certificate, []string, error) {
	c, err := s.own(holder, id)
	if err != nil {
		return nil, nil, err
	}
	claims, err := claimsOf(c)
	if err != nil {
		return nil, nil, err
	}
	return c, claims.Disclosed(), nil
}

func statement(st citizen.Statement) dispute.Statement {
	return dispute.Statement{Kind: disputeKind(st.Kind), Field: st.Field, Wrong: st.Wrong, Should: st.Should}
}

// File implements citizen.Disputes.
func (s citizenDisputes) File(ctx context.Context, holder, op string, f *citizen.Filing) (string, error) {
	c, fields, err := s.disputable(holder, f.Certificate)
	if err != nil {
		return "", err
	}
	filing := &dispute.Filing{Certificate: c, Fields: fields, Statement: statement(f.Statement)}
	if f.Used {
		if err := s.used(ctx, c, f.Use); err != nil {
			return "", err
		}
		filing.Use = f.Use + 1
	}
	id, err := s.desk.File(ctx, operationOf(office.Actor{Person: holder}, "dispute", op), filing)
	if err != nil {
		return "", missing(err, "certificate")
	}
	return id.String(), nil
}

// used holds that an entry of the record of uses is the holder's and about the certificate.
func (s citizenDisputes) used(ctx context.Context, c *custody.Certificate, seq uint64) error {
	list, err := s.g.Uses(ctx, c.Subject, seq+1, 1)
	if err != nil {
		return err
	}
	if len(list) == 1 && list[0].Seq == seq {
		for _, shown := range list[0].Shown {
			if shown.Commitment == c.Commitment {
				return nil
			}
		}
	}
	return notFound("use")
}

func (s citizenDisputes) find(holder, id string) (*custody.Dispute, error) {
	parsed, err := custody.ParseDisputeID(id)
	if err != nil {
		return nil, notFound("dispute")
	}
	d, err := s.desk.Get(s.subject(holder), parsed)
	return d, missing(err, "dispute")
}

// Edit implements citizen.Disputes.
func (s citizenDisputes) Edit(ctx context.Context, holder, id string, st citizen.Statement) error {
	d, err := s.find(holder, id)
	if err != nil {
		return err
	}
	_, fields, err := s.disputable(holder, custody.ID(d.Commitment))
	if err != nil {
		return err
	}
	return missing(s.desk.Edit(ctx, d.Subject, d.ID, fields, statement(st)), "dispute")
}

// Withdraw implements citizen.Disputes.
func (s citizenDisputes) Withdraw(ctx context.Context, holder, id string) error {
	d, err := s.find(holder, id)
	if err != nil {
		return err
	}
	return missing(s.desk.Withdraw(ctx, d.Subject, d.ID), "dispute")
}

// Dispute implements citizen.Disputes.
func (s citizenDisputes) Dispute(ctx context.Context, holder, id string) (*citizen.Dispute, error) {
	d, err := s.find(holder, id)
	if err != nil {
		return nil, err
	}
	out, err := s.describeDispute(d)
	if err != nil || d.Use == 0 {
		return out, err
	}
	out.Use, err = s.Use(ctx, holder, d.Use-1)
	return out, err
}

// Use implements citizen.Disputes.
func (s citizenDisputes) Use(ctx context.Context, holder string, seq uint64) (*citizen.Use, error) {
	list, err := citizenCodes{s.wallet}.Uses(ctx, holder, seq+1, 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0].Seq != seq {
		return nil, notFound("use")
	}
	return list[0], nil
}

// Disputes implements citizen.Disputes.
func (s citizenDisputes) Disputes(_ context.Context, holder string) ([]*citizen.Dispute, error) {
	list, err := s.desk.List(s.subject(holder))
	if err != nil {
		return nil, err
	}
	out := make([]*citizen.Dispute, len(list))
	for i, d := range list {
		if out[i], err = s.describeDispute(d); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s citizenDisputes) describeDispute(d *custody.Dispute) (*citizen.Dispute, error) {
	c, err := s.g.vault.Certificate(d.Commitment)
	if err != nil {
		return nil, err
	}
	out := &citizen.Dispute{ID: d.ID.String(), Reference: dispute.Reference(s.g.o.Region, d), Open: d.State == custody.DisputeDraft,
		Certificate: custody.ID(d.Commitment), Created: d.Created, Changed: d.Changed,
		Statement: citizen.Statement{Kind: disputeKinds[d.Kind], Field: d.Field, Wrong: d.Wrong, Should: d.Should}}
	if out.Type, out.Authority, err = s.names(c); err != nil || d.Field == "" {
		return out, err
	}
	out.FieldTitle, err = s.title(c, d.Field)
	return out, err
}

// title is what the type's schema calls a field; empty: nothing.
func (s wallet) title(c *custody.Certificate, field string) (string, error) {
	t, err := s.g.index.Type(c.Type, c.Version)
	if err != nil || t == nil {
		return "", err
	}
	titles, _ := verdict.Titles(t.Schema)
	return titles[field], nil
}

// officeDisputes is office.Disputes over the desk.
type officeDisputes struct {
	g    *Gateway
	desk *dispute.Desk
}

// Open implements office.Disputes.
func (s officeDisputes) Open(ctx context.Context, by office.Actor) ([]*office.Dispute, error) {
	if _, err := s.g.mine(by); err != nil {
		return nil, err
	}
	list, err := s.desk.Of(by.Office)
	if err != nil {
		return nil, err
	}
	out := make([]*office.Dispute, len(list))
	for i, d := range list {
		if out[i], err = s.describe(ctx, d); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Dispute implements office.Disputes.
func (s officeDisputes) Dispute(ctx context.Context, by office.Actor, id string) (*office.Dispute, error) {
	if _, err := s.g.mine(by); err != nil {
		return nil, err
	}
	parsed, err := custody.ParseDisputeID(id)
	if err != nil {
		return nil, notFound("dispute")
	}
	d, err := s.desk.OfOffice(by.Office, parsed)
	if err != nil {
		return nil, missing(err, "dispute")
	}
	return s.describe(ctx, d)
}

func (s officeDisputes) describe(ctx context.Context, d *custody.Dispute) (*office.Dispute, error) {
	out := &office.Dispute{ID: d.ID.String(), Reference: dispute.Reference(s.g.o.Region, d), Kind: disputeKinds[d.Kind], Field: d.Field,
		Wrong: d.Wrong, Should: d.Should, Certificate: custody.ID(d.Commitment), Created: d.Created, Changed: d.Changed}
	c, err := s.g.vault.Certificate(d.Commitment)
	if err != nil {
		return nil, err
	}
	if out.Type, _, err = (wallet{s.g}).names(c); err != nil || d.Use == 0 {
		return out, err
	}
	list, err := s.g.Uses(ctx, d.Subject, d.Use, 1)
	if err == nil && len(list) == 1 && list[0].Seq == d.Use-1 {
		u := list[0]
		out.Use = &office.Use{Time: u.Time, Region: u.By.Region, Verifier: u.By.Verifier, Scenario: u.Scenario, UseCause: u.UseCause}
	}
	return out, err
}
