package proofcode

import (
	"context"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// reportedTogether is how many reported receipts are written at once: what else is written meanwhile waits for no more.
const reportedTogether = 32

// Report puts receipts of verifications without a code into the records of the citizens whose certificates they say they are
// about, as they came. They are checked when they are read: a citizen reads a few of them, other regions report all. A receipt
// that was reported before, and one about what is not kept here, change nothing.
func (h *Home) Report(ctx context.Context, region string, reports []custody.Report) error {
	for len(reports) > 0 {
		some := reports[:min(len(reports), reportedTogether)]
		reports = reports[len(some):]
		uses := make([]*custody.Use, 0, len(some))
		for _, r := range some {
			c, err := h.o.Store.Certificate(r.About)
			if gone(err) {
				continue
			}
			if err != nil {
				return err
			}
			uses = append(uses, &custody.Use{Subject: c.Subject, Time: h.now(), Event: custody.UsePlain, By: custody.UseBy{Region: region},
				Shown: []custody.Shown{{Commitment: c.Commitment}}, Receipts: [][]byte{r.JWS}})
		}
		if len(uses) == 0 {
			continue
		}
		if err := h.o.Store.AddReported(ctx, uses...); err != nil {
			return err
		}
	}
	return nil
}

// readReported checks the receipt of a reported use and says what it says. Where it does not hold by the ledger, the use is what
// its region has told and cannot prove: Unproven is why.
func (h *Home) readReported(u *custody.Use) error {
	if u.Event != custody.UsePlain {
		return nil
	}
	v, err := h.proved(u)
	if doubted(attest.CodeOf(err)) {
		u.Unproven, u.Receipts = attest.CodeOf(err), nil
		return nil
	}
	if err == nil {
		u.By.Verifier, u.UseCause, u.Scenario, u.Reason = v.Verifier, v.UseCause, v.Scenario, v.Verdict.Code
	}
	return err
}

func (h *Home) proved(u *custody.Use) (*attest.VerificationReceipt, error) {
	v, err := h.o.Receipts.ReadReceipt(u.By.Region, u.Receipts[0])
	if err != nil {
		if _, _, unread := attest.ParseVerificationReceipt(u.Receipts[0]); unread != nil {
			err = attest.Errorf(attest.CodeVerificationReceipt, "what was reported is no receipt: %s", attest.CodeOf(unread))
		}
		return nil, err
	}
	if v.Verdict.Commitment != u.Shown[0].Commitment {
		return nil, attest.Errorf(attest.CodeVerificationReceipt, "the receipt is about another certificate than was reported")
	}
	return v, nil
}

// doubted are the codes of a receipt that does not hold; any other is a failure to find out.
func doubted(code attest.Code) bool {
	switch code {
	case attest.CodeVerificationReceipt, attest.CodeSignature, attest.CodeAlgMismatch, attest.CodeKeyCompromised, attest.CodeKeyUnknown,
		attest.CodeNetworkMismatch, attest.CodeKeyMismatch, attest.CodeKeyUse, attest.CodeKeyFormat:
		return true
	}
	return false
}
