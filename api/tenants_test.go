package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
)

// Promise 14, as a matrix over the operations of openapi.yaml: {no credential, a credential that is none, one without the
// scope, another tenant's} × every route. What another tenant gets for a record that exists is, to the byte, what it gets
// for one that does not.
func TestNoRouteServesAnotherTenant(t *testing.T) {
	g := newGateway(t)
	table := examples(t, g)
	narrow := map[credentials.Scope]string{}
	for _, scope := range credentials.Scopes() {
		narrow[scope] = g.key(t, "office-1", ours, scope)
	}
	checked := 0
	eachOperation(t, func(_, _ string, op *openapi3.Operation) {
		t.Run(op.OperationID, func(t *testing.T) {
			e := table[op.OperationID]
			scopes := scopesOf(t, op)
			if len(scopes) == 0 {
				g.For(t).As("").Do(e.Request).Require(e.status)
				return
			}
			checked++
			for _, key := range []string{"", "hz_", "hz_0000000000000000_" + strings.Repeat("A", 43), g.office[:len(g.office)-1]} {
				answer := g.For(t).As(key).Do(e.Request)
				answer.Refused(401, "UNAUTHENTICATED")
				assert.Equal(t, `Bearer realm="huzheng"`, answer.Header.Get("WWW-Authenticate"))
			}
			for scope, key := range narrow {
				if !slices.Contains(scopes, scope) {
					g.For(t).As(key).Do(e.Request).Refused(403, "FORBIDDEN")
				}
			}
			g.otherTenant(t, op, e)
		})
	})
	require.Greater(t, checked, 15, "the matrix covers the guarded routes")
}

func scopesOf(t *testing.T, op *openapi3.Operation) []credentials.Scope {
	t.Helper()
	list, _ := op.Extensions["x-scope"].([]any)
	scopes := make([]credentials.Scope, len(list))
	for i := range list {
		text, ok := list[i].(string)
		require.True(t, ok)
		scopes[i] = credentials.Scope(text)
	}
	return scopes
}

// otherTenant asks for our record with the other tenant's key, and for one that does not exist.
func (g *gateway) otherTenant(t *testing.T, op *openapi3.Operation, e example) {
	t.Helper()
	if op.Extensions["x-tenant"] == nil {
		return // nothing of a tenant is named
	}
	other := g.For(t).As(g.other)
	answer := other.Do(e.Request)
	missing, isRecord := missingRecord(e.Request)
	if !isRecord { // it names an authority, which is public
		answer.Refused(403, "FORBIDDEN")
		return
	}
	answer.Refused(404, "NOT_FOUND")
	if e.Method == http.MethodPut {
		return // to publish what does not exist is allowed
	}
	absent := other.Do(missing)
	absent.Refused(404, "NOT_FOUND")
	assert.Equal(t, withoutInstance(answer), withoutInstance(absent))
	assert.Equal(t, withoutVolatile(answer.Header), withoutVolatile(absent.Header))
}

// missingRecord is the same request for a record that there is not.
func missingRecord(r apitest.Request) (apitest.Request, bool) {
	if before, certificate, ok := strings.Cut(r.Path, "?certificate="); ok && certificate != "" {
		r.Path = before + "?certificate=" + digestOf("none")
		return r, true
	}
	segments := strings.Split(r.Path, "/")
	if len(segments) < 4 || segments[2] == "status" || segments[2] == "documents" {
		return r, false
	}
	switch segments[2] {
	case "certificates":
		segments[3] = digestOf("none")
	case "codes":
		segments[3] = handleOf("none")
	case "receipts":
		segments[3] = handleOf("none")
	case "datasets":
		segments[3] = "none"
	}
	r.Path = strings.Join(segments, "/")
	return r, true
}

func withoutInstance(r *apitest.Response) api.Problem {
	p := r.Problem()
	p.Instance = ""
	return p
}

func withoutVolatile(h http.Header) http.Header {
	h = h.Clone()
	h.Del("X-Request-Id")
	h.Del("Date")
	h.Del("Content-Length")
	return h
}

func TestAReceiptIsForItsTenantAndAuditors(t *testing.T) {
	g := newGateway(t)
	_, id := prepare(t, g)
	colleague := g.key(t, "office-1", theirs, credentials.ScopeVerify)
	auditor := g.key(t, "audit-office", theirs, credentials.ScopeAudit)
	for _, path := range []string{"/v1/receipts/" + id, "/v1/receipts/" + id + "/inclusion"} {
		g.As(colleague).Get(path).Require(200)
		g.As(auditor).Get(path).Require(200)
		g.As(g.other).Get(path).Refused(404, "NOT_FOUND")
	}
}

func TestStatusOfAnotherAuthoritysCertificateLooksUnknown(t *testing.T) {
	g := newGateway(t)
	id, _ := prepare(t, g)
	attempt := func(certificate string) api.Problem {
		return g.As(g.other).Do(apitest.Request{Path: "/v1/status", Key: "status-" + certificate, Body: map[string]any{
			"authority": theirs, "entries": []any{map[string]any{"certificate": certificate, "state": "revoked", "reason": "03"}},
		}}).Refused(404, "NOT_FOUND")
	}
	existing, missing := attempt(id), attempt(digestOf("none"))
	existing.Instance, missing.Instance = "", ""
	assert.Equal(t, existing, missing)
}

func TestARevokedKeyIsRefused(t *testing.T) {
	g := newGateway(t)
	key, made, err := g.store.Add(credentials.Grant{Tenant: "office-3", Scopes: working()})
	require.NoError(t, err)
	g.As(key).Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne()}).Require(200)
	require.NoError(t, g.store.Revoke(made.ID))
	g.As(key).Do(apitest.Request{Path: "/v1/verifications", Body: verifyOne()}).Refused(401, "UNAUTHENTICATED")
}

// Nobody issues in the name of an authority that is not theirs, not even among items that are.
func TestIssuingForAnotherAuthorityIsRefusedWhole(t *testing.T) {
	g := newGateway(t)
	mixed := issueOne(ours)
	mixed["certificates"] = append(mixed["certificates"].([]any), issueOne(theirs)["certificates"].([]any)...)
	p := g.Do(apitest.Request{Path: "/v1/certificates", Body: mixed, Key: "mixed-0001"}).Refused(403, "FORBIDDEN")
	require.Len(t, p.Errors, 1)
	assert.Equal(t, "/certificates/1/authority", p.Errors[0].Pointer)
	assert.Empty(t, g.region.certificates, "nothing half-done")
}
