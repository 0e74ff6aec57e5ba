// Package apitest is a client for tests of the gateway's API: every answer it receives is validated against
// openapi.yaml, so that a test cannot pass on an answer that the document does not describe.
package apitest
