package notary

import (
	"context"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

// Present discloses the named fields of a certificate and nothing else, and binds the presentation to audience and nonce
// with the holder's key in custody. Where both are empty it is not bound. Errors: RECORD_MISSING, SUBJECT_SHREDDED,
// NOT_IN_CUSTODY, DISCLOSURE_UNKNOWN for a field that the certificate does not have.
func (n *Notary) Present(_ context.Context, id string, fields []string, audience, nonce string) ([]byte, error) {
	commitment, err := custody.ParseID(id)
	if err != nil {
		return nil, err
	}
	c, err := n.d.Store.Certificate(commitment)
	if err != nil {
		return nil, err
	}
	sd, err := attest.ParseSDJWT(c.SDJWT, attest.Limits{})
	if err != nil {
		return nil, err
	}
	presentation, err := sd.Present(fields...)
	if err != nil || audience == "" && nonce == "" {
		return presentation, err
	}
	if c.HolderKey == nil {
		return nil, attest.Errorf(attest.CodeNotInCustody, "the holder keeps the key to this certificate")
	}
	holder, err := keys.FromPrivate(c.Queue.Suite, "holder", c.HolderKey)
	if err != nil {
		return nil, err
	}
	return attest.BindKey(presentation, holder, audience, nonce, n.d.Now().Unix())
}
