package gateway

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// What a region does in its own name: registering, delegating, rotating keys. The private keys never leave the key store.

// Found founds a consortium of the gateways' regions, which have just been created: each signs the same charter with its
// governance key, and the first puts it on the ledger.
func Found(ctx context.Context, network string, suite attest.Suite, founders []registry.Founder, gateways []*Gateway) error {
	charter := registry.Charter{Network: network, Suite: suite, Founders: founders}
	found := &registry.Found{}
	for _, g := range gateways {
		signature, err := registry.SignCharter(charter, g.govKey.signer())
		if err != nil {
			return err
		}
		found.Signatures = append(found.Signatures, signature)
	}
	command, err := registry.Sign(network, found, gateways[0].govKey.signer())
	if err != nil {
		return err
	}
	_, err = gateways[0].o.Ledger.Submit(ctx, command)
	return err
}

// AddAuthority registers an authority of the region with a new signing key. Its issuer URL follows from the region's. An
// authority that is registered already is left as it is.
func (g *Gateway) AddAuthority(ctx context.Context, a attest.Authority) error {
	existing, err := g.index.Authority(a.Code)
	if err != nil || existing != nil {
		return err
	}
	region, err := g.index.Region(g.o.Region)
	if err != nil {
		return err
	}
	if region == nil {
		return attest.Errorf(attest.CodeRegionUnknown, "the region is not a member of the consortium")
	}
	a.Region, a.Issuer, a.State = g.o.Region, attest.IssuerURL(region.URL, a.Code), attest.AuthorityActive
	key, err := g.ownKey(registry.KeyID(a.Code, issuingName))
	if err != nil {
		return err
	}
	signer := g.govKey.signer()
	if a.Parent != "" {
		if signer, err = g.issuingKey(a.Parent); err != nil {
			return err
		}
	}
	return g.submit(ctx, &registry.RegisterAuthority{Authority: a,
		Key: registry.NewKey{Name: issuingName, Use: attest.UseIssue, Public: key.Public()}}, signer)
}

// AddType registers a version of a certificate type in the region's name. One that stands already is left as it is.
func (g *Gateway) AddType(ctx context.Context, t attest.CertificateType) error {
	existing, err := g.index.Type(t.Code, t.Version)
	if err != nil || existing != nil {
		return err
	}
	return g.govern(ctx, &registry.RegisterType{Type: t})
}

// RotateKey gives an owner — the region's "gov" or "gw" key, or an authority by its USCC — a new key and retires the one
// before: the new key is registered first and everything is signed with it from then on; what the old one has signed is
// anchored; then it is retired. Where it is interrupted both keys are in force, and the next rotation retires the older.
func (g *Gateway) RotateKey(ctx context.Context, op, owner string) (newKey string, err error) {
	subject, stem, use := owner, "", attest.UseIssue
	switch owner {
	case "gov":
		subject, stem, use = g.o.Region, "gov-", attest.UseGovern
	case "gw":
		subject, stem, use = g.o.Region, "gw-", attest.UseGateway
	}
	old, number, err := g.current(subject, stem)
	if err != nil {
		return "", err
	}
	name := stem + strconv.Itoa(number+1)
	key, err := g.ownKey(registry.KeyID(subject, name))
	if err != nil {
		return "", err
	}
	err = g.govern(ctx, &registry.RotateKey{Op: op + "-add", Owner: subject,
		Add: &registry.NewKey{Name: name, Use: use, Public: key.Public()}})
	if err != nil {
		return "", err
	}
	if err := g.chooseKeys(); err != nil {
		return "", err
	}
	g.notary.KeysChanged()
	if err := g.notary.Flush(ctx); err != nil {
		return "", fmt.Errorf("anchor what the old key signed: %w", err)
	}
	return key.KeyID(), g.govern(ctx, &registry.RotateKey{Op: op + "-retire", Owner: subject, Retire: old})
}

// ownKey returns a key of the store, made now where it is not there.
func (g *Gateway) ownKey(id string) (attest.Signer, error) {
	signer, err := g.keys.Signer(id)
	if attest.CodeOf(err) == attest.CodeKeyMissing {
		return g.keys.Generate(g.vault.Suite(), id)
	}
	return signer, err
}

// inForce is one of the region's own keys: the one that the replica says is in force. It changes with a rotation, and
// when a replica that was behind catches up with one.
type inForce struct{ current atomic.Pointer[attest.Signer] }

func (k *inForce) signer() attest.Signer { return *k.current.Load() }

// chooseKeys sets the region's own keys to those in force.
func (g *Gateway) chooseKeys() error {
	for _, k := range []struct {
		first string
		key   *inForce
	}{{governName, &g.govKey}, {gatewayName, &g.gwKey}} {
		signer, err := g.newest(k.first)
		if err != nil {
			return err
		}
		k.key.current.Store(&signer)
	}
	return nil
}

// newest is the region's own key of a sort that is in force: before the founding, the first.
func (g *Gateway) newest(first string) (attest.Signer, error) {
	stem, _, _ := strings.Cut(first, "-")
	id, _, err := g.current(g.o.Region, stem+"-")
	if err != nil {
		return nil, err
	}
	return g.keys.Signer(id)
}

// issuingKey is the key in force of one of the region's authorities.
func (g *Gateway) issuingKey(uscc string) (attest.Signer, error) {
	id, _, err := g.current(uscc, "")
	if err != nil {
		return nil, err
	}
	return g.keys.Signer(id)
}

// current is the highest numbered registered key of an owner that is in force; number 1 where none is registered.
func (g *Gateway) current(owner, stem string) (id string, number int, err error) {
	number = 1
	err = g.index.Scan(registry.KeyKey(owner+"#"+stem), func(key string, value []byte) error {
		k, err := registry.DecodeKey(value)
		if err != nil || k.Retired || k.CompromisedFrom != 0 {
			return err
		}
		n, err := strconv.Atoi(strings.TrimPrefix(key, registry.KeyKey(owner+"#"+stem)))
		if err == nil && n > number { // keys of other names belong to somebody else's HSM
			number = n
		}
		return nil
	})
	return registry.KeyID(owner, stem+strconv.Itoa(number)), number, err
}
