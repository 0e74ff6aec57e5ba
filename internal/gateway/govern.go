package gateway

import (
	"context"
	"fmt"
	"slices"
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
// anchored; then it is retired. Where it is interrupted both keys are in force, and the same operation goes on from there;
// once it is through it changes nothing more.
func (g *Gateway) RotateKey(ctx context.Context, op, owner string) (newKey string, err error) {
	g.rotating.Lock()
	defer g.rotating.Unlock()
	subject, stem, use := owner, "", attest.UseIssue
	switch owner {
	case "gov":
		subject, stem, use = g.o.Region, "gov-", attest.UseGovern
	case "gw":
		subject, stem, use = g.o.Region, "gw-", attest.UseGateway
	}
	if over, err := g.recorded(op + "-retire"); err != nil || over {
		return g.currentID(subject, stem, err)
	}
	old, err := g.addKey(ctx, op+"-add", subject, stem, use)
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
	newKey, err = g.current(subject, stem)
	if err != nil || old == newKey {
		return newKey, err
	}
	return newKey, g.govern(ctx, &registry.RotateKey{Op: op + "-retire", Owner: subject, Retire: old})
}

// addKey registers an owner's next key, unless the operation has done so, and returns the one that it takes the place of.
func (g *Gateway) addKey(ctx context.Context, op, subject, stem string, use attest.KeyUse) (old string, err error) {
	added, err := g.recorded(op)
	if err != nil {
		return "", err
	}
	numbers, err := g.numbers(subject, stem)
	if err != nil {
		return "", err
	}
	newest := numbers[len(numbers)-1]
	if added {
		return registry.KeyID(subject, stem+strconv.Itoa(numbers[max(0, len(numbers)-2)])), nil
	}
	name := stem + strconv.Itoa(newest+1)
	key, err := g.ownKey(registry.KeyID(subject, name))
	if err != nil {
		return "", err
	}
	return registry.KeyID(subject, stem+strconv.Itoa(newest)), g.govern(ctx, &registry.RotateKey{Op: op, Owner: subject,
		Add: &registry.NewKey{Name: name, Use: use, Public: key.Public()}})
}

// recorded reports whether the ledger has an operation of the region's governance keys.
func (g *Gateway) recorded(op string) (bool, error) {
	_, known, err := g.index.First(registry.KeyOperation(g.o.Region, op))
	return known, err
}

func (g *Gateway) currentID(subject, stem string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return g.current(subject, stem)
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
	id, err := g.current(g.o.Region, stem+"-")
	if err != nil {
		return nil, err
	}
	return g.keys.Signer(id)
}

// issuingKey is the key in force of one of the region's authorities.
func (g *Gateway) issuingKey(uscc string) (attest.Signer, error) {
	id, err := g.current(uscc, "")
	if err != nil {
		return nil, err
	}
	return g.keys.Signer(id)
}

// current is the highest numbered registered key of an owner that is in force; number 1 where none is registered.
func (g *Gateway) current(owner, stem string) (id string, err error) {
	numbers, err := g.numbers(owner, stem)
	return registry.KeyID(owner, stem+strconv.Itoa(numbers[len(numbers)-1])), err
}

// numbers are those of an owner's registered keys that are in force, ascending; number 1 alone where none is registered.
func (g *Gateway) numbers(owner, stem string) ([]int, error) {
	var list []int
	err := g.index.Scan(registry.KeyKey(owner+"#"+stem), func(key string, value []byte) error {
		k, err := registry.DecodeKey(value)
		if err != nil || k.Retired || k.CompromisedFrom != 0 {
			return err
		}
		n, err := strconv.Atoi(strings.TrimPrefix(key, registry.KeyKey(owner+"#"+stem)))
		if err == nil && n > 0 { // keys of other names belong to somebody else's HSM
			list = append(list, n)
		}
		return nil
	})
	if len(list) == 0 {
		list = []int{1}
	}
	slices.Sort(list)
	return list, err
}
