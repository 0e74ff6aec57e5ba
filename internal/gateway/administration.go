package gateway

import (
	"context"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// What an office changes about its authorities, types and keys. Each of these first looks whether the ledger already says
// what is asked for, and then changes nothing: a command that is run twice does no harm.

// Authorities lists every authority on the ledger, in the order of their codes.
func (g *Gateway) Authorities() ([]attest.Authority, error) {
	return scan(g, registry.KeyAuthority(""), registry.DecodeAuthority, copied)
}

// Types lists every version of every certificate type on the ledger.
func (g *Gateway) Types() ([]attest.CertificateType, error) {
	return scan(g, registry.PrefixType, registry.DecodeType, copied)
}

// RegisterAuthority is AddAuthority for one that is to be exactly so: AUTHORITY_EXISTS where the code stands on the ledger
// with another name, division, parent or scope. Types may come in any order. changed is false where it stood already.
func (g *Gateway) RegisterAuthority(ctx context.Context, a attest.Authority) (changed bool, err error) {
	a.Types = sorted(a.Types)
	existing, err := g.index.Authority(a.Code)
	switch {
	case err != nil:
		return false, err
	case existing == nil:
		return true, g.AddAuthority(ctx, a)
	case existing.Region != g.o.Region:
		return false, attest.Errorf(attest.CodeAuthorityExists, "region %s has registered the authority", existing.Region)
	case existing.Name != a.Name || existing.Division != a.Division || existing.Parent != a.Parent ||
		!slices.Equal(existing.Types, a.Types):
		return false, attest.Errorf(attest.CodeAuthorityExists, "the authority is registered with another name, division, parent or types")
	}
	return false, nil
}

// RegisterType is AddType for one that is to be exactly so: TYPE_EXISTS where the version stands on the ledger with another
// content, which never changes. changed is false where it stood already.
func (g *Gateway) RegisterType(ctx context.Context, t attest.CertificateType) (changed bool, err error) {
	existing, err := g.index.Type(t.Code, t.Version)
	switch {
	case err != nil:
		return false, err
	case existing == nil:
		return true, g.AddType(ctx, t)
	case !sameType(existing, &t):
		return false, attest.Errorf(attest.CodeTypeExists, "that version of the type is registered with another content")
	}
	return false, nil
}

// sameType compares all but who registered it.
func sameType(a, b *attest.CertificateType) bool {
	if a.Name != b.Name || string(a.Schema) != string(b.Schema) || !slices.Equal(a.Predicates, b.Predicates) || len(a.Grades) != len(b.Grades) {
		return false
	}
	for name, grade := range a.Grades { // ordered: any order gives the same answer
		if b.Grades[name] != grade {
			return false
		}
	}
	return true
}

// SetAuthorityScope replaces the types that an authority of the region may issue, under an operation of the caller's.
func (g *Gateway) SetAuthorityScope(ctx context.Context, op, code string, types []string) (changed bool, err error) {
	a, err := g.ownAuthority(code)
	if err != nil {
		return false, err
	}
	types = sorted(types)
	if slices.Equal(a.Types, types) {
		return false, nil
	}
	return true, g.govern(ctx, &registry.SetScope{Op: op, Code: code, Types: types})
}

// SetAuthorityState suspends, dissolves or reinstates an authority of the region, under an operation of the caller's.
// Dissolution is for good.
func (g *Gateway) SetAuthorityState(ctx context.Context, op, code string, state attest.AuthorityState) (changed bool, err error) {
	a, err := g.ownAuthority(code)
	if err != nil || a.State == state {
		return false, err
	}
	return true, g.govern(ctx, &registry.SetAuthorityState{Op: op, Code: code, State: state})
}

// ownAuthority is one that the region answers for: AUTHORITY_UNKNOWN, NOT_PERMITTED.
func (g *Gateway) ownAuthority(code string) (*attest.Authority, error) {
	a, err := g.index.Authority(code)
	switch {
	case err != nil:
		return nil, err
	case a == nil:
		return nil, attest.Errorf(attest.CodeAuthorityUnknown, "the authority is not registered")
	case a.Region != g.o.Region:
		return nil, attest.Errorf(attest.CodeNotPermitted, "region %s answers for the authority", a.Region)
	}
	return a, nil
}

// MarkCompromised voids what a key of the region or of its authorities anchored from a block on, under an operation of the
// caller's. A key that still signs is refused with KEY_USE: it is rotated first, so that its owner keeps one that does.
func (g *Gateway) MarkCompromised(ctx context.Context, op, key string, from uint64) (changed bool, err error) {
	k, err := g.index.Key(key)
	switch {
	case err != nil:
		return false, err
	case k == nil:
		return false, attest.Errorf(attest.CodeKeyUnknown, "the key is not registered")
	case k.CompromisedFrom == from && from != 0:
		return false, nil
	}
	if err := g.mustNotSign(k); err != nil {
		return false, err
	}
	return true, g.govern(ctx, &registry.MarkCompromised{Op: op, Key: key, From: from})
}

// mustNotSign refuses the key that its owner signs with.
func (g *Gateway) mustNotSign(k *attest.Key) error {
	owner, name, _ := strings.Cut(k.ID, "#")
	stem := ""
	if i := strings.LastIndexByte(name, '-'); owner == g.o.Region && i >= 0 {
		stem = name[:i+1]
	}
	current, err := g.current(owner, stem)
	if err == nil && current == k.ID && !k.Retired && k.CompromisedFrom == 0 {
		err = attest.Errorf(attest.CodeKeyUse, "the owner still signs with this key: rotate it first")
	}
	return err
}

func copied[R any](r *R) R { return *r }
