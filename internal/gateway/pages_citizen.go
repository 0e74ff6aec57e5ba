package gateway

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/notary"
	"github.com/huzheng-ledger/huzheng/web/citizen"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// wallet is citizen.Wallet over the vault. Every method begins with the holder, and ends there where something is another's.
type wallet struct{ g *Gateway }

// subject is how somebody is known here who has signed in as a citizen.
func (s wallet) subject(holder string) custody.Subject {
	return s.g.Subject(gbt.HolderCodeCitizen, holder)
}

// Certificates implements citizen.Wallet.
func (s wallet) Certificates(_ context.Context, holder string) ([]*citizen.Certificate, error) {
	list, err := s.g.vault.CertificatesOf(s.subject(holder))
	if err != nil {
		return nil, err
	}
	out := make([]*citizen.Certificate, len(list))
	for i, c := range list {
		if out[i], _, err = s.describe(c); err != nil {
			return nil, err
		}
	}
	slices.Reverse(out)
	return out, nil
}

// own finds a certificate of the holder's.
func (s wallet) own(holder, id string) (*custody.Certificate, error) {
	c, err := s.g.certificate(id)
	if attest.CodeOf(err) == attest.CodeSubjectShredded || err == nil && c.Subject != s.subject(holder) {
		return nil, notFound("certificate")
	}
	return c, err
}

// Certificate implements citizen.Wallet.
func (s wallet) Certificate(_ context.Context, holder, id string) (*citizen.Certificate, error) {
	c, err := s.own(holder, id)
	if err != nil {
		return nil, err
	}
	out, sd, err := s.describe(c)
	if err != nil {
		return nil, err
	}
	agreements, err := s.agreements(c.Type)
	if err != nil {
		return nil, err
	}
	asked := map[string]bool{}
	for _, a := range agreements {
		out.Scenarios = append(out.Scenarios, a.Scenarios...)
		for _, name := range a.Conditions.Disclose {
			asked[name] = true
		}
	}
	slices.Sort(out.Scenarios)
	out.Scenarios = append(slices.Compact(out.Scenarios), publicScenario)
	claims, err := sd.Process()
	if err != nil {
		return nil, err
	}
	out.Fields, err = s.fields(c, claims)
	for i := range out.Fields {
		out.Fields[i].Asked = asked[out.Fields[i].Name]
	}
	return out, err
}

// agreements lists those in force by which a type of this region is recognised somewhere.
func (s wallet) agreements(kind string) ([]*attest.Agreement, error) {
	all, err := s.g.index.Agreements()
	if err != nil {
		return nil, err
	}
	now := s.g.now().Unix()
	return slices.DeleteFunc(slices.Clone(all), func(a *attest.Agreement) bool {
		return !a.InForce(now) || !slices.Contains(a.Issuers, s.g.o.Region) || !slices.Contains(a.Types, kind)
	}), nil
}

// describe is a certificate without its fields. Its state is that of its frame, as verifiers judge it.
func (s wallet) describe(c *custody.Certificate) (*citizen.Certificate, *attest.SDJWT, error) {
	sd, err := attest.ParseSDJWT(c.SDJWT, attest.Limits{})
	if err != nil {
		return nil, nil, err
	}
	profile, err := attest.ReadProfile(sd)
	if err != nil {
		return nil, nil, err
	}
	out := &citizen.Certificate{ID: custody.ID(c.Commitment), From: profile.NotBefore, Until: profile.Expires, Issued: c.Created,
		Framed: profile.NotBefore != 0 || profile.Expires != 0, Custody: c.HolderKey != nil}
	if out.Type, out.Authority, err = s.names(c); err != nil {
		return nil, nil, err
	}
	state, err := s.g.notary.State(c.Commitment)
	if err != nil {
		return nil, nil, err
	}
	if state.Progress == notary.Anchored {
		out.Batch = state.Batch
	}
	if out.State, out.Reason, err = s.state(c, out); err != nil {
		return nil, nil, err
	}
	return out, sd, printed(sd, out)
}

// printed adds the period as the certificate's own fields say it, where its frame does not.
func printed(sd *attest.SDJWT, out *citizen.Certificate) error {
	claims, err := sd.Process()
	if err != nil {
		return err
	}
	dated := func(name string) (day time.Time) {
		if value, ok := claims.Get(name); ok && value.Kind() == attest.JSONString {
			day, _ = gbt.ParseDate(value.Str()) // what is no date says nothing
		}
		return day
	}
	from, until := gbt.PeriodOf(dated(gbt.FieldEffectiveDate), dated(gbt.FieldExpiringDate))
	out.From, out.Until = cmp.Or(out.From, from), cmp.Or(out.Until, until)
	return nil
}

func (s wallet) names(c *custody.Certificate) (kind, authority string, err error) {
	kind, authority = c.Type, c.Authority
	t, err := s.g.index.Type(c.Type, c.Version)
	if err != nil {
		return "", "", err
	}
	if t != nil {
		kind = t.Name
	}
	a, err := s.g.index.Authority(c.Authority)
	if a != nil {
		authority = a.Name
	}
	return kind, authority, err
}

// state is what a certificate is worth now by its status and period.
func (s wallet) state(c *custody.Certificate, out *citizen.Certificate) (citizen.State, string, error) {
	intervals, err := s.g.index.Status(c.Authority, c.Status.List, c.Status.Index)
	if err != nil {
		return "", "", err
	}
	now := s.g.now().Unix()
	if v := attest.StatusAt(intervals, now); v != nil {
		return stateOf(v.State), v.Reason, nil
	}
	switch {
	case out.Until != 0 && now >= out.Until:
		return citizen.StateExpired, "", nil
	case now < out.From:
		return citizen.StateEarly, "", nil
	case out.Batch == "":
		return citizen.StatePending, "", nil
	default:
		return citizen.StateValid, "", nil
	}
}

func stateOf(s attest.StatusState) citizen.State {
	switch s {
	case attest.StatusSuspended:
		return citizen.StateSuspended
	case attest.StatusSuperseded:
		return citizen.StateSuperseded
	default:
		return citizen.StateRevoked
	}
}

// fields are what a presentation discloses, in the order of the type's schema, then its predicates.
func (s wallet) fields(c *custody.Certificate, claims *attest.Claims) ([]citizen.Field, error) {
	t, err := s.g.index.Type(c.Type, c.Version)
	if err != nil {
		return nil, err
	}
	if t == nil {
		t = &attest.CertificateType{}
	}
	disclosed := claims.Disclosed()
	titles, order := verdict.Titles(t.Schema)
	var out []citizen.Field
	for _, name := range slices.Concat(order, disclosed) {
		known := slices.ContainsFunc(out, func(f citizen.Field) bool { return f.Name == name })
		value, ok := claims.Get(name)
		if known || !ok || !slices.Contains(disclosed, name) {
			continue
		}
		predicate := slices.Contains(t.Predicates, name)
		out = append(out, citizen.Field{Name: name, Title: titles[name], Value: plain(value), Predicate: predicate,
			Sensitive: !predicate && t.Grades[name] != attest.GradeGeneral})
	}
	return out, nil
}

func plain(v attest.Value) string {
	switch v.Kind() {
	case attest.JSONString:
		return v.Str()
	default:
		return string(v.Raw())
	}
}

// Preview implements citizen.Wallet.
func (s wallet) Preview(ctx context.Context, holder, id string, fields []string) ([]citizen.Field, error) {
	c, err := s.own(holder, id)
	if err != nil {
		return nil, err
	}
	presentation, err := s.g.notary.Present(ctx, id, fields, "", "")
	if err != nil {
		return nil, err
	}
	sd, err := attest.ParseSDJWT(presentation, attest.Limits{})
	if err != nil {
		return nil, err
	}
	claims, err := sd.Process()
	if err != nil {
		return nil, err
	}
	return s.fields(c, claims)
}

// Print implements citizen.Wallet.
func (s wallet) Print(ctx context.Context, holder, id string) ([]byte, error) {
	if _, err := s.own(holder, id); err != nil {
		return nil, err
	}
	return prints(s).PrintCertificate(ctx, id, nil)
}

// SelfContained implements citizen.Wallet.
func (s wallet) SelfContained(ctx context.Context, holder, id string, fields []string) (string, error) {
	c, err := s.own(holder, id)
	if err != nil {
		return "", err
	}
	presentation, err := s.g.notary.Present(ctx, id, fields, portable.Audience, portable.NonceNone)
	if err != nil {
		return "", err
	}
	inclusion, err := s.g.notary.Receipt(c.Commitment)
	if err != nil {
		return "", err
	}
	return portable.Encode(&portable.Presentation{SDJWT: presentation, Receipt: inclusion.JSON()})
}

// Erase implements citizen.Eraser.
func (s wallet) Erase(ctx context.Context, holder string) ([]citizen.Remains, error) {
	list, err := s.Certificates(ctx, holder)
	if err != nil {
		return nil, err
	}
	out := make([]citizen.Remains, len(list))
	for i, c := range list {
		out[i] = citizen.Remains{Commitment: c.ID, Batch: c.Batch}
	}
	err = s.g.vault.Shred(ctx, s.subject(holder), s.g.now().Unix())
	if attest.CodeOf(err) == attest.CodeRecordMissing {
		return nil, nil
	}
	s.g.log.Info("a holder's key was erased", "certificates", strconv.Itoa(len(out)))
	return out, err
}
