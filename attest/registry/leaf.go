package registry

import (
	"errors"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
)

// GatherLeaf looks up what JudgeLeaf needs about a document, a dataset version or a verification receipt: commit makes
// the commitment to what was presented, contentErr says why there is none.
func GatherLeaf(view View, kind attest.Kind, commit func(s attest.Suite) [32]byte, contentErr error, receipt []byte,
	now int64, policy attest.Policy) *attest.LeafEvidence {
	e := &attest.LeafEvidence{Kind: kind, Commit: commit, ContentErr: contentErr, Policy: policy}
	if len(receipt) > 0 {
		if r, err := merkle.ParseReceipt(receipt); err != nil {
			e.ReceiptErr = err
		} else {
			e.Suite = r.Suite
			e.Inclusion = &attest.Inclusion{Kind: attest.Kind(r.Kind), Suite: r.Suite, Batch: r.Batch, Proves: r.Verify}
		}
	}
	e.LookupErr = lookUpLeaf(view, e, now)
	return e
}

func lookUpLeaf(view View, e *attest.LeafEvidence, now int64) error {
	var errs [4]error
	e.Ledger, errs[0] = view.Ledger(now)
	if e.Inclusion != nil {
		e.Batch, errs[1] = view.Batch(e.Inclusion.Batch)
	}
	if e.Batch != nil {
		e.Key, errs[2] = view.Key(e.Batch.Key)
		owner, _, _ := strings.Cut(e.Batch.Key, "#")
		e.Authority, errs[3] = view.Authority(owner)
	}
	return errors.Join(errs[:]...)
}

// VerifyReceipt reads a verification receipt and checks that a registered gateway key of the region it names signed it.
// Where the receipt was anchored, from says so; a key that was marked compromised vouches for nothing that is not known
// to be anchored before the cut.
func VerifyReceipt(view View, raw []byte, from *attest.Batch) (*attest.VerificationReceipt, error) {
	r, j, err := attest.ParseVerificationReceipt(raw)
	if err != nil {
		return nil, err
	}
	key, err := receiptKey(view, r, j.KeyID)
	if err != nil {
		return nil, err
	}
	if key.CompromisedFrom != 0 && (from == nil || !key.Sound(from.Block)) {
		return nil, attest.Errorf(attest.CodeKeyCompromised, "the key that signed the receipt is marked compromised")
	}
	return r, j.Verify(key.Public)
}

// receiptKey is the registered key that the receipt names, if it is one of its region's gateway on this network.
func receiptKey(view View, r *attest.VerificationReceipt, id string) (*attest.Key, error) {
	consortium, err := view.Consortium()
	if err != nil {
		return nil, err
	}
	if consortium == nil || r.Network != consortium.Network {
		return nil, attest.Errorf(attest.CodeNetworkMismatch, "the receipt is of another network")
	}
	key, err := view.Key(id)
	owner, _, _ := strings.Cut(id, "#")
	switch {
	case err != nil:
		return nil, err
	case key == nil:
		return nil, attest.Errorf(attest.CodeKeyUnknown, "the key that signed the receipt is not registered")
	case owner != r.Region || key.Use != attest.UseGateway:
		return nil, attest.Errorf(attest.CodeKeyMismatch, "the receipt is not signed by its region's gateway")
	}
	return key, nil
}
