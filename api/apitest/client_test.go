package apitest_test

import (
	"net/http"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/huzheng-ledger/huzheng/api/apitest"
)

// recorder is a test that notes that it failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) FailNow()              { r.failed = true; runtime.Goexit() }

// fails reports whether the client objects to an answer.
func fails(t *testing.T, path string, status int, header map[string]string, body string) bool {
	t.Helper()
	rec := &recorder{TB: t}
	client := apitest.New(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-Id", id)
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	done := make(chan struct{})
	go func() {
		defer close(done)
		client.For(rec).Get(path)
	}()
	<-done
	return rec.failed
}

const (
	id      = "0123456789abcdef0123456789abcdef"
	problem = `{"type":"urn:huzheng:problem:not-found","title":"x","status":404,"code":"NOT_FOUND","instance":"urn:huzheng:request:` + id + `"}`
)

func TestTheClientObjectsToWhatTheDocumentDoesNotDescribe(t *testing.T) {
	asProblem := map[string]string{"Content-Type": "application/problem+json"}
	for name, c := range map[string]struct {
		path   string
		status int
		header map[string]string
		body   string
		fails  bool
	}{
		"as described":      {"/v1/regions", 200, nil, `{"regions":[]}`, false},
		"missing member":    {"/v1/regions", 200, nil, `{}`, true},
		"unknown member":    {"/v1/regions", 200, nil, `{"regions":[],"more":1}`, true},
		"wrong member":      {"/v1/regions", 200, nil, `{"regions":[{"code":"44","name":"x","url":"y"}]}`, true},
		"other media type":  {"/v1/regions", 200, map[string]string{"Content-Type": "text/plain"}, `{"regions":[]}`, true},
		"no request id":     {"/v1/regions", 200, map[string]string{"X-Request-Id": ""}, `{"regions":[]}`, true},
		"a problem":         {"/v1/regions", 404, asProblem, problem, false},
		"problem as JSON":   {"/v1/regions", 404, nil, problem, true},
		"other status":      {"/v1/regions", 400, asProblem, problem, true},
		"error as 200":      {"/v1/regions", 200, nil, problem, true},
		"described status":  {"/readyz", 503, nil, `{"ok":false}`, false},
		"undescribed":       {"/healthz", 201, nil, `{"ok":true}`, true},
		"unknown path":      {"/nowhere", 200, nil, `{}`, true},
		"unknown, refused":  {"/nowhere", 404, asProblem, problem, false},
		"binary media type": {"/v1/snapshot", 200, map[string]string{"Content-Type": "application/octet-stream"}, "\x00", false},
		"undeclared binary": {"/v1/authorities/11440000MB2D01234X/status-lists/0", 200, map[string]string{"Content-Type": "text/plain"}, "x", true},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.fails, fails(t, c.path, c.status, c.header, c.body))
		})
	}
}
