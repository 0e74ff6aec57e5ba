package notary

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// issuer is an authority with the key that signs for it.
type issuer struct {
	authority *attest.Authority
	signer    attest.Signer
	until     time.Time
}

func (i *issuer) queue(kind attest.Kind) custody.Queue {
	return custody.Queue{Key: i.signer.KeyID(), Kind: kind, Suite: i.signer.Public().Suite()}
}

// issuerCache saves the look-ups of a burst. A second of staleness costs nothing: the rules have the last word when the
// batch is anchored.
type issuerCache struct {
	mu sync.Mutex
	by map[string]*issuer
}

const issuerLife = time.Second

// KeysChanged makes every further certificate, document and version be signed by the keys that are in force now. When it
// returns, nothing more is recorded under an earlier key: Flush then anchors all that was, and the key can be retired.
func (n *Notary) KeysChanged() {
	n.signing.Lock()
	defer n.signing.Unlock()
	n.issuers.mu.Lock()
	defer n.issuers.mu.Unlock()
	n.issuers.by = nil
}

// issuer finds an active authority and its key. Errors: AUTHORITY_UNKNOWN, AUTHORITY_INACTIVE, KEY_MISSING where none of
// its keys is both in reach and in force.
func (n *Notary) issuer(authority string) (*issuer, error) {
	now := n.d.Now()
	n.issuers.mu.Lock()
	known := n.issuers.by[authority]
	n.issuers.mu.Unlock()
	if known != nil && now.Before(known.until) {
		return known, nil
	}
	a, err := n.d.View.Authority(authority)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, attest.Errorf(attest.CodeAuthorityUnknown, "no such authority is registered")
	}
	if a.State != attest.AuthorityActive {
		return nil, attest.Errorf(attest.CodeAuthorityInactive, "the authority is %s", a.State)
	}
	signer, err := n.keyOf(authority, attest.UseIssue)
	if err != nil {
		return nil, err
	}
	found := &issuer{authority: a, signer: signer, until: now.Add(issuerLife)}
	n.issuers.mu.Lock()
	defer n.issuers.mu.Unlock()
	if n.issuers.by == nil {
		n.issuers.by = map[string]*issuer{}
	}
	n.issuers.by[authority] = found
	return found, nil
}

// keyOf finds a key of an owner that is here, registered for the use, and in force; the last by name where there are
// several, so that "10" follows "9" and
// "2027" follows "2026".
func (n *Notary) keyOf(owner string, use attest.KeyUse) (attest.Signer, error) {
	ids, err := n.d.Signers.Owned(owner)
	if err != nil {
		return nil, err
	}
	ids = slices.SortedFunc(slices.Values(ids), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	for _, id := range slices.Backward(ids) {
		key, err := n.d.View.Key(id)
		if err != nil {
			return nil, err
		}
		if key == nil || key.Use != use || key.Retired || key.CompromisedFrom != 0 {
			continue
		}
		signer, err := n.d.Signers.Signer(id)
		if err != nil {
			return nil, err
		}
		if !signer.Public().Equal(key.Public) {
			return nil, attest.Errorf(attest.CodeKeyMismatch, "the key %s here is not the one that is registered", id)
		}
		return signer, nil
	}
	return nil, attest.Errorf(attest.CodeKeyMissing, "no registered key of %s to %s with is in reach", owner, use)
}
