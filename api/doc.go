// Package api is the gateway's HTTP interface. openapi.yaml is its source: types and routes are generated from it,
// requests are validated against it, and in tests every response is.
//
//	connection ─▶ chain ─▶ router ─▶ guard ─▶ handler ─▶ service (an interface of this package)
//	              │                  │                        │
//	              │                  │                        └─ *attest.Error ─▶ one error handler ─▶ problem+json
//	              │                  └─ credential, scope, rate, idempotency key, body limit, strict JSON, schema
//	              └─ request id, headers, panics, overload, time-out, log and metrics by route template
//
// The package declares what it consumes (services.go) in the generated wire types, so that nothing is mapped twice. Who
// may see what is decided here and only here: a service answers with whose record it is, and what belongs to another
// tenant leaves as if it did not exist.
package api

//go:generate oapi-codegen -config models.cfg.yaml openapi.yaml
//go:generate oapi-codegen -config server.cfg.yaml openapi.yaml
