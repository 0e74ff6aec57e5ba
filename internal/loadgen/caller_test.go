package loadgen_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/loadgen"
)

// counting is a server that counts the connections made to it.
func counting(t *testing.T, answer http.HandlerFunc) (address string, connections *atomic.Int64) {
	t.Helper()
	connections = &atomic.Int64{}
	server := httptest.NewUnstartedServer(answer)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, connections
}

func TestACallerKeepsItsConnection(t *testing.T) {
	address, connections := counting(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, "POST /v1/verifications?a=b", r.Method+" "+r.URL.RequestURI())
		assert.Equal(t, "Bearer key", r.Header.Get("Authorization"))
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		switch string(body) {
		case "close":
			w.Header().Set("Connection", "close")
		case "long":
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<20)) // in chunks
			return
		case "refuse":
			w.WriteHeader(http.StatusTooManyRequests)
		}
		_, _ = w.Write(append(body, '!'))
	})
	c := loadgen.New(address+"/v1/verifications?a=b", "key")
	defer c.Close()
	for _, ask := range []struct {
		body, answer string
		status       int
		connections  int64
	}{
		{"{}", "{}!", http.StatusOK, 1}, {"", "!", http.StatusOK, 1}, {"long", strings.Repeat("x", 1<<20), http.StatusOK, 1},
		{"refuse", "refuse!", http.StatusTooManyRequests, 1}, {"close", "close!", http.StatusOK, 1}, {"again", "again!", http.StatusOK, 2},
	} {
		status, answer, err := c.Post(t.Context(), []byte(ask.body))
		require.NoError(t, err)
		require.Equal(t, ask.status, status)
		require.Equal(t, ask.answer, string(answer))
		require.Equal(t, ask.connections, connections.Load(), ask.body)
	}
}

func TestACallerFailsAndGoesOn(t *testing.T) {
	stuck := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch string(body) {
		case "stuck":
			<-stuck
		case "cut":
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	defer close(stuck)
	c := loadgen.New(server.URL, "key")
	defer c.Close()
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := c.Post(short, []byte("stuck"))
	require.Error(t, err, "at the deadline")
	_, _, err = c.Post(short, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, _, err = c.Post(t.Context(), []byte("cut"))
	require.Error(t, err)
	status, _, err := c.Post(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	for _, address := range []string{"https://a.example", "/v1", "http://", "http://a b"} {
		_, _, err := loadgen.New(address, "").Post(t.Context(), nil)
		require.Error(t, err, address)
	}
}

func TestAPoolUsesTheLastConnectionAgain(t *testing.T) {
	address, connections := counting(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	p := loadgen.NewPool(address, "key")
	defer p.Close()
	post := func(body string, meanwhile func()) {
		require.NoError(t, p.Post(t.Context(), []byte(body), func(status int, answer []byte) error {
			meanwhile()
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, body, string(answer), "another's answer")
			return nil
		}))
	}
	for range 5 {
		post("a", func() { post("b", func() {}) })
	}
	assert.EqualValues(t, 2, connections.Load())
	refused := errors.New("not what was wanted")
	require.ErrorIs(t, p.Post(t.Context(), nil, func(int, []byte) error { return refused }), refused)
}
