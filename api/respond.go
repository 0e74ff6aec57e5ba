package api

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// respond writes an answer as JSON. What is about certificates, receipts and people is never kept by a cache.
func respond(c echo.Context, status int, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return send(c, status, append(data, '\n'))
}

// send writes an answer that is JSON already.
func send(c echo.Context, status int, data []byte) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(status, mimeJSON, data)
}

// answer writes what a service returned: its error, or its result with 200.
func answer[T any](c echo.Context, result T, err error) error {
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, result)
}

// listed makes a list that is empty, never null.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// unknown is the one answer for what does not exist and for what belongs to another tenant. Both must look alike.
func unknown() error { return attest.Errorf(attest.CodeNotFound, "there is no such record") }

// withheld is unknown to whoever asks, and a refusal on record.
func withheld() error { return refusedError{unknown(), custody.RefusedOwner} }

// hide turns every refusal of a lookup into unknown: until the owner is known, no refusal may tell more. A failure of the
// gateway stays one.
func (s *Server) hide(err error) error {
	if codeOf(err) == attest.CodeForbidden {
		return withheld()
	}
	if s.problems.classOf(codeOf(err)).status < http.StatusInternalServerError {
		return unknown()
	}
	return err
}

// ofAuthority lets a record through to callers who act for its authority.
func (s *Server) ofAuthority(c echo.Context, authority string, err error) error {
	if err != nil {
		return s.hide(err)
	}
	if !callerOf(c).ActsFor(authority) {
		return withheld()
	}
	return nil
}

// actsFor refuses a request in the name of an authority that the credential does not act for.
func actsFor(c echo.Context, authority string) error {
	if callerOf(c).ActsFor(authority) {
		return nil
	}
	return attest.Errorf(attest.CodeForbidden, "the credential does not act for this authority")
}
