package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/dispute"
	"github.com/huzheng-ledger/huzheng/internal/notary"
	"github.com/huzheng-ledger/huzheng/internal/redemption"
	"github.com/huzheng-ledger/huzheng/internal/verify"
	"github.com/huzheng-ledger/huzheng/web/office"
	"github.com/huzheng-ledger/huzheng/web/upload"
)

// officeDeps is what the office's pages need of this gateway.
func (g *Gateway) officeDeps(photos upload.Decoder, frames func(*http.Request) bool, desk *dispute.Desk) office.Deps {
	g.imports = newImports(g)
	return office.Deps{Verifier: officeVerifier{g}, Redeemer: officeVerifier{g}, Decoder: photos, Extractor: extractor{}, Issuer: officeIssuer{g},
		Importer: g.imports, Registrar: officeRegistrar{g}, Agreements: officeAgreements{g}, Receipts: officeReceipts{g},
		Refusals: officeRefusals{g}, Disputes: officeDisputes{g, desk}, Now: g.o.Clock, Frames: frames}
}

// staffCredential stands where a credential's id stands in the audit log, for what the staff of an office verify. No
// credential has such an id.
func staffCredential(office string) string { return "office " + office }

// operationOf names what a member of staff does by a form, for retries: another person's form, or another office's, is
// another operation.
func operationOf(by office.Actor, route, form string) string {
	h := sha256.New()
	for _, part := range []string{"huzheng/v1/page operation", by.Office, by.Person, route, form} {
		h.Write([]byte(part + "\x00"))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// mine is the authority that somebody acts for. One that was dissolved since they signed in acts no more.
func (g *Gateway) mine(by office.Actor) (*attest.Authority, error) {
	a, err := g.index.Authority(by.Office)
	if err != nil {
		return nil, err
	}
	if a == nil || a.Region != g.o.Region || a.State == attest.AuthorityDissolved {
		return nil, attest.Errorf(attest.CodeForbidden, "the office is not an authority of this region")
	}
	return a, nil
}

// officeVerifier is office.Verifier.
type officeVerifier struct{ g *Gateway }

// Verify implements office.Verifier.
func (s officeVerifier) Verify(ctx context.Context, by office.Actor, p upload.Presentation, why office.Purpose) (*office.Answer, error) {
	a, err := s.g.mine(by)
	if err != nil {
		return nil, err
	}
	if why.Scenario == "" {
		if why.Scenario, err = publicVerifier(s).scenarioFor(p.SDJWT); err != nil {
			return nil, err
		}
	}
	submission := &verify.Submission{Presentation: p.SDJWT, Receipt: p.Receipt, Credential: staffCredential(by.Office),
		CaseNumber: why.CaseNumber, Request: attest.Request{Verifier: a.Name, UseCause: why.UseCause, Scenario: why.Scenario}}
	expect(p, &submission.Request)
	answer, err := s.g.verifier.Verify(ctx, submission)
	if err != nil {
		return nil, err
	}
	s.g.observe(answer.Verdict)
	return s.answer(answer, why)
}

// Redeem implements office.Redeemer.
func (s officeVerifier) Redeem(ctx context.Context, by office.Actor, operation, code string, why office.Purpose) ([]*office.Answer, error) {
	a, err := s.g.mine(by)
	if err != nil {
		return nil, err
	}
	result, err := s.g.Redeem(ctx, &redemption.Request{Operation: operationOf(by, "redeem", operation), Code: code, UseCause: why.UseCause,
		Scenario: why.Scenario, Credential: staffCredential(by.Office), CaseNumber: why.CaseNumber, Verifier: a.Name, Tenant: a.Name, Office: by.Office})
	if err != nil {
		return nil, err
	}
	why.UseCause, why.Scenario = result.UseCause, result.Scenario
	if len(result.Answers) == 0 { // nothing could be learnt from the home
		return []*office.Answer{{Verdict: &attest.Verdict{Result: result.Result, Code: result.Code, Issuer: result.Home}, Purpose: why,
			Time: s.g.now().Unix()}}, nil
	}
	out := make([]*office.Answer, len(result.Answers))
	for i, answer := range result.Answers {
		if out[i], err = s.answer(answer, why); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// answer adds the names for what a verdict is about.
func (s officeVerifier) answer(a *verify.Answer, why office.Purpose) (*office.Answer, error) {
	out := &office.Answer{Verdict: a.Verdict, Purpose: why, Claims: a.Claims, Profile: a.Profile, ReceiptID: a.ReceiptID,
		Time: s.g.now().Unix()}
	v := a.Verdict
	if v.Authority == "" {
		return out, nil
	}
	authority, err := s.g.index.Authority(v.Authority)
	if err != nil {
		return nil, err
	}
	if authority != nil {
		out.Authority = authority.Name
	}
	t, err := s.g.index.Type(v.Type, v.Version)
	if t != nil {
		out.Type, out.Schema = t.Name, t.Schema
	}
	return out, err
}

// Scenarios implements office.Verifier.
func (s officeVerifier) Scenarios(ctx context.Context) ([]string, error) {
	return publicVerifier(s).Scenarios(ctx)
}

// Needs implements office.Verifier.
func (s officeVerifier) Needs(_ context.Context, scenario string) ([]office.Need, error) {
	agreements, err := publicVerifier(s).inForce()
	if err != nil {
		return nil, err
	}
	regions := map[string][]string{}
	for _, a := range agreements {
		if !slices.Contains(a.Scenarios, scenario) {
			continue
		}
		for _, t := range a.Types {
			regions[t] = append(regions[t], a.Issuers...)
		}
	}
	names, err := s.g.latestTypes()
	var out []office.Need
	for _, t := range sortedKeys(regions) {
		need := office.Need{Type: t, Name: t, Regions: sorted(regions[t])}
		if known := names[t]; known != nil {
			need.Name = known.Name
		}
		out = append(out, need)
	}
	return out, err
}

// latestTypes are the latest versions of all types, by code.
func (g *Gateway) latestTypes() (map[string]*attest.CertificateType, error) {
	out := map[string]*attest.CertificateType{}
	err := g.index.Scan(registry.PrefixType, func(_ string, value []byte) error {
		t, err := registry.DecodeType(value)
		if err == nil && (out[t.Code] == nil || out[t.Code].Version < t.Version) {
			out[t.Code] = t
		}
		return err
	})
	return out, err
}

// officeIssuer is office.Issuer over the notary.
type officeIssuer struct{ g *Gateway }

// Types implements office.Issuer.
func (s officeIssuer) Types(_ context.Context, by office.Actor) ([]office.Type, error) {
	a, err := s.g.mine(by)
	if err != nil {
		return nil, err
	}
	latest, err := s.g.latestTypes()
	var out []office.Type
	for _, code := range a.Types {
		if t := latest[code]; t != nil {
			out = append(out, office.Type{Code: t.Code, Version: t.Version, Name: t.Name, Schema: t.Schema})
		}
	}
	return out, err
}

func (s officeIssuer) typeOf(ctx context.Context, by office.Actor, code string) (*office.Type, error) {
	types, err := s.Types(ctx, by)
	for i := range types {
		if types[i].Code == code {
			return &types[i], nil
		}
	}
	if err == nil {
		err = attest.Errorf(attest.CodeTypeNotAccredited, "the authority is not accredited for this certificate type")
	}
	return nil, err
}

// settleTime is how long a page waits for the ledger, which mostly is quicker; what is recorded is not lost by going on.
const settleTime = 2 * time.Second

// Issue implements office.Issuer.
func (s officeIssuer) Issue(ctx context.Context, by office.Actor, operation string, c office.NewCertificate) (string, error) {
	t, err := s.typeOf(ctx, by, c.Type)
	if err != nil {
		return "", err
	}
	issued, err := s.g.notary.Issue(ctx, operationOf(by, "issue", operation), []notary.IssueRequest{{Authority: by.Office, Type: t.Code,
		Version: t.Version, Fields: c.Fields, NotBefore: c.From, Expires: c.Until}})
	var refused notary.RequestErrors
	if errors.As(err, &refused) && refused[0].Field != "" {
		return "", &office.FieldError{Field: refused[0].Field, Err: refused[0].Err}
	}
	if err != nil {
		return "", err
	}
	s.g.metrics.Recorded(string(attest.KindCertificate), 1)
	waiting, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	if err := s.g.notary.Await(waiting, issued[0].Commitment); err != nil && waiting.Err() == nil {
		s.g.log.Warn("a certificate is recorded and not anchored yet", "code", attest.CodeOf(err))
	}
	return issued[0].ID, nil
}

// held is a certificate of the office: NOT_FOUND for every other one.
func (s officeIssuer) held(by office.Actor, id string) (*custody.Certificate, error) {
	if _, err := s.g.mine(by); err != nil {
		return nil, err
	}
	c, err := s.g.certificate(id)
	if err == nil && c.Authority != by.Office {
		return nil, notFound("certificate")
	}
	return c, err
}

// Certificate implements office.Issuer.
func (s officeIssuer) Certificate(_ context.Context, by office.Actor, id string) (*office.Certificate, error) {
	c, err := s.held(by, id)
	if err != nil {
		return nil, err
	}
	out := &office.Certificate{ID: id, Type: c.Type, Created: c.Created}
	if err := s.read(c, out); err != nil {
		return nil, err
	}
	t, err := s.g.index.Type(c.Type, c.Version)
	if err != nil {
		return nil, err
	}
	if t != nil {
		out.Type, out.Schema = t.Name, t.Schema
	}
	state, err := s.g.notary.State(c.Commitment)
	if err != nil {
		return nil, err
	}
	out.Anchored = state.Progress == notary.Anchored
	out.Intervals, err = s.g.index.Status(c.Authority, c.Status.List, c.Status.Index)
	return out, err
}

func (s officeIssuer) read(c *custody.Certificate, out *office.Certificate) error {
	sd, err := attest.ParseSDJWT(c.SDJWT, attest.Limits{})
	if err != nil {
		return err
	}
	if out.Profile, err = attest.ReadProfile(sd); err != nil {
		return err
	}
	out.Fields, err = sd.Process()
	return err
}

// Print implements office.Issuer.
func (s officeIssuer) Print(ctx context.Context, by office.Actor, id string) ([]byte, error) {
	if _, err := s.held(by, id); err != nil {
		return nil, err
	}
	return prints(s).PrintCertificate(ctx, id, nil)
}
