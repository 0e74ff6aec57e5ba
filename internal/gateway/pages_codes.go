package gateway

import (
	"context"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	spelling "github.com/huzheng-ledger/huzheng/attest/proofcode"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
	"github.com/huzheng-ledger/huzheng/web/citizen"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// citizenCodes is citizen.Codes over the home's side of proof codes.
type citizenCodes struct{ wallet }

// Create implements citizen.Codes.
func (s citizenCodes) Create(ctx context.Context, holder, op string, n *citizen.NewCode) (string, error) {
	shown := make([]custody.Shown, len(n.Chosen))
	for i, chosen := range n.Chosen {
		commitment, err := custody.ParseID(chosen.Certificate)
		if err != nil {
			return "", notFound("certificate")
		}
		shown[i] = custody.Shown{Commitment: commitment, Fields: chosen.Fields}
	}
	audience := custody.Audience{Region: n.Audience.Region, Office: n.Audience.Office}
	switch n.Audience.Kind {
	case citizen.ToRegion:
		audience.Kind = custody.AudienceRegion
	case citizen.ToOffice:
		audience.Kind = custody.AudienceOffice
	default:
		audience.Kind = custody.AudienceAny
	}
	c, err := s.g.home.Create(ctx, op, &proofcode.NewCode{Subject: s.subject(holder), UseCause: n.UseCause, Scenario: n.Scenario,
		Shown: shown, Audience: audience, Life: n.Life, Uses: n.Uses})
	if err != nil {
		return "", missing(err, "certificate")
	}
	return c.ID.String(), nil
}

// Code implements citizen.Codes.
func (s citizenCodes) Code(_ context.Context, holder, id string) (*citizen.Code, error) {
	c, err := s.find(holder, id)
	if err != nil {
		return nil, err
	}
	out, err := s.code(c, true)
	if err != nil || out.State != citizen.CodeActive {
		return out, err
	}
	face, until, err := s.g.home.Face(c)
	out.Face, out.FaceLeft, out.Window = face, max(1, until-s.g.now().Unix()), until/spelling.Window
	out.Short = s.g.home.Short(c)
	return out, err
}

func (s citizenCodes) find(holder, id string) (*custody.ProofCode, error) {
	code, err := custody.ParseCodeID(id)
	if err != nil {
		return nil, notFound("code")
	}
	c, err := s.g.home.Get(s.subject(holder), code)
	return c, missing(err, "code")
}

// code is a proof code without what it is redeemed by.
func (s citizenCodes) code(c *custody.ProofCode, fields bool) (*citizen.Code, error) {
	state, unused := s.g.home.State(c)
	out := &citizen.Code{ID: c.ID.String(), State: citizen.CodeState(state), Left: max(0, c.Expires-s.g.now().Unix()), Uses: c.Uses, Unused: unused,
		Created: c.Created, Scenario: c.Scenario, UseCause: c.UseCause}
	audience, err := s.audience(&c.Audience)
	if err != nil {
		return nil, err
	}
	out.Audience = audience
	out.Shown, err = s.shown(c.Subject, c.Shown, fields)
	return out, err
}

func (s citizenCodes) audience(a *custody.Audience) (citizen.Audience, error) {
	out := citizen.Audience{Region: a.Region, Office: a.Office}
	switch a.Kind {
	case custody.AudienceRegion:
		out.Kind = citizen.ToRegion
	case custody.AudienceOffice:
		out.Kind = citizen.ToOffice
	case custody.AudienceIntegrator:
		out.Kind = citizen.ToOther
	default:
		out.Kind = citizen.ToAnybody
	}
	var err error
	out.Name, err = s.office(a.Office)
	return out, err
}

// office is the name of an authority; empty: it is not known here.
func (s citizenCodes) office(code string) (string, error) {
	if code == "" {
		return "", nil
	}
	a, err := s.g.index.Authority(code)
	if a == nil {
		return "", err
	}
	return a.Name, err
}

// shown names what is shown of a subject's certificates. One that is not there any more has no name.
func (s citizenCodes) shown(subject custody.Subject, list []custody.Shown, fields bool) ([]citizen.Shown, error) {
	var out []citizen.Shown
	for _, shown := range list {
		c, err := s.g.vault.Certificate(shown.Commitment)
		if code := attest.CodeOf(err); code == attest.CodeSubjectShredded || code == attest.CodeRecordMissing || err == nil && c.Subject != subject {
			continue
		}
		if err != nil {
			return nil, err
		}
		one := citizen.Shown{ID: custody.ID(shown.Commitment)}
		if one.Certificate, _, err = s.names(c); err != nil {
			return nil, err
		}
		if fields {
			if one.Fields, err = s.titled(c, shown.Fields); err != nil {
				return nil, err
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// titled gives names of fields their titles, in the order of the type's schema, predicates first.
func (s citizenCodes) titled(c *custody.Certificate, names []string) ([]citizen.Field, error) {
	t, err := s.g.index.Type(c.Type, c.Version)
	if err != nil {
		return nil, err
	}
	var titles map[string]string
	if t != nil {
		var order []string
		titles, order = verdict.Titles(t.Schema)
		names = slices.Clone(names)
		slices.SortStableFunc(names, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	}
	out := make([]citizen.Field, len(names))
	for i, name := range names {
		out[i] = citizen.Field{Name: name, Title: titles[name], Predicate: t != nil && slices.Contains(t.Predicates, name)}
	}
	return out, nil
}

// List implements citizen.Codes.
func (s citizenCodes) List(_ context.Context, holder string) ([]*citizen.Code, error) {
	list, err := s.g.home.List(s.subject(holder))
	if err != nil {
		return nil, err
	}
	out := make([]*citizen.Code, len(list))
	for i, c := range list {
		if out[i], err = s.code(c, false); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Cancel implements citizen.Codes.
func (s citizenCodes) Cancel(ctx context.Context, holder, id string) error {
	code, err := custody.ParseCodeID(id)
	if err != nil {
		return notFound("code")
	}
	_, err = s.g.home.Cancel(ctx, s.subject(holder), code)
	return missing(err, "code")
}

var useEvents = map[custody.UseEvent]citizen.Event{custody.UseVerified: citizen.EventVerified, custody.UseLapsed: citizen.EventLapsed,
	custody.UseRefused: citizen.EventRefused, custody.UsePlain: citizen.EventPlain} // never written

// Uses implements citizen.Codes.
func (s citizenCodes) Uses(ctx context.Context, holder string, before uint64, limit int) ([]*citizen.Use, error) {
	subject := s.subject(holder)
	list, err := s.g.Uses(ctx, subject, before, limit)
	if err != nil {
		return nil, err
	}
	out := make([]*citizen.Use, len(list))
	for i, u := range list {
		use := &citizen.Use{Seq: u.Seq, Time: u.Time, Event: useEvents[u.Event], Region: u.By.Region, Verifier: u.By.Verifier, Scenario: u.Scenario,
			UseCause: u.UseCause, Reason: u.Reason}
		if u.Unproven != "" {
			use.Event, use.Reason = citizen.EventUnproven, u.Unproven
		}
		if u.Code != (custody.CodeID{}) {
			use.Code = u.Code.String()
		}
		for _, jws := range u.Receipts {
			if receipt, _, err := attest.ParseVerificationReceipt(jws); err == nil { // it was checked by Uses
				use.Results = append(use.Results, receipt.Verdict.Result)
			}
		}
		if use.Office, err = s.office(u.By.Office); err != nil {
			return nil, err
		}
		if use.Shown, err = s.shown(subject, u.Shown, true); err != nil {
			return nil, err
		}
		out[i] = use
	}
	return out, nil
}

// Regions implements citizen.Codes.
func (s citizenCodes) Regions(context.Context) ([]string, error) {
	return scan(s.g, registry.KeyRegion(""), registry.DecodeRegion, func(r *attest.Region) string { return r.Code })
}

// Offices implements citizen.Codes.
func (s citizenCodes) Offices(context.Context) ([]citizen.Office, error) {
	all, err := scan(s.g, registry.KeyAuthority(""), registry.DecodeAuthority, func(a *attest.Authority) citizen.Office {
		if a.State == attest.AuthorityDissolved {
			return citizen.Office{}
		}
		return citizen.Office{Region: a.Region, Code: a.Code, Name: a.Name}
	})
	all = slices.DeleteFunc(all, func(o citizen.Office) bool { return o.Code == "" })
	slices.SortFunc(all, func(a, b citizen.Office) int { return strings.Compare(a.Region+a.Code, b.Region+b.Code) })
	return all, err
}
