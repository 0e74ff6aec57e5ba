package credentials_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newClock() *clock { return &clock{now: time.Unix(1_767_225_600, 0)} }

func window() credentials.Grant {
	return credentials.Grant{
		Tenant: "office-1", Authorities: []string{"11440000MB2D01234X"},
		Scopes: []credentials.Scope{credentials.ScopeIssue, credentials.ScopeVerify},
	}
}

func create(t *testing.T, c *clock) (*credentials.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials.json")
	s, err := credentials.Create(path, c.Now)
	require.NoError(t, err)
	return s, path
}

func TestKeyIsShownOnceAndKeptAsHash(t *testing.T) {
	s, path := create(t, newClock())
	token, made, err := s.Add(window())
	require.NoError(t, err)

	got, ok := s.Authenticate(token)
	require.True(t, ok)
	assert.Equal(t, made.ID, got.ID)
	assert.Equal(t, "office-1", got.Verifier, "the tenant's name where no other is given")
	assert.True(t, got.Allows(credentials.ScopeAudit, credentials.ScopeVerify))
	assert.False(t, got.Allows(credentials.ScopeGovern))
	assert.True(t, got.ActsFor("11440000MB2D01234X"))
	assert.False(t, got.ActsFor("11510000MB2D01234X"))

	file, err := os.ReadFile(path)
	require.NoError(t, err)
	secret := token[strings.LastIndex(token[:20], "_")+1:]
	assert.NotContains(t, string(file), secret)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := filepath.Glob(path + ".*")
	require.NoError(t, err)
	assert.Equal(t, []string{path + ".lock"}, left, "no temporary file is left behind")
}

func TestWhatIsNotAKeyIsRefused(t *testing.T) {
	s, _ := create(t, newClock())
	token, _, err := s.Add(window())
	require.NoError(t, err)
	for name, presented := range map[string]string{
		"nothing":         "",
		"prefix alone":    "hz_",
		"no secret":       token[:len("hz_")+16],
		"empty secret":    token[:len("hz_")+17],
		"one bit off":     flipLast(token),
		"longer":          token + "A",
		"unknown id":      "hz_0000000000000000" + token[len("hz_")+16:],
		"other prefix":    "xx" + token[2:],
		"only the secret": token[len("hz_")+17:],
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := s.Authenticate(presented)
			assert.False(t, ok)
		})
	}
}

func flipLast(token string) string {
	last := token[len(token)-1]
	if last == 'A' {
		return token[:len(token)-1] + "E"
	}
	return token[:len(token)-1] + "A"
}

func TestRevocationReachesARunningGateway(t *testing.T) {
	c := newClock()
	admin, path := create(t, c)
	token, made, err := admin.Add(window())
	require.NoError(t, err)
	gateway, err := credentials.Open(path, c.Now)
	require.NoError(t, err)
	_, ok := gateway.Authenticate(token)
	require.True(t, ok)

	require.NoError(t, admin.Revoke(made.ID))
	_, ok = admin.Authenticate(token)
	require.False(t, ok, "at once where it was revoked")
	c.advance(credentials.Recheck)
	_, ok = gateway.Authenticate(token)
	require.False(t, ok, "within Recheck everywhere else")

	require.NoError(t, admin.Revoke(made.ID), "twice is no error")
	require.Equal(t, attest.CodeNotFound, attest.CodeOf(admin.Revoke("0000000000000000")))
}

func TestABrokenFileLeavesTheLastGoodStateInForce(t *testing.T) {
	c := newClock()
	s, path := create(t, c)
	token, _, err := s.Add(window())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	c.advance(credentials.Recheck)
	_, ok := s.Authenticate(token)
	assert.True(t, ok)
	_, _, err = s.Add(window())
	assert.Equal(t, attest.CodeStoreCorrupt, attest.CodeOf(err), "but nothing is written over it")
}

func TestFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	_, err := credentials.Open(filepath.Join(dir, "none.json"), time.Now)
	require.Equal(t, attest.CodeStoreMissing, attest.CodeOf(err))
	s, path := create(t, newClock())
	_, _, err = s.Add(window())
	require.NoError(t, err)
	_, err = credentials.Create(path, time.Now)
	require.Equal(t, attest.CodeStoreExists, attest.CodeOf(err))

	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, edit := range map[string]func(string) string{
		"duplicate member": func(f string) string { return strings.Replace(f, `"v": 1`, `"v": 1, "v": 1`, 1) },
		"other version":    func(f string) string { return strings.Replace(f, `"v": 1`, `"v": 2`, 1) },
		"short hash":       func(f string) string { return strings.Replace(f, `"hash": "`, `"hash": "00`, 1) },
		"unknown scope":    func(f string) string { return strings.Replace(f, `"issue"`, `"root"`, 1) },
		"truncated":        func(f string) string { return f[:len(f)-3] },
		"wrong type":       func(f string) string { return strings.Replace(f, `"tenant": "office-1"`, `"tenant": 1`, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			bad := edit(string(good))
			require.NotEqual(t, string(good), bad)
			p := filepath.Join(t.TempDir(), "c.json")
			require.NoError(t, os.WriteFile(p, []byte(bad), 0o600))
			_, err := credentials.Open(p, time.Now)
			assert.Equal(t, attest.CodeStoreCorrupt, attest.CodeOf(err))
		})
	}
}

func TestGrantsThatAreRefused(t *testing.T) {
	s, _ := create(t, newClock())
	for name, g := range map[string]credentials.Grant{
		"no tenant":        {Scopes: []credentials.Scope{credentials.ScopeIssue}},
		"no scope":         {Tenant: "office"},
		"unknown scope":    {Tenant: "office", Scopes: []credentials.Scope{"root"}},
		"control in name":  {Tenant: "of\nfice", Scopes: []credentials.Scope{credentials.ScopeIssue}},
		"blank authority":  {Tenant: "office", Scopes: []credentials.Scope{credentials.ScopeIssue}, Authorities: []string{" "}},
		"name too long":    {Tenant: strings.Repeat("x", 129), Scopes: []credentials.Scope{credentials.ScopeIssue}},
		"verifier control": {Tenant: "office", Verifier: "\x00", Scopes: []credentials.Scope{credentials.ScopeIssue}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := s.Add(g)
			assert.Equal(t, attest.CodeFieldInvalid, attest.CodeOf(err))
		})
	}
	list, err := s.List()
	require.NoError(t, err)
	assert.Empty(t, list)
}

// Two processes, here two stores on one file, lose none of each other's keys.
func TestConcurrentWritersLoseNothing(t *testing.T) {
	c := newClock()
	first, path := create(t, c)
	second, err := credentials.Open(path, c.Now)
	require.NoError(t, err)
	const each = 10
	var wg sync.WaitGroup
	tokens := make(chan string, 2*each)
	for _, s := range []*credentials.Store{first, second} {
		wg.Go(func() {
			for range each {
				token, _, err := s.Add(window())
				if assert.NoError(t, err) {
					tokens <- token
				}
			}
		})
	}
	wg.Wait()
	close(tokens)
	list, err := first.List()
	require.NoError(t, err)
	assert.Len(t, list, 2*each)
	for token := range tokens {
		_, ok := first.Authenticate(token)
		assert.True(t, ok)
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	path := filepath.Join(b.TempDir(), "c.json")
	s, err := credentials.Create(path, time.Now)
	require.NoError(b, err)
	token, _, err := s.Add(window())
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := s.Authenticate(token); !ok {
			b.Fatal("refused")
		}
	}
}
