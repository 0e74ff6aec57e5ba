package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/notary"
)

// issuer is api.Issuer over the notary.
type issuer struct{ g *Gateway }

// Issue implements api.Issuer.
func (s issuer) Issue(ctx context.Context, op api.Operation, list []api.NewCertificate) ([]api.IssuedCertificate, error) {
	requests := make([]notary.IssueRequest, len(list))
	var refused api.ItemErrors
	for i := range list {
		r, pointer, err := issueRequest(&list[i])
		if err == nil {
			err = s.g.own(r.Authority)
		}
		if err != nil {
			refused = append(refused, api.ItemError{Pointer: "/certificates/" + strconv.Itoa(i) + pointer, Err: err})
		}
		requests[i] = r
	}
	if refused != nil {
		return nil, refused
	}
	issued, err := s.g.notary.Issue(ctx, op.ID, requests)
	if err != nil {
		return nil, itemErrors(err, "/certificates/", "/fields/")
	}
	s.g.metrics.Recorded(string(attest.KindCertificate), len(issued))
	out := make([]api.IssuedCertificate, len(issued))
	for i := range issued {
		c := &issued[i]
		out[i] = api.IssuedCertificate{ID: c.ID, Commitment: text(c.Commitment), SdJWT: string(c.SDJWT),
			State: progress(c.State), StatusList: int64(c.Status.List), StatusIndex: int64(c.Status.Index)}
	}
	return out, nil
}

// own refuses an authority that another region answers for as one that nobody knows: its keys are not here.
func (g *Gateway) own(uscc string) error {
	a, err := g.index.Authority(uscc)
	if err == nil && (a == nil || a.Region != g.o.Region) {
		return attest.Errorf(attest.CodeAuthorityUnknown, "no such authority of this region is registered")
	}
	return err
}

// issueRequest reads one certificate; pointer says which member err is about.
func issueRequest(c *api.NewCertificate) (r notary.IssueRequest, pointer string, err error) {
	r = notary.IssueRequest{Authority: c.Authority, Type: c.Type, Version: int(c.TypeVersion), NotBefore: c.ValidFrom,
		Expires: c.ValidUntil}
	fields, err := attest.ParseJSON(c.Fields, attest.DefaultLimits())
	if err != nil {
		return r, "/fields", err
	}
	for _, m := range fields.Members() {
		r.Fields = append(r.Fields, attest.Field{Name: m.Name, Value: m.Value.Raw()})
	}
	if len(c.HolderKey) > 0 {
		jwk, err := attest.ParseJSON(c.HolderKey, attest.DefaultLimits())
		if err != nil {
			return r, "/holderKey", err
		}
		if r.Holder, err = attest.ParseJWK(jwk); err != nil {
			return r, "/holderKey", err
		}
	}
	return r, "", nil
}

// itemErrors points at the items that a notary refused.
func itemErrors(err error, items, field string) error {
	var refused notary.RequestErrors
	if !errors.As(err, &refused) {
		return err
	}
	out := make(api.ItemErrors, len(refused))
	for i, r := range refused {
		out[i] = api.ItemError{Pointer: items + strconv.Itoa(r.Index), Err: missing(r.Err, "certificate")}
		if r.Field != "" {
			out[i].Pointer += field + r.Field
		}
	}
	return out
}

// progress is the API's word. A batch that the rules refuse stays submitted for the client: the operator has to mend it,
// and is told by log and metrics; the certificate is recorded and loses nothing.
func progress(s notary.State) api.State {
	switch s.Progress {
	case notary.Anchored:
		return api.StateAnchored
	case notary.Recorded:
		return api.StateRecorded
	default:
		return api.StateSubmitted
	}
}

func (g *Gateway) state(commitment [32]byte) (api.State, error) {
	s, err := g.notary.State(commitment)
	return progress(s), err
}

// missing turns "not kept here" into the API's NOT_FOUND.
func missing(err error, what string) error {
	if attest.CodeOf(err) == attest.CodeRecordMissing {
		return notFound(what)
	}
	return err
}

func (s issuer) commitments(ids []string) ([][32]byte, error) {
	out := make([][32]byte, len(ids))
	for i, id := range ids {
		c, err := custody.ParseID(id)
		if err != nil {
			return nil, notFound("certificate")
		}
		out[i] = c
	}
	return out, nil
}

// Await implements api.Issuer.
func (s issuer) Await(ctx context.Context, ids []string) ([]api.State, error) {
	commitments, err := s.commitments(ids)
	if err != nil {
		return nil, err
	}
	if err := s.g.notary.Await(ctx, commitments...); err != nil && ctx.Err() == nil {
		return nil, err
	}
	out := make([]api.State, len(ids))
	for i, c := range commitments {
		if out[i], err = s.g.state(c); err != nil {
			return nil, missing(err, "certificate")
		}
	}
	return out, nil
}

func (g *Gateway) certificate(id string) (*custody.Certificate, error) {
	commitment, err := custody.ParseID(id)
	if err != nil {
		return nil, notFound("certificate")
	}
	c, err := g.vault.Certificate(commitment)
	return c, missing(err, "certificate")
}

// Certificate implements api.Issuer.
func (s issuer) Certificate(_ context.Context, id string) (*api.Certificate, error) {
	c, err := s.g.certificate(id)
	if err != nil {
		return nil, err
	}
	state, err := s.g.state(c.Commitment)
	if err != nil {
		return nil, err
	}
	out := &api.Certificate{ID: id, Authority: c.Authority, Type: c.Type, TypeVersion: int32(c.Version), //nolint:gosec // at most 9999 by the rules
		Commitment: text(c.Commitment), SdJWT: string(c.SDJWT), State: state, StatusList: int64(c.Status.List),
		StatusIndex: int64(c.Status.Index)}
	out.Receipt, err = s.g.receiptOf(c.Commitment, state)
	return out, err
}

// receiptOf is the inclusion receipt of what is anchored, and nothing before.
func (g *Gateway) receiptOf(commitment [32]byte, state api.State) (json.RawMessage, error) {
	if state != api.StateAnchored {
		return nil, nil
	}
	r, err := g.notary.Receipt(commitment)
	if err != nil {
		return nil, err
	}
	return r.JSON(), nil
}

// Present implements api.Issuer.
func (s issuer) Present(ctx context.Context, id string, r api.PresentationRequest) (*api.Presentation, error) {
	presentation, err := s.g.notary.Present(ctx, id, r.Fields, r.Audience, r.Nonce)
	if attest.CodeOf(err) == attest.CodeDisclosurePath {
		return nil, attest.Errorf(attest.CodeFieldInvalid, "the certificate has no field of one of these names")
	}
	if err != nil {
		return nil, missing(err, "certificate")
	}
	c, err := s.g.certificate(id)
	if err != nil {
		return nil, err
	}
	state, err := s.g.state(c.Commitment)
	if err != nil {
		return nil, err
	}
	out := &api.Presentation{Presentation: string(presentation)}
	if out.Receipt, err = s.g.receiptOf(c.Commitment, state); err != nil {
		return nil, err
	}
	out.Portable, err = selfContained(r.Audience, presentation, out.Receipt)
	return out, err
}
