package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/throttle"
)

// call is one request on its way to a handler, once the guard has let it through.
type call struct {
	op        *operation
	caller    *Caller // nil: a public operation
	mediaType string
	body      []byte       // JSON as received; nil where the body is streamed
	value     attest.Value // body, parsed
}

func callOf(c echo.Context) *call {
	k, _ := c.Get(keyCall).(*call)
	return k
}

func callerOf(c echo.Context) *Caller {
	if k := callOf(c); k != nil {
		return k.caller
	}
	return nil
}

// guard checks everything that openapi.yaml says of an operation before its handler runs: credential, scope, rate,
// parameters, content type, size, strict JSON and schema, the cheap ones first.
func (s *Server) guard(op *operation) echo.MiddlewareFunc {
	timeout := s.cfg.RequestTimeout
	if op.bodyLimit > streamedLimit {
		timeout += s.cfg.BodyTimeout
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			defer withTimeout(c, timeout)()
			k := &call{op: op}
			c.Set(keyCall, k)
			if err := s.admit(c, k); err != nil {
				return err
			}
			if err := op.validateParams(c); err != nil {
				return err
			}
			if err := k.readBody(c); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// streamedLimit divides bodies that are held in memory from those that are read as they come.
const streamedLimit = 64 << 20

// admit authenticates, checks the scope and takes a token of the caller's bucket. Whoever watches the gateway takes none.
func (s *Server) admit(c echo.Context, k *call) error {
	if exempt(k.op.path) {
		return nil
	}
	if len(k.op.scopes) == 0 {
		return s.throttle(s.byAddress, s.cfg.ClientAddress(c.Request()), 1)
	}
	caller, ok := s.cfg.Credentials.Authenticate(bearer(c.Request()))
	if !ok {
		if err := s.throttle(s.byAddress, s.cfg.ClientAddress(c.Request()), 1); err != nil {
			return err
		}
		return attest.Errorf(attest.CodeUnauthenticated, "present an API key: Authorization: Bearer hz_…")
	}
	k.caller = caller
	if !caller.Allows(k.op.scopes...) {
		return refusedError{attest.Errorf(attest.CodeForbidden, "the operation needs one of the scopes %v", k.op.scopes), custody.RefusedScope}
	}
	return s.throttle(s.byCredential, caller.ID, 1)
}

// bearer is the key of an Authorization header, whose scheme may be in any case (RFC 9110, 11.1); empty: none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

func (s *Server) throttle(l *throttle.Limiter, key string, n int) error {
	if wait := l.Take(key, n); wait > 0 {
		return retryError{attest.Errorf(attest.CodeRateLimited, "come back later"), throttle.RetryAfter(wait)}
	}
	return nil
}

// throttleItems takes what a request of n items costs beyond the token that let it in.
func (s *Server) throttleItems(c echo.Context, n int) error {
	if n <= 1 {
		return nil
	}
	return s.throttle(s.byCredential, callerOf(c).ID, n-1)
}

// readBody bounds the body, and reads and checks it where it is JSON. Any other is left to the handler, still bounded.
func (k *call) readBody(c echo.Context) error {
	r := c.Request()
	if !k.op.takesBody() {
		return nil
	}
	if r.ContentLength > k.op.bodyLimit {
		return &http.MaxBytesError{Limit: k.op.bodyLimit}
	}
	r.Body = http.MaxBytesReader(c.Response().Writer, r.Body, k.op.bodyLimit)
	mediaType, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	schema, taken := k.op.bodies[mediaType]
	if err != nil || !taken {
		return attest.Errorf(attest.CodeContentType, "the operation does not take this content type")
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return attest.Errorf(attest.CodeContentType, "the body must not be encoded")
	}
	k.mediaType = mediaType
	if mediaType != mimeJSON {
		return nil
	}
	if k.body, err = readAll(r); err != nil {
		return err
	}
	return k.parse(schema)
}

// parse reads the body strictly before anything else looks at it: after that, no other reader can see it differently.
func (k *call) parse(schema *openapi3.Schema) error {
	size := len(k.body)
	v, err := attest.ParseJSON(k.body, attest.Limits{Bytes: size, Depth: maxDepth, Members: max(1<<12, size/4)})
	if err != nil {
		return err
	}
	k.value = v
	return validateBody(schema, plain(v))
}

const maxDepth = 32

// readAll reads the body into one buffer of the announced length.
func readAll(r *http.Request) ([]byte, error) {
	var b bytes.Buffer
	if n := r.ContentLength; n > 0 {
		b.Grow(int(n) + bytes.MinRead) // bounded by bodyLimit
	}
	if _, err := b.ReadFrom(r.Body); err != nil {
		return nil, unread(err)
	}
	return b.Bytes(), nil
}

// unread tells a body that broke off from one that is too large or came too late.
func unread(err error) error {
	if code := codeOf(err); code == attest.CodeBodyTooLarge || code == attest.CodeTimeout {
		return err
	}
	return attest.Errorf(attest.CodeBodyIncomplete, "the body ends before it is complete")
}

// decode reads the validated body into dst, one of the generated types.
func (k *call) decode(dst any) error {
	if err := json.Unmarshal(k.body, dst); err != nil {
		return attest.Errorf(attest.CodeJSONType, "the body does not fit its schema")
	}
	return nil
}

// operation derives the id of a write from credential, route and Idempotency-Key, and the fingerprint of its request.
// 128 bits are enough: the key is hashed with the caller's own credential, so a collision could only be its own.
func (k *call) operation(c echo.Context, idempotencyKey string) Operation {
	id := hashParts("huzheng/v1/operation", k.caller.ID, k.op.method+" "+k.op.path, idempotencyKey)
	return Operation{
		ID:      base64.RawURLEncoding.EncodeToString(id[:16]),
		Request: hashParts("huzheng/v1/request", c.Request().URL.EscapedPath(), string(k.body)),
	}
}

// hashParts hashes each part with its length before it, so that no two lists of parts are one byte string.
func hashParts(parts ...string) [sha256.Size]byte {
	h := sha256.New()
	var length [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(p)))
		h.Write(length[:])
		_, _ = io.WriteString(h, p)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
