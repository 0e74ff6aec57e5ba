package api

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Refusal is a request that was refused for who asked, how often, or for what is not theirs.
type Refusal struct {
	Caller *Caller // nil: nobody who has shown an API key
	Route  string  // method and template
	Reason custody.RefusalReason
	Code   attest.Code
}

// refusedError carries why a request is refused where its code does not tell, or must not.
type refusedError struct {
	error
	reason custody.RefusalReason
}

func (e refusedError) Unwrap() error { return e.error }

// refusals are the codes that refuse whoever asks, rather than what was asked.
var refusals = map[attest.Code]custody.RefusalReason{
	attest.CodeUnauthenticated:   custody.RefusedCredential,
	attest.CodeForbidden:         custody.RefusedOwner,
	attest.CodeRateLimited:       custody.RefusedRate,
	attest.CodeProofCodeFormat:   custody.RefusedCode,
	attest.CodeProofCodeUnusable: custody.RefusedCode,
}

// refusal puts an error on record if it is a refusal.
func (s *Server) refusal(c echo.Context, err error) {
	if s.cfg.Refused == nil {
		return
	}
	code := codeOf(err)
	reason := refusals[code]
	var refused refusedError
	switch {
	case errors.As(err, &refused):
		reason = refused.reason
	case reason == "" && s.problems.classOf(code).status == http.StatusForbidden:
		reason = custody.RefusedRule
	case reason == "":
		return
	}
	s.cfg.Refused(c.Request().Context(), Refusal{Caller: callerOf(c), Route: methodLabel(c.Request().Method) + " " + route(c), Reason: reason, Code: code})
}
