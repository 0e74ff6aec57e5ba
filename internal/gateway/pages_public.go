package gateway

import (
	"context"
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/verify"
	"github.com/huzheng-ledger/huzheng/web/public"
	"github.com/huzheng-ledger/huzheng/web/upload"
)

// publicCredential stands where a credential's id stands in the audit log, for verifications of whoever came to the page.
// No credential has such an id.
const publicCredential = "public page"

// publicScenario is what the public's verification is for where no agreement names anything for a certificate.
const publicScenario = "公众查验"

// publicVerifier is public.Verifier.
type publicVerifier struct{ g *Gateway }

// Verify implements public.Verifier.
func (s publicVerifier) Verify(ctx context.Context, p upload.Presentation, why public.Purpose) (*public.Answer, error) {
	if why.Scenario == "" {
		var err error
		if why.Scenario, err = s.scenarioFor(p.SDJWT); err != nil {
			return nil, err
		}
	}
	submission := &verify.Submission{Presentation: p.SDJWT, Receipt: p.Receipt, Credential: publicCredential,
		Request: attest.Request{Verifier: publicVerifierName, UseCause: why.UseCause, Scenario: why.Scenario}}
	expect(p, &submission.Request)
	answer, err := s.g.verifier.Verify(ctx, submission)
	if err != nil {
		return nil, err
	}
	s.g.observe(answer.Verdict)
	out := &public.Answer{Verdict: answer.Verdict, Purpose: why, Claims: answer.Claims, Profile: answer.Profile,
		ReceiptID: answer.ReceiptID, Time: s.g.now().Unix()}
	return out, s.name(out)
}

// expect completes a request by what a self-contained presentation is bound to.
func expect(p upload.Presentation, r *attest.Request) {
	if p.SelfContained {
		(&portable.Presentation{SDJWT: p.SDJWT, Receipt: p.Receipt}).Expect(r)
	}
}

// name adds the names of authority and type, where the ledger has them.
func (s publicVerifier) name(out *public.Answer) error {
	v := out.Verdict
	if v.Authority == "" {
		return nil
	}
	a, err := s.g.index.Authority(v.Authority)
	if err != nil {
		return err
	}
	if a != nil {
		out.Authority = a.Name
	}
	t, err := s.g.index.Type(v.Type, v.Version)
	if t != nil {
		out.Type, out.Defined = t.Name, t
	}
	return err
}

// inForce lists the agreements by which this region accepts anything now.
func (s publicVerifier) inForce() ([]*attest.Agreement, error) {
	all, err := s.g.index.Agreements()
	if err != nil {
		return nil, err
	}
	now := s.g.now().Unix()
	return slices.DeleteFunc(slices.Clone(all), func(a *attest.Agreement) bool {
		return !a.InForce(now) || !slices.Contains(a.Relying, s.g.o.Region)
	}), nil
}

// Scenarios implements public.Verifier.
func (s publicVerifier) Scenarios(context.Context) ([]string, error) {
	agreements, err := s.inForce()
	var out []string
	for _, a := range agreements {
		out = append(out, a.Scenarios...)
	}
	slices.Sort(out)
	return slices.Compact(out), err
}

// scenarioFor is the first scenario, in order, that an agreement in force names for a certificate's type. What cannot be
// read gets the public's own: the verdict will say that it cannot be read.
func (s publicVerifier) scenarioFor(sdjwt []byte) (string, error) {
	document, err := attest.ParseSDJWT(sdjwt, attest.DefaultLimits())
	if err != nil {
		return publicScenario, nil
	}
	profile, err := attest.ReadProfile(document)
	if err != nil {
		return publicScenario, nil
	}
	agreements, err := s.inForce()
	var found []string
	for _, a := range agreements {
		if slices.Contains(a.Types, profile.Type) {
			found = append(found, a.Scenarios...)
		}
	}
	if len(found) == 0 {
		return publicScenario, err
	}
	return slices.Min(found), nil
}

// CheckReceipt implements public.Verifier.
func (s publicVerifier) CheckReceipt(_ context.Context, jws []byte) (r *attest.VerificationReceipt, err error) {
	failed := s.g.index.Read(func(view registry.View) error {
		r, err = registry.VerifyReceipt(view, jws, nil)
		return nil
	})
	if failed != nil {
		return nil, failed
	}
	return r, err
}

// Receipt implements public.Verifier.
func (s publicVerifier) Receipt(_ context.Context, id string) ([]byte, error) {
	entry, _, err := receipts(s).find(id)
	if err != nil {
		return nil, err
	}
	if entry.Credential != publicCredential {
		return nil, notFound("receipt")
	}
	return entry.JWS, nil
}
