package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

// fault is a store's fault that a test brings about.
type fault struct {
	mu  sync.Mutex
	err error
}

func (f *fault) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fault) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func TestAStoreThatFailedEndsTheWatch(t *testing.T) {
	for name, c := range map[string]struct {
		fault error
		code  attest.Code
	}{
		"full":    {attest.Errorf(attest.CodeStoreFull, "no space"), attest.CodeStoreFull},
		"failed":  {fmt.Errorf("ledger: %w", attest.Errorf(attest.CodeStoreFailed, "sync")), attest.CodeStoreFailed},
		"no code": {errors.New("bad sector"), attest.CodeStoreFailed},
	} {
		synctest.Test(t, func(t *testing.T) {
			var sound, failing fault
			ended := make(chan error, 1)
			go func() {
				ended <- watchStores(t.Context(), []watched{{"ledger", sound.get}, {"vault 440000", failing.get}}, slog.New(slog.DiscardHandler))
			}()
			synctest.Wait()
			assert.Empty(t, ended, "it waits while all is well")
			failing.set(c.fault)
			err := <-ended
			assert.Equal(t, c.code, attest.CodeOf(err), name)
			require.ErrorContains(t, err, "vault 440000")
			assert.Equal(t, exitStore, exitOf(t.Context(), err), name)
		})
	}
}

func TestTheWatchEndsWithTheWork(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	closed := fault{err: attest.Errorf(attest.CodeStoreClosed, "closed")}
	require.NoError(t, watchStores(ctx, []watched{{"ledger", closed.get}}, slog.New(slog.DiscardHandler)), "closing is no fault")
}

// logged waits for a line of the log.
type logged struct {
	mu    sync.Mutex
	text  strings.Builder
	match *regexp.Regexp
	found chan []string
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if m := l.match.FindSubmatch(p); m != nil {
		l.found <- []string{string(m[0]), string(m[1])}
	}
	return len(p), nil
}

func TestServeDrainsAndEndsAfterAFaultOfAStore(t *testing.T) {
	config, plan := foundedRegion(t)
	c, err := consortium.Open(t.Context(), plan)
	require.NoError(t, err)
	defer func() { assert.NoError(t, c.Close()) }()
	for _, s := range storesOf(c) {
		require.NoError(t, s.err(), s.name)
	}

	log := &logged{match: regexp.MustCompile(`"serving".*"address":"([^"]+)"`), found: make(chan []string, 1)}
	var vault fault
	ended := make(chan error, 1)
	go func() {
		ended <- serveAll(t.Context(), config, c, []watched{{"vault 440000", vault.get}}, slog.New(slog.NewJSONHandler(log, nil)))
	}()
	url := "http://" + (<-log.found)[1] + "/healthz"
	answer, err := http.Get(url)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, errors.Join(err, answer.Body.Close()))

	vault.set(attest.Errorf(attest.CodeStoreFull, "no space"))
	err = <-ended
	assert.Equal(t, attest.CodeStoreFull, attest.CodeOf(err))
	assert.Equal(t, exitStore, exitOf(t.Context(), err))
	_, err = http.Get(url) //nolint:bodyclose // refused
	require.Error(t, err, "nobody listens any more")
	assert.Contains(t, log.text.String(), `"code":"STORE_FULL"`)
}

// foundedRegion makes a region on disk.
func foundedRegion(t *testing.T) (*Config, *consortium.Plan) {
	t.Helper()
	dir := t.TempDir()
	config := &Config{Network: "test-network", Ledger: LedgerConfig{Dir: filepath.Join(dir, "ledger")}, Gateways: []GatewayConfig{{
		Region: "440000", URL: "https://gw.example", Dir: filepath.Join(dir, "gd"), Keyring: filepath.Join(dir, "keyring"),
		MasterKey: filepath.Join(dir, "master.key"), Listen: "127.0.0.1:0"}}}
	_, err := keys.NewMasterFile(config.Gateways[0].MasterKey, config.Gateways[0].Dir)
	require.NoError(t, err)
	plan, err := config.plan(slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	plan.Suite = attest.SuiteStd
	c, err := consortium.Found(t.Context(), plan)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	return config, plan
}

func TestOnlyAGatewayBehindAProxyTrustsItsHeader(t *testing.T) {
	config, _ := foundedRegion(t)
	for _, behind := range []bool{false, true} {
		config.Gateways[0].BehindProxy = behind
		plan, err := config.plan(slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		address := plan.Members[0].ClientAddress
		require.Equal(t, behind, address != nil)
		if behind {
			r := &http.Request{RemoteAddr: "192.0.2.1:1", Header: http.Header{"X-Forwarded-For": {"203.0.113.7"}}}
			assert.Equal(t, "203.0.113.7", address(r))
		}
	}
}
