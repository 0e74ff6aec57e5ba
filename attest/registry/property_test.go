package registry_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// TestAnySequence holds the rules to what every ledger builds on, over any sequence of commands: the outcome does not
// depend on whether a state shows a command its own writes; no key is written twice, or read after it was written; what
// is refused or repeated changes nothing; whatever was done of a command ahead of its turn changes nothing; the same commands lead to the same state; and nobody is spoken for by another.
func TestAnySequence(t *testing.T) {
	reached, guesses := map[string]int{}, map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		m := &model{t: rt, ledger: testledger.NewMemory(), approvals: map[string][]string{},
			prepared: map[string]*registry.Prepared{}, guess: w.signer, guesses: guesses}
		entries := w.settled(rt)
		for range rapid.IntRange(20, 80).Draw(rt, "length") {
			entries = append(entries, w.draw(rt))
		}
		for _, e := range entries {
			reached[m.step(e)]++
		}
		again := testledger.NewMemory()
		for _, e := range entries {
			_, _, _ = again.Apply(e.tx, e.raw) // as before: compared as a whole
		}
		require.Equal(rt, m.ledger.Dump(), again.Dump())
		require.Equal(rt, m.ledger.Seen, again.Seen)
	})
	t.Logf("what sequences came to: %v; what was done ahead: %v", reached, guesses)
	// A run that was refused throughout, or met no repeat, would have shown nothing. What random sequences seldom come to,
	// such as a key marked compromised, is what the scripts are for.
	for _, name := range []string{registry.NameAnchor, registry.NameRegisterAuthority, "repeat", "refused", "forged"} {
		require.NotZero(t, reached[name], "no sequence reached %s: %v", name, reached)
	}
}

// model is the ledger under test, and what must be true of it.
type model struct {
	t         *rapid.T
	ledger    *testledger.Memory
	machine   registry.Machine // remembers what it read, throughout
	prepared  map[string]*registry.Prepared
	guess     func(id string) attest.Signer
	guesses   map[string]int
	approvals map[string][]string // agreement key → regions whose true governance key approved, in order
}

// prepare is what a follower might have done of an entry before its turn: nothing, reading it, or checking it with a key,
// which may be another's; perhaps long ago, and perhaps of other bytes.
func (m *model) prepare(e entry) *registry.Prepared {
	how := pick(m.t, "ahead", []string{"nothing", "read", "right", "right", "wrong", "again", "other"})
	m.guesses[how]++
	switch how {
	case "nothing":
		return nil
	case "again":
		return m.prepared[string(e.raw)]
	case "other":
		other := registry.Prepare(append(slices.Clone(e.raw), 'A'))
		other.Check(m.guess(e.key).Public())
		return other
	}
	p := registry.Prepare(e.raw)
	switch how {
	case "right":
		p.Check(m.guess(e.key).Public())
	case "wrong":
		p.Check(m.guess(e.key + "@thief").Public()) // who may have signed indeed
	}
	m.prepared[string(e.raw)] = p
	return p
}

// step applies an entry and returns a word for what came of it.
func (m *model) step(e entry) string {
	t := m.t
	before := m.ledger.Dump()
	blind := &testledger.Overlay{Below: m.ledger.Get}
	blindEvent, blindErr := registry.Apply(blind, e.tx, e.raw)
	shown := &testledger.Overlay{Below: m.ledger.Get, ReadOwn: true}
	event, err := registry.Apply(shown, e.tx, e.raw)
	require.Equal(t, blindErr, err)
	require.Equal(t, blindEvent, event)
	require.Equal(t, blind.Writes, shown.Writes)
	require.Empty(t, blind.Violations)
	ahead := &testledger.Overlay{Below: m.ledger.Get, ReadOwn: true}
	aheadEvent, aheadErr := m.machine.Apply(ahead, e.tx, e.raw, m.prepare(e))
	require.Equal(t, err, aheadErr, "prepared")
	require.Equal(t, event, aheadEvent, "prepared")
	require.Equal(t, shown.Writes, ahead.Writes, "prepared")
	require.Equal(t, before, m.ledger.Dump(), "a command changed a value that it read")
	switch {
	case err != nil:
		require.NotEqual(t, attest.CodeInternal, attest.CodeOf(err), err)
		_, _, again := m.ledger.Apply(e.tx, e.raw)
		require.Equal(t, err, again)
		require.Equal(t, before, m.ledger.Dump())
		if e.forged {
			return "forged"
		}
		return "refused"
	case event.Repeat:
		require.Empty(t, shown.Writes)
		return "repeat"
	}
	require.False(t, e.forged, "a forged %s was accepted", event.Name)
	for _, w := range shown.Writes {
		m.check(e, w)
	}
	_, writes, err := m.ledger.Apply(e.tx, e.raw)
	require.NoError(t, err)
	require.Equal(t, shown.Writes, writes)
	return event.Name
}

// check holds one write against who signed it and what stood there.
func (m *model) check(e entry, w registry.Write) {
	group, rest, _ := strings.Cut(w.Key, "/")
	owner, _, _ := strings.Cut(e.key, "#")
	switch group {
	case "batch":
		b, err := registry.DecodeBatch(w.Value)
		require.NoError(m.t, err)
		require.Equal(m.t, e.key, b.Key)
		require.Nil(m.t, m.ledger.Get(w.Key), "a batch is anchored once")
	case "status":
		m.checkStatus(owner, rest, w)
	case "agreement":
		m.checkAgreement(owner, w)
	case "witness":
		require.Equal(m.t, owner, rest)
	case "type":
		require.Nil(m.t, m.ledger.Get(w.Key), "a version of a type is registered once")
	case "key":
		m.checkKey(owner, rest, w)
	}
}

// checkStatus: by the authority, or by its region once it is not active; and the past stays as it was recorded.
func (m *model) checkStatus(owner, rest string, w registry.Write) {
	code, _, _ := strings.Cut(rest, "/")
	a, err := m.ledger.Authority(code)
	require.NoError(m.t, err)
	if a.State == attest.AuthorityActive {
		require.Equal(m.t, code, owner)
	} else {
		require.Equal(m.t, a.Region, owner)
	}
	var old []attest.Interval
	if value := m.ledger.Get(w.Key); value != nil {
		old, err = registry.DecodeStatus(value)
		require.NoError(m.t, err)
	}
	now, err := registry.DecodeStatus(w.Value)
	require.NoError(m.t, err)
	require.GreaterOrEqual(m.t, len(now), len(old))
	for i := range old {
		kept := now[i]
		if i == len(old)-1 && old[i].Until == 0 {
			require.Equal(m.t, attest.StatusSuspended, old[i].State, "an end is final")
			require.Greater(m.t, kept.Until, kept.From)
			kept.Until = 0
		}
		require.Equal(m.t, old[i], kept)
	}
}

// checkAgreement: in force only with the approval of every party, each by that party's own governance key.
func (m *model) checkAgreement(owner string, w registry.Write) {
	a, _, err := registry.DecodeAgreement(w.Value)
	require.NoError(m.t, err)
	parties := slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.Issuers, a.Relying))))
	require.Contains(m.t, parties, owner)
	if a.State != attest.AgreementWithdrawn {
		m.approvals[w.Key] = append(m.approvals[w.Key], owner)
		require.Equal(m.t, slices.Sorted(slices.Values(m.approvals[w.Key])), a.Approved)
	}
	require.Equal(m.t, a.State == attest.AgreementInForce, a.State != attest.AgreementWithdrawn && slices.Equal(a.Approved, parties))
}

// checkKey: the public part and the use of a key never change, and what was cut off or retired stays so.
func (m *model) checkKey(owner, id string, w registry.Write) {
	now, err := registry.DecodeKey(w.Value)
	require.NoError(m.t, err)
	require.Equal(m.t, id, now.ID)
	value := m.ledger.Get(w.Key)
	if value == nil {
		return
	}
	old, err := registry.DecodeKey(value)
	require.NoError(m.t, err)
	require.True(m.t, old.Public.Equal(now.Public))
	require.Equal(m.t, old.Use, now.Use)
	require.True(m.t, now.Retired || !old.Retired)
	require.True(m.t, old.CompromisedFrom == 0 || now.CompromisedFrom != 0 && now.CompromisedFrom <= old.CompromisedFrom)
	require.Len(m.t, owner, 6, "a region speaks of keys")
}
