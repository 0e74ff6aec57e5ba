package apitest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
)

// Client calls one gateway over HTTP. It is not safe for concurrent use by tests that fail: use one for each.
type Client struct {
	t      testing.TB
	base   string
	key    string
	http   *http.Client
	router *router
}

// New starts a server on the loopback for the handler and returns a client of it, both for the life of the test.
func New(t testing.TB, handler http.Handler) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return At(t, server.URL)
}

// At returns a client of a gateway that runs already.
func At(t testing.TB, base string) *Client {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	require.NoError(t, err)
	return &Client{t: t, base: base, http: &http.Client{}, router: newRouter(doc)}
}

// For returns the same client for another test, a subtest of its own.
func (c *Client) For(t testing.TB) *Client {
	other := *c
	other.t = t
	return &other
}

// As returns the same client with an API key; empty: without any.
func (c *Client) As(key string) *Client {
	other := *c
	other.key = key
	return &other
}

// Request is one request. Body is sent as it is where it is a string or bytes, as JSON otherwise.
type Request struct {
	Method string // default: GET, with a body POST
	Path   string
	Body   any
	Type   string // of the body; default application/json
	Key    string // Idempotency-Key
	Header map[string]string
	// Undocumented says that openapi.yaml does not describe the answer: metrics, or a page.
	Undocumented bool
}

// Response is an answer, validated and read to its end.
type Response struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   []byte
}

// Get fetches a path.
func (c *Client) Get(path string) *Response {
	c.t.Helper()
	return c.Do(Request{Path: path})
}

// Do sends a request and validates the answer.
func (c *Client) Do(r Request) *Response {
	c.t.Helper()
	request := c.build(r)
	answer, err := c.http.Do(request)
	require.NoError(c.t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(c.t, err)
	response := &Response{t: c.t, Status: answer.StatusCode, Header: answer.Header, Body: body}
	if !r.Undocumented {
		c.validate(request, response)
	}
	return response
}

func (c *Client) build(r Request) *http.Request {
	c.t.Helper()
	if r.Method == "" {
		r.Method = http.MethodGet
		if r.Body != nil {
			r.Method = http.MethodPost
		}
	}
	request, err := http.NewRequestWithContext(c.t.Context(), r.Method, c.base+r.Path, c.body(r.Body))
	require.NoError(c.t, err)
	if r.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	set := func(name, value string) {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	set("Content-Type", r.Type)
	set("Idempotency-Key", r.Key)
	if c.key != "" {
		set("Authorization", "Bearer "+c.key)
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	return request
}

func (c *Client) body(body any) io.Reader {
	c.t.Helper()
	switch b := body.(type) {
	case nil:
		return http.NoBody
	case string:
		return strings.NewReader(b)
	case []byte:
		return bytes.NewReader(b)
	case io.Reader:
		return b
	default:
		data, err := json.Marshal(b)
		require.NoError(c.t, err)
		return bytes.NewReader(data)
	}
}

// validate holds the answer against the document. A request that no operation describes must be answered by a problem.
func (c *Client) validate(request *http.Request, r *Response) {
	c.t.Helper()
	route, params := c.router.find(request)
	if route == nil {
		require.GreaterOrEqual(c.t, r.Status, http.StatusBadRequest, "openapi.yaml does not describe %s", request.Method)
		r.Problem()
		return
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, PathParams: params, Route: route},
		Status:                 r.Status, Header: r.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, ExcludeResponseBody: !readable(r)},
	}
	input.SetBodyBytes(r.Body)
	require.NoError(c.t, openapi3filter.ValidateResponse(c.t.Context(), input), "%s %s → %d %s", request.Method, route.Path, r.Status, r.Body)
	declared := route.Operation.Responses.Status(r.Status)
	if declared == nil {
		declared = route.Operation.Responses.Default()
	}
	assert.NotNil(c.t, declared.Value.Content.Get(r.Header.Get("Content-Type")), "content type %q is not declared", r.Header.Get("Content-Type"))
	if r.Status >= http.StatusBadRequest && declared == route.Operation.Responses.Default() {
		r.Problem()
	}
}

// readable reports whether the validator can take the body apart; of the others it checks the rest.
func readable(r *Response) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && slices.Contains([]string{"application/json", "application/problem+json", "application/yaml", "application/octet-stream"}, mediaType)
}

// Require fails the test unless the answer has this status.
func (r *Response) Require(status int) *Response {
	r.t.Helper()
	require.Equal(r.t, status, r.Status, "%s", r.Body)
	return r
}

// JSON reads the answer into dst.
func (r *Response) JSON(dst any) {
	r.t.Helper()
	require.NoError(r.t, json.Unmarshal(r.Body, dst), "%s", r.Body)
}

// Problem reads the answer as a problem that agrees with its own status.
func (r *Response) Problem() api.Problem {
	r.t.Helper()
	var p api.Problem
	require.Equal(r.t, "application/problem+json", r.Header.Get("Content-Type"), "%s", r.Body)
	r.JSON(&p)
	require.EqualValues(r.t, r.Status, p.Status)
	require.Equal(r.t, "urn:huzheng:request:"+r.Header.Get("X-Request-Id"), p.Instance)
	return p
}

// Refused fails the test unless the answer is a problem of this status and code.
func (r *Response) Refused(status int, code string) api.Problem {
	r.t.Helper()
	r.Require(status)
	p := r.Problem()
	require.Equal(r.t, code, p.Code, "%s", r.Body)
	return p
}
