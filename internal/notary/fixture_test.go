package notary

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
	"github.com/huzheng-ledger/huzheng/internal/vault"
)

const testRegion = "440000"

// office is a region with one authority, a real vault and the rules in memory.
type office struct {
	t         testing.TB
	chain     *chain
	vault     vault.Options
	store     *vault.Vault
	notary    *Notary
	authority string
	options   Options
	samples   *sample.Generator
	sample    *sample.Type
}

// world is embedded under a name that does not hide its method Consortium.
type world = testledger.Consortium

// chain submits to the rules, one command at a time, and can be told to lose answers.
type chain struct {
	*world
	mu        sync.Mutex
	key       string          // of the authority, whose region submits
	lose      func(n int) int // n-th submission: 0 answers, 1 loses the command, 2 loses the answer
	submitted [][]byte
}

var errLost = errors.New("the connection is lost")

func (c *chain) Submit(_ context.Context, command []byte) (registry.Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.submitted = append(c.submitted, command)
	fate := 0
	if c.lose != nil {
		fate = c.lose(len(c.submitted))
	}
	if fate == 1 {
		return registry.Outcome{}, errLost
	}
	event, _, err := c.Apply(c.Tx(c.key), command)
	if fate == 2 {
		return registry.Outcome{}, errLost
	}
	return registry.Outcome{Event: event}, err
}

func (c *chain) submissions() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.submitted)
}

// Batch and the other look-ups of the view wait for a running submission: the ledger in memory has no lock of its own.
func (c *chain) Batch(id string) (*attest.Batch, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.world.Batch(id)
}

func (c *chain) Authority(code string) (*attest.Authority, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.world.Authority(code)
}

func (c *chain) Type(code string, version int) (*attest.CertificateType, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.world.Type(code, version)
}

func (c *chain) Key(id string) (*attest.Key, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.world.Key(id)
}

// testSigners hands out the keys that follow from their ids.
type testSigners struct {
	t     testing.TB
	suite attest.Suite
}

func (s testSigners) Signer(id string) (attest.Signer, error) {
	return testledger.Signer(s.t, s.suite, id), nil
}

func (s testSigners) Owned(owner string) ([]string, error) {
	if len(owner) == 6 {
		return []string{owner + "#g1", owner + "#w1"}, nil
	}
	return []string{owner + "#k1"}, nil
}

func newOffice(t testing.TB, suite attest.Suite, o Options) *office {
	t.Helper()
	c := testledger.Found(t, suite)
	types, err := sample.Types()
	require.NoError(t, err)
	ct := types[0].CertificateType()
	register := c.NewAuthority(testRegion, 1, ct.Code)
	govern := registry.KeyID(testRegion, "g1")
	c.Do(govern, &registry.RegisterType{Type: ct})
	c.Do(govern, register)
	authority := register.Authority.Code
	g, err := sample.New(1, gbt.USCC(authority), "测试机构", testRegion)
	require.NoError(t, err)
	master, err := keys.NewMaster(make([]byte, keys.MasterSize))
	require.NoError(t, err)
	dir := t.TempDir()
	f := &office{t: t, chain: &chain{world: c, key: registry.KeyID(authority, "k1")}, authority: authority, options: o,
		vault:   vault.Options{Dir: filepath.Join(dir, "vault"), Keyring: filepath.Join(dir, "keyring"), Master: master, Suite: suite},
		samples: g.On(time.Unix(testledger.Start, 0)), sample: types[0]}
	require.NoError(t, vault.Create(f.vault))
	f.open()
	t.Cleanup(func() { f.close() })
	return f
}

func (f *office) open() {
	f.t.Helper()
	store, err := vault.Open(f.vault)
	require.NoError(f.t, err)
	f.store = store
	f.notary, err = New(Deps{Store: store, Submitter: f.chain, Signers: testSigners{f.t, f.chain.Suite}, View: f.chain,
		Network: f.chain.Network, Region: testRegion, Logger: slog.New(slog.DiscardHandler), Salts: rand.Reader, Now: func() time.Time { return time.Unix(testledger.Start, 0) },
	}, f.options)
	require.NoError(f.t, err)
}

func (f *office) close() {
	f.t.Helper()
	require.NoError(f.t, f.notary.Close())
	require.NoError(f.t, f.store.Close())
}

// requests are n requests for certificates of synthetic holders, from number first on.
func (f *office) requests(first, n int) []IssueRequest {
	f.t.Helper()
	out := make([]IssueRequest, n)
	for i := range out {
		r, err := f.samples.Record(gbt.TypeCode(f.sample.CertificateType().Code), first+i)
		require.NoError(f.t, err)
		out[i] = IssueRequest{Authority: f.authority, Type: f.sample.CertificateType().Code, Version: f.sample.CertificateType().Version}
		for _, field := range r.Claims {
			out[i].Fields = append(out[i].Fields, attest.Field{Name: field.Name, Value: attest.AppendString(nil, field.Value)})
		}
	}
	return out
}
