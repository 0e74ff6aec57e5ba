package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/base64"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/redemption"
	"github.com/huzheng-ledger/huzheng/internal/verify"
	"github.com/huzheng-ledger/huzheng/web/public"
)

// publicVerifierName is how whoever came to the page is called in receipts, and in the citizen's record of uses.
const publicVerifierName = "公共核验"

// publicRedeemer is public.Redeemer over the verifier's side of proof codes.
type publicRedeemer struct{ publicVerifier }

// Redeem implements public.Redeemer.
func (s publicRedeemer) Redeem(ctx context.Context, r *public.Redemption) ([]*public.Answer, error) {
	result, err := s.g.Redeem(ctx, &redemption.Request{Operation: publicOperation(r), Code: r.Code, UseCause: r.Purpose.UseCause,
		Scenario: r.Purpose.Scenario, Credential: publicCredential, Address: r.Address, Verifier: publicVerifierName})
	if err != nil {
		return nil, err
	}
	judged := result.Answers
	if len(judged) == 0 { // nothing could be learnt from the home
		judged = []*verify.Answer{{Verdict: &attest.Verdict{Result: result.Result, Code: result.Code, Issuer: result.Home}}}
	}
	out := make([]*public.Answer, len(judged))
	for i, a := range judged {
		out[i] = &public.Answer{Verdict: a.Verdict, Time: s.g.now().Unix(), Claims: a.Claims, Profile: a.Profile, ReceiptID: a.ReceiptID,
			Purpose: public.Purpose{UseCause: result.UseCause, Scenario: result.Scenario}}
		if err := s.name(out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// publicOperation names a redemption by the form that it came from and the code: sent twice it is one, and another code from
// the same form is another one.
func publicOperation(r *public.Redemption) string {
	sum := sha256.Sum256([]byte("huzheng/v1/public redemption\x00" + r.Form + "\x00" + r.Code + "\x00" + r.Purpose.Scenario + "\x00" + r.Purpose.UseCause))
	return "public/" + base64.RawURLEncoding.EncodeToString(sum[:])
}
