package vault

import (
	"context"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Redemption gives what a verifier's gateway wrote down of an operation; nil where there is nothing.
func (v *Vault) Redemption(op string) (*custody.Redemption, error) {
	plain, err := v.get(keyHashed(prefixRedemption, v.hashed("redemption", op)))
	if err != nil || plain == nil {
		return nil, err
	}
	r := newReader(plain)
	out := &custody.Redemption{Request: r.array32(), Home: r.string(), Code: r.string(), Number: r.uint(), Receipts: r.strings()}
	return out, r.done()
}

// PutRedemption writes it down, durably.
func (v *Vault) PutRedemption(ctx context.Context, op string, d *custody.Redemption) error {
	w := newWriter(128)
	w.fixed(d.Request[:])
	w.string(d.Home)
	w.string(d.Code)
	w.uint(d.Number)
	w.strings(d.Receipts)
	return v.do(ctx, func(t *tx) error {
		t.setStore(keyHashed(prefixRedemption, v.hashed("redemption", op)), w.b)
		return nil
	})
}

// CertificatesOf lists the certificates of a holder, the oldest first; what was shredded is passed over.
func (v *Vault) CertificatesOf(subject custody.Subject) ([]*custody.Certificate, error) {
	var out []*custody.Certificate
	prefix := append([]byte{prefixHeld}, subject[:]...)
	err := v.scan(prefix, func(key, _ []byte) error {
		p, ok := placeOf(key[len(prefix)-1:])
		if !ok {
			return unreadable(key)
		}
		c, err := v.CertificateAt(p)
		if attest.CodeOf(err) == attest.CodeSubjectShredded {
			return nil
		}
		if err == nil {
			out = append(out, c)
		}
		return err
	})
	return out, err
}
