package credentials

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Scope is one thing a credential may do.
type Scope string

// The scopes.
const (
	ScopeIssue    Scope = "issue"    // record and read certificates
	ScopeStatus   Scope = "status"   // set and read status
	ScopeDataset  Scope = "dataset"  // publish datasets and prove rows
	ScopeDocument Scope = "document" // record documents
	ScopeGovern   Scope = "govern"   // agreements, authorities, types, keys, in the region's name
	ScopeVerify   Scope = "verify"   // verify, and read the tenant's own receipts
	ScopeAudit    Scope = "audit"    // read every receipt of this gateway
	ScopeCodes    Scope = "codes"    // make proof codes for citizens whom the application has signed in
)

// Scopes lists every scope once.
func Scopes() []Scope {
	return []Scope{ScopeIssue, ScopeStatus, ScopeDataset, ScopeDocument, ScopeGovern, ScopeVerify, ScopeAudit, ScopeCodes}
}

// AnyAuthority in a grant stands for every authority of the region.
const AnyAuthority = "*"

// Grant is what a credential is given.
type Grant struct {
	Tenant      string   // the office or integrator that holds the key; receipts belong to it, not to one key
	Verifier    string   // the name that its receipts carry; empty: the tenant's
	Authorities []string // USCCs it acts for, or AnyAuthority; empty: none
	Scopes      []Scope
}

// Credential is one API key without its secret. Values handed out are shared: they are not to be changed.
type Credential struct {
	ID string // 16 hexadecimal characters; not secret, names the key in logs
	Grant
	Created int64 // Unix seconds
	Revoked int64 // Unix seconds; zero: in force
}

// Allows reports whether the credential has one of the scopes.
func (c *Credential) Allows(scopes ...Scope) bool {
	return slices.ContainsFunc(scopes, func(s Scope) bool { return slices.Contains(c.Scopes, s) })
}

// ActsFor reports whether the credential may act for the authority.
func (c *Credential) ActsFor(authority string) bool {
	return slices.Contains(c.Authorities, authority) || slices.Contains(c.Authorities, AnyAuthority)
}

const maxName = 128

// validate refuses what could not be read back or would allow nothing: FIELD_INVALID.
func (g *Grant) validate() error {
	switch {
	case !isName(g.Tenant):
		return attest.Errorf(attest.CodeFieldInvalid, "tenant is a name of 1 to %d characters", maxName)
	case !isName(g.Verifier):
		return attest.Errorf(attest.CodeFieldInvalid, "verifier is a name of 1 to %d characters", maxName)
	case len(g.Scopes) == 0:
		return attest.Errorf(attest.CodeFieldInvalid, "a credential has at least one scope")
	}
	for _, s := range g.Scopes {
		if !slices.Contains(Scopes(), s) {
			return attest.Errorf(attest.CodeFieldInvalid, "scope is not one of issue, status, dataset, document, govern, verify, audit, codes")
		}
	}
	for _, a := range g.Authorities {
		if a == "" || strings.ContainsFunc(a, unicode.IsSpace) {
			return attest.Errorf(attest.CodeFieldInvalid, "an authority is a USCC, or %q for all", AnyAuthority)
		}
	}
	return nil
}

func isName(s string) bool {
	return strings.TrimSpace(s) == s && s != "" && utf8.ValidString(s) &&
		utf8.RuneCountInString(s) <= maxName && !strings.ContainsFunc(s, unicode.IsControl)
}
