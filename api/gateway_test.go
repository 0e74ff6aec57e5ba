package api_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/metrics"
)

// gateway is a server of the API over fakes, with keys for everyone who calls it in the tests.
type gateway struct {
	*apitest.Client
	region *region
	store  *credentials.Store
	server *api.Server
	log    *syncBuffer
	config api.Config

	office string // every scope but audit, for our authority
	other  string // the same scopes, for another tenant and its authority
}

// syncBuffer is a log that tests read while the server writes.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newGateway(t testing.TB, adjust ...func(*api.Config)) *gateway {
	t.Helper()
	store, err := credentials.Create(filepath.Join(t.TempDir(), "credentials.json"), time.Now)
	require.NoError(t, err)
	g := &gateway{region: newRegion(), store: store, log: &syncBuffer{}}
	g.config = api.DefaultConfig()
	g.config.Credentials = store
	g.config.Metrics = metrics.New("440000")
	g.config.Log = slog.New(slog.NewJSONHandler(g.log, nil))
	g.config.Address = api.Rate{PerSecond: 1e6, Burst: 1e6}
	for _, f := range adjust {
		f(&g.config)
	}
	g.server, err = api.New(g.config, g.region.services())
	require.NoError(t, err)
	g.Client = apitest.New(t, g.server)
	g.office = g.key(t, "office-1", ours, working()...)
	g.other = g.key(t, "office-2", theirs, working()...)
	g.Client = g.As(g.office)
	return g
}

// working are the scopes of an office that does everything; auditing is for others.
func working() []credentials.Scope {
	return slices.DeleteFunc(credentials.Scopes(), func(s credentials.Scope) bool { return s == credentials.ScopeAudit })
}

func (g *gateway) key(t testing.TB, tenant, authority string, scopes ...credentials.Scope) string {
	t.Helper()
	key, _, err := g.store.Add(credentials.Grant{Tenant: tenant, Authorities: []string{authority}, Scopes: scopes})
	require.NoError(t, err)
	return key
}
