package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/attest"
)

const (
	mimeJSON    = "application/json"
	mimeProblem = "application/problem+json"
)

// problems renders every error that leaves the API.
type problems struct {
	classes map[attest.Code]class
	log     *slog.Logger
}

func newProblems(log *slog.Logger) *problems {
	p := &problems{classes: map[attest.Code]class{}, log: log}
	for _, c := range problemClasses() {
		for _, code := range c.codes {
			p.classes[code] = c
		}
	}
	return p
}

// classOf is the class of a code. One that has none is a defect of the table, and says no more than that to a client.
func (p *problems) classOf(code attest.Code) class {
	if c, ok := p.classes[code]; ok {
		return c
	}
	return p.classes[attest.CodeInternal]
}

// of turns an error into a problem. instance is the request's id.
func (p *problems) of(err error, instance string) Problem {
	code := codeOf(err)
	c := p.classOf(code)
	out := Problem{
		Type:     "urn:huzheng:problem:" + strings.ReplaceAll(strings.ToLower(string(code)), "_", "-"),
		Title:    c.zh + " · " + c.en,
		Status:   int32(c.status), //nolint:gosec // an HTTP status
		Code:     string(code),
		Instance: "urn:huzheng:request:" + instance,
	}
	if c.status >= http.StatusInternalServerError {
		p.log.Error("request failed", "id", instance, "code", string(code), "error", err.Error())
		return out
	}
	var items ItemErrors
	if errors.As(err, &items) {
		out.Errors = p.items(items)
		return out
	}
	out.Detail = detailOf(err)
	return out
}

func (p *problems) items(items ItemErrors) []ProblemItem {
	list := make([]ProblemItem, 0, min(len(items), maxItemErrors))
	for _, item := range items[:min(len(items), maxItemErrors)] {
		entry := ProblemItem{Pointer: item.Pointer, Code: string(codeOf(item.Err)), Detail: detailOf(item.Err)}
		list = append(list, entry)
	}
	return list
}

// codeOf finds the code of an error of the domain, the router, the HTTP server or a context.
func codeOf(err error) attest.Code {
	var tooLarge *http.MaxBytesError
	var router *echo.HTTPError
	switch {
	case errors.As(err, &tooLarge):
		return attest.CodeBodyTooLarge
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return attest.CodeTimeout
	case errors.As(err, &router):
		return routerCode(router.Code)
	default:
		return attest.CodeOf(err)
	}
}

// routerCode is the code of an error that the router or the generated binding of parameters made.
func routerCode(status int) attest.Code {
	switch status {
	case http.StatusNotFound:
		return attest.CodeNotFound
	case http.StatusMethodNotAllowed:
		return attest.CodeMethodNotAllowed
	case http.StatusBadRequest:
		return attest.CodeFieldInvalid
	default:
		return attest.CodeInternal
	}
}

// detailOf is the domain's own words, which never carry raw data; nothing for any other error.
func detailOf(err error) string {
	var e *attest.Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return ""
}

// retryError is an error that says when to come back.
type retryError struct {
	error
	after string // seconds
}

func (e retryError) Unwrap() error { return e.error }

// write renders err as the answer. The answer must not have begun.
func (p *problems) write(c echo.Context, err error) {
	problem := p.of(err, requestID(c))
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, mimeProblem)
	header.Set("Cache-Control", "no-store")
	var retry retryError
	switch {
	case errors.As(err, &retry):
		header.Set("Retry-After", retry.after)
	case problem.Status == http.StatusServiceUnavailable || problem.Status == http.StatusGatewayTimeout:
		header.Set("Retry-After", "1")
	case problem.Status == http.StatusUnauthorized:
		header.Set("WWW-Authenticate", `Bearer realm="huzheng"`)
	}
	c.Response().WriteHeader(int(problem.Status))
	if err := json.NewEncoder(c.Response()).Encode(problem); err != nil {
		p.log.Debug("problem not delivered", "id", requestID(c))
	}
}
