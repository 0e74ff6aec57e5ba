package gateway

import (
	"context"
	"slices"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/redemption"
)

// codes is api.Codes over both sides of proof codes.
type codes struct {
	g *Gateway
	v *verifications
}

// HolderOf implements api.Codes.
func (s codes) HolderOf(_ context.Context, certificate string) (string, api.Holder, error) {
	c, err := s.g.certificate(certificate)
	if attest.CodeOf(err) == attest.CodeSubjectShredded {
		err = notFound("certificate")
	}
	if err != nil {
		return "", api.Holder{}, err
	}
	return c.Authority, api.Holder(c.Subject), nil
}

// CreateCode implements api.Codes.
func (s codes) CreateCode(ctx context.Context, op api.Operation, holder api.Holder, r api.NewProofCode) (*api.ProofCode, error) {
	n := &proofcode.NewCode{Subject: custody.Subject(holder), UseCause: r.UseCause, Scenario: r.Scenario, Life: r.LifeSeconds, Uses: int(r.Uses),
		Audience: custody.Audience{Kind: audienceKinds[r.Audience.Kind], Region: r.Audience.Region, Office: r.Audience.Office, Tenant: r.Audience.Tenant}}
	for _, c := range r.Certificates {
		commitment, err := custody.ParseID(c.Certificate)
		if err != nil {
			return nil, notFound("certificate")
		}
		n.Shown = append(n.Shown, custody.Shown{Commitment: commitment, Fields: slices.Concat(c.Fields, c.Predicates)})
	}
	made, err := s.g.home.Create(ctx, op.ID, n)
	if attest.CodeOf(err) == attest.CodeDisclosurePath {
		return nil, attest.Errorf(attest.CodeFieldInvalid, "a certificate has no field or predicate of one of these names")
	}
	if err != nil {
		return nil, missing(err, "certificate")
	}
	return s.code(made)
}

var audienceKinds = map[api.CodeAudienceKind]custody.AudienceKind{
	api.CodeAudienceKindAny: custody.AudienceAny, api.CodeAudienceKindRegion: custody.AudienceRegion,
	api.CodeAudienceKindOffice: custody.AudienceOffice, api.CodeAudienceKindIntegrator: custody.AudienceIntegrator,
}

func (s codes) code(c *custody.ProofCode) (*api.ProofCode, error) {
	h := s.g.home
	state, remaining := h.State(c)
	face, until, err := h.Face(c)
	if err != nil {
		return nil, err
	}
	out := &api.ProofCode{ID: c.ID.String(), State: api.ProofCodeState(state), Remaining: int32(remaining), //nolint:gosec // at most 100
		Uses: int32(c.Uses), Created: c.Created, Expires: c.Expires, Face: face, FaceUntil: until, //nolint:gosec // at most 100
		UseCause: c.UseCause, Scenario: c.Scenario}
	if out.Code = h.Short(c); out.Code != "" {
		out.CodeUntil = h.ShortUntil(c)
	}
	out.Audience = api.CodeAudience{Region: c.Audience.Region, Office: c.Audience.Office, Tenant: c.Audience.Tenant}
	for name, kind := range audienceKinds {
		if kind == c.Audience.Kind {
			out.Audience.Kind = name
		}
	}
	for _, shown := range c.Shown {
		out.Certificates = append(out.Certificates, api.ShownCertificate{Certificate: custody.ID(shown.Commitment), Fields: shown.Fields})
	}
	return out, nil
}

// Codes implements api.Codes.
func (s codes) Codes(_ context.Context, holder api.Holder) ([]api.ProofCode, error) {
	list, err := s.g.home.List(custody.Subject(holder))
	if err != nil {
		return nil, err
	}
	out := make([]api.ProofCode, len(list))
	for i, c := range list {
		code, err := s.code(c)
		if err != nil {
			return nil, err
		}
		out[i] = *code
	}
	return out, nil
}

// CodeHolder implements api.Codes.
func (s codes) CodeHolder(ctx context.Context, id string) (string, api.Holder, error) {
	parsed, err := custody.ParseCodeID(id)
	if err != nil {
		return "", api.Holder{}, notFound("code")
	}
	c, err := s.g.vault.Code(parsed)
	if attest.CodeOf(err) == attest.CodeSubjectShredded {
		err = notFound("code")
	}
	if err != nil {
		return "", api.Holder{}, missing(err, "code")
	}
	return s.HolderOf(ctx, custody.ID(c.Shown[0].Commitment))
}

// Code implements api.Codes.
func (s codes) Code(_ context.Context, holder api.Holder, id string) (*api.ProofCode, error) {
	parsed, err := custody.ParseCodeID(id)
	if err != nil {
		return nil, notFound("code")
	}
	c, err := s.g.home.Get(custody.Subject(holder), parsed)
	if err != nil {
		return nil, missing(err, "code")
	}
	return s.code(c)
}

// CancelCode implements api.Codes.
func (s codes) CancelCode(ctx context.Context, holder api.Holder, id string) (*api.ProofCode, error) {
	parsed, err := custody.ParseCodeID(id)
	if err != nil {
		return nil, notFound("code")
	}
	c, err := s.g.home.Cancel(ctx, custody.Subject(holder), parsed)
	if err != nil {
		return nil, missing(err, "code")
	}
	return s.code(c)
}

// RedeemCode implements api.Codes.
func (s codes) RedeemCode(ctx context.Context, op api.Operation, caller *api.Caller, r api.RedemptionRequest) (*api.Redemption, error) {
	request := &redemption.Request{Operation: op.ID, Code: r.Code, UseCause: r.UseCause, Scenario: r.Scenario, Credential: caller.ID,
		Verifier: caller.Verifier, Tenant: caller.Tenant, Office: r.Office}
	if request.Verifier == "" {
		request.Verifier = caller.Tenant
	}
	if only := caller.Authorities; request.Office == "" && len(only) == 1 && only[0] != credentials.AnyAuthority {
		request.Office = only[0]
	}
	result, err := s.g.redeemer.Redeem(ctx, request)
	if err != nil {
		return nil, err
	}
	zh, en := attest.Explain(result.Code)
	if result.Result == attest.Valid {
		zh, en = attest.ResultText(attest.Valid)
	}
	out := &api.Redemption{Result: api.Result(result.Result), Code: string(result.Code), Reason: api.Reason{Zh: zh, En: en}, Home: result.Home,
		Consumed: result.Consumed, UseCause: result.UseCause, Scenario: result.Scenario, Verifications: []api.Verification{}}
	for _, a := range result.Answers {
		out.Verifications = append(out.Verifications, *s.v.verification(a))
	}
	return out, nil
}
