package session_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/session"
)

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func store(most int) (*session.Store, *clock) {
	c := &clock{time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)}
	return session.NewStore(session.Limits{Most: most}, c.now), c
}

func TestASessionEndsWhenNothingIsDone(t *testing.T) {
	s, c := store(0)
	id := s.Start("", session.Person{Kind: session.Citizen})
	assert.Len(t, id, 43, "256 bits in base64url")
	c.t = c.t.Add(15*time.Minute - time.Second)
	got, ok := s.Get(id)
	require.True(t, ok)
	assert.Equal(t, c.t.Add(15*time.Minute), got.Ends, "use extends it")
	c.t = c.t.Add(15 * time.Minute)
	_, ok = s.Get(id)
	assert.False(t, ok)
	assert.Zero(t, s.Len())
}

func TestASessionEndsHoweverMuchIsDone(t *testing.T) {
	s, c := store(0)
	started := c.t
	id := s.Start("", session.Person{Kind: session.Staff})
	for c.t.Sub(started) < 8*time.Hour-10*time.Minute {
		c.t = c.t.Add(10 * time.Minute)
		got, ok := s.Get(id)
		require.True(t, ok, c.t.Sub(started))
		assert.False(t, got.Ends.After(started.Add(8*time.Hour)))
	}
	c.t = c.t.Add(10 * time.Minute)
	_, ok := s.Get(id)
	assert.False(t, ok)
}

func TestSigningInAndGainingRightsChangesTheID(t *testing.T) {
	s, c := store(0)
	planted := s.Start("", session.Person{Kind: session.Citizen, Subject: "a"})
	first := s.Start(planted, session.Person{Kind: session.Staff, Roles: []session.Role{session.RoleVerify}})
	assert.NotEqual(t, planted, first)
	_, ok := s.Get(planted)
	assert.False(t, ok, "what was there before is worth nothing")

	started := c.t
	c.t = c.t.Add(time.Minute)
	second, ok := s.Change(first, session.Person{Kind: session.Staff, Roles: []session.Role{session.RoleVerify, session.RoleGovern}})
	require.True(t, ok)
	_, ok = s.Get(first)
	assert.False(t, ok)
	got, ok := s.Get(second)
	require.True(t, ok)
	assert.True(t, got.May(session.RoleGovern))
	assert.Equal(t, started, got.Started, "other rights do not make a session younger")
	_, ok = s.Change(first, session.Person{})
	assert.False(t, ok)

	s.End(second)
	_, ok = s.Get(second)
	assert.False(t, ok)
}

func TestTheOldestUseMakesRoom(t *testing.T) {
	s, _ := store(2)
	a, b := s.Start("", session.Person{Subject: "a"}), s.Start("", session.Person{Subject: "b"})
	_, ok := s.Get(a)
	require.True(t, ok)
	c := s.Start("", session.Person{Subject: "c"})
	_, ok = s.Get(b)
	assert.False(t, ok)
	for _, id := range []string{a, c} {
		_, ok = s.Get(id)
		assert.True(t, ok)
	}
	assert.Equal(t, 2, s.Len())
}

func TestOnlyStaffHasRoles(t *testing.T) {
	p := session.Person{Kind: session.Citizen, Roles: session.Roles()}
	assert.False(t, p.May(session.Roles()...))
	p.Kind = session.Staff
	assert.True(t, p.May(session.RoleAudit))
	assert.False(t, p.May())
}
