package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Keys of what a request carries through echo's context.
const (
	keyRequestID = "huzheng.request"
	keyCall      = "huzheng.call"
)

func requestID(c echo.Context) string {
	id, _ := c.Get(keyRequestID).(string)
	return id
}

// chain surrounds every request, whether it finds a route or not.
func (s *Server) chain(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := s.cfg.Now()
		defer s.cfg.Metrics.RequestStarted()()
		s.begin(c)
		err := s.guarded(c, next)
		begun := c.Response().Committed
		if err != nil && !begun {
			s.refusal(c, err)
			s.problems.write(c, err)
		}
		s.finish(c, err, s.cfg.Now().Sub(start))
		if err != nil && begun {
			// Half an answer has left: only a broken connection tells the client that there is no other half.
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

// begin names the request and sets the headers that every answer has.
func (s *Server) begin(c echo.Context) {
	var random [16]byte
	_, _ = rand.Read(random[:])
	id := hex.EncodeToString(random[:])
	c.Set(keyRequestID, id)
	h := c.Response().Header()
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Strict-Transport-Security", "max-age=31536000")
}

// guarded runs the handler within the bound on requests at work, and turns a panic into an error.
func (s *Server) guarded(c echo.Context, next echo.HandlerFunc) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if e, ok := r.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(r)
			}
			// The panic's value may hold what was sent; the stack holds addresses alone.
			s.cfg.Log.Error("panic", "id", requestID(c), "route", route(c), "stack", string(debug.Stack()))
			err = attest.Errorf(attest.CodeInternal, "the handler panicked")
		}
	}()
	if !exempt(c.Path()) {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		default:
			return attest.Errorf(attest.CodeOverloaded, "%d requests are at work", cap(s.slots))
		}
	}
	return next(c)
}

// exempt routes are answered even under overload, and however often they are asked for: whoever runs the gateway must see
// that it is overloaded, and a probe shares its address with everybody behind the same proxy.
func exempt(path string) bool { return path == "/healthz" || path == "/readyz" || path == "/metrics" }

// finish logs and counts. Neither path, query, body nor address is noted: a path may hold an id, an address a person.
func (s *Server) finish(c echo.Context, err error, took time.Duration) {
	status, code := c.Response().Status, "OK"
	if err != nil {
		code = string(codeOf(err))
	}
	method := methodLabel(c.Request().Method)
	s.cfg.Metrics.Request(route(c), method, status, took)
	level := slog.LevelInfo
	if !s.cfg.Log.Enabled(context.Background(), level) {
		return
	}
	credential := ""
	if caller := callerOf(c); caller != nil {
		credential = caller.ID
	}
	s.cfg.Log.LogAttrs(c.Request().Context(), level, "request",
		slog.String("id", requestID(c)), slog.String("method", method), slog.String("route", route(c)),
		slog.Int("status", status), slog.String("code", code), slog.Duration("took", took), slog.String("credential", credential))
}

// methodLabel keeps what a client invents out of log and metrics.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

const unmatched = "unmatched"

// route is the template of the route that was found, never the path.
func route(c echo.Context) string {
	if p := c.Path(); p != "" && p != "/*" {
		return p
	}
	return unmatched
}

// withTimeout bounds the handler and all that it calls.
func withTimeout(c echo.Context, d time.Duration) context.CancelFunc {
	ctx, cancel := context.WithTimeout(c.Request().Context(), d)
	c.SetRequest(c.Request().WithContext(ctx))
	return cancel
}
