package registry_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// doubt changes one thing in the evidence, for the worse. The first of a dimension leaves it as it is.
type doubt struct {
	name  string
	apply func(e *attest.Evidence)
}

// dimensions are what evidence consists of, each with the ways in which it can speak against the document.
func dimensions() [][]doubt {
	fine := doubt{"fine", func(*attest.Evidence) {}}
	interval := func(state attest.StatusState) func(e *attest.Evidence) {
		return func(e *attest.Evidence) { e.Status = []attest.Interval{{State: state, From: testledger.Start}} }
	}
	key := func(change func(k *attest.Key)) func(e *attest.Evidence) {
		return func(e *attest.Evidence) {
			if e.Key != nil {
				k := *e.Key
				change(&k)
				e.Key = &k
			}
		}
	}
	batch := func(change func(b *attest.Batch)) func(e *attest.Evidence) {
		return func(e *attest.Evidence) {
			if e.Batch != nil {
				b := *e.Batch
				change(&b)
				e.Batch = &b
			}
		}
	}
	profile := func(change func(p *attest.Profile)) func(e *attest.Evidence) {
		return func(e *attest.Evidence) {
			if e.Profile != nil {
				p := *e.Profile
				change(&p)
				e.Profile = &p
			}
		}
	}
	return [][]doubt{
		{fine, {"unreadable", func(e *attest.Evidence) { e.DocumentErr = attest.Errorf(attest.CodeSDJWTFormat, "x") }},
			{"of tomorrow", func(e *attest.Evidence) { e.DocumentErr = attest.Errorf(attest.CodeHashUnknown, "x") }},
			{"no document", func(e *attest.Evidence) { e.Document = nil }},
			{"no profile", func(e *attest.Evidence) { e.Profile = nil }},
			{"no claims", func(e *attest.Evidence) { e.Claims = nil }}},
		{fine, {"no receipt", func(e *attest.Evidence) { e.Inclusion = nil }},
			{"bad receipt", func(e *attest.Evidence) { e.ReceiptErr = attest.Errorf(attest.CodeReceiptFormat, "x") }},
			{"no proof", func(e *attest.Evidence) {
				e.Inclusion = &attest.Inclusion{Kind: attest.KindCertificate, Suite: attest.SuiteStd,
					Proves: func(_, _ [32]byte, _ uint64) error { return attest.Errorf(attest.CodeReceiptPath, "x") }}
			}},
			{"unexplained proof", func(e *attest.Evidence) {
				e.Inclusion = &attest.Inclusion{Kind: attest.KindCertificate, Suite: attest.SuiteStd,
					Proves: func(_, _ [32]byte, _ uint64) error { return errors.New("x") }} //nolint:err113 // any error
			}}},
		{fine, {"no authority", func(e *attest.Evidence) { e.Authority = nil }},
			{"other issuer", profile(func(p *attest.Profile) { p.Issuer += "x" })},
			{"other key id", profile(func(p *attest.Profile) { p.KeyID = "440000#g1" })}},
		{fine, {"no key", func(e *attest.Evidence) { e.Key = nil }},
			{"void key", key(func(k *attest.Key) { k.CompromisedFrom = 1 })},
			{"other use", key(func(k *attest.Key) { k.Use = attest.UseGovern })},
			{"no public part", key(func(k *attest.Key) { k.Public = nil })}},
		{fine, {"no type", func(e *attest.Evidence) { e.Type = nil }},
			{"fewer fields", func(e *attest.Evidence) { e.Type = &attest.CertificateType{} }}},
		{fine, {"no batch", func(e *attest.Evidence) { e.Batch = nil }},
			{"document batch", batch(func(b *attest.Batch) { b.Kind = attest.KindDocument })},
			{"other suite", batch(func(b *attest.Batch) { b.Suite = attest.SuiteGM })},
			{"other root", batch(func(b *attest.Batch) { b.Root[0] ^= 1 })},
			{"other types", batch(func(b *attest.Batch) { b.Types = nil })},
			{"other key", batch(func(b *attest.Batch) { b.Key += "x" })}},
		{fine, {"no status", profile(func(p *attest.Profile) { p.HasStatus = false })},
			{"revoked", interval(attest.StatusRevoked)}, {"superseded", interval(attest.StatusSuperseded)},
			{"suspended", interval(attest.StatusSuspended)}, {"state of tomorrow", interval("lost")}},
		{fine, {"expired", profile(func(p *attest.Profile) { p.Expires = testledger.Start + 1 })},
			{"not yet", profile(func(p *attest.Profile) { p.NotBefore = testledger.Start * 2 })},
			{"issued in the future", profile(func(p *attest.Profile) { p.IssuedAt = testledger.Start * 2 })}},
		{fine, {"binding asked", func(e *attest.Evidence) { e.Request.Nonce = "n" }}},
		{fine, {"no agreement", func(e *attest.Evidence) { e.Agreements = nil }},
			{"proposed", func(e *attest.Evidence) {
				a := *e.Agreements[0]
				a.State = attest.AgreementProposed
				e.Agreements = []*attest.Agreement{&a}
			}},
			{"in a state of tomorrow", func(e *attest.Evidence) {
				a := *e.Agreements[0]
				a.State = "paused"
				e.Agreements = []*attest.Agreement{&a}
			}}},
		{fine, {"stale", func(e *attest.Evidence) { e.Ledger.Age = 1 << 20 }},
			{"failed", func(e *attest.Evidence) { e.LookupErr = errors.New("x") }}}, //nolint:err113 // any error
		{fine, {"frozen", func(e *attest.Evidence) { e.Ledger.Frozen = true }},
			{"alone", func(e *attest.Evidence) { e.Ledger.Agreeing = nil }},
			{"nobody", func(e *attest.Evidence) { e.Ledger.Regions = 0 }},
			{"lag", func(e *attest.Evidence) { e.Ledger.Lag = 1 << 20 }},
			{"pending", func(e *attest.Evidence) { e.Ledger.AgreedHeight = 0 }}},
	}
}

// TestDoubtNeverMakesValid: over any combination of what can be wrong, a document is valid only if nothing is; the one
// exception is a suspension that the agreement accepts. So no further doubt ever turns another verdict into valid.
func TestDoubtNeverMakesValid(t *testing.T) {
	s := newStage(t, attest.SuiteStd)
	strict := *s.evidence()
	tolerant := strict
	accepting := *strict.Agreements[0]
	accepting.Conditions.AcceptSuspended = true
	tolerant.Agreements = []*attest.Agreement{&accepting}
	all := dimensions()
	valid := 0
	rapid.Check(t, func(rt *rapid.T) {
		e, accepts := strict, rapid.Bool().Draw(rt, "suspended accepted")
		if accepts {
			e = tolerant
		}
		wrong := drawDoubts(rt, all, &e, accepts)
		v := attest.Judge(&e)
		require.Equal(rt, len(wrong) == 0, v.Result == attest.Valid, "%v: %s %s %+v", wrong, v.Result, v.Code, v.Checks)
		require.Contains(rt, attest.Results(), v.Result)
		require.NotEmpty(rt, v.Code)
		for _, c := range v.Checks {
			require.NotEmpty(rt, c.Code, c.Name)
			fine := c.Outcome == attest.Passed || c.Outcome == attest.Skipped || c.Code == attest.CodeSuspended && accepts
			require.True(rt, fine || v.Result != attest.Valid, "%s %s %s", c.Name, c.Outcome, c.Code)
		}
		if v.Result == attest.Valid {
			valid++
		}
	})
	require.NotZero(t, valid)
}

// drawDoubts applies some doubts to the evidence and names those that must count.
func drawDoubts(rt *rapid.T, all [][]doubt, e *attest.Evidence, suspendedAccepted bool) (wrong []string) {
	for _, dimension := range all {
		if rapid.IntRange(0, 3).Draw(rt, "touched") < 3 {
			continue
		}
		d := rapid.SampledFrom(dimension).Draw(rt, "doubt")
		d.apply(e)
		if d.name != "fine" && (d.name != "suspended" || !suspendedAccepted) {
			wrong = append(wrong, d.name)
		}
	}
	return wrong
}

// TestEveryTwoDoubts: each doubt alone, and each two of different kinds together, keep a document from being valid.
func TestEveryTwoDoubts(t *testing.T) {
	s := newStage(t, attest.SuiteStd)
	base := *s.evidence()
	require.Equal(t, attest.Valid, attest.Judge(&base).Result)
	all := dimensions()
	for i, first := range all {
		for _, a := range first[1:] {
			alone := base
			a.apply(&alone)
			require.NotEqual(t, attest.Valid, attest.Judge(&alone).Result, a.name)
			for _, second := range all[i+1:] {
				for _, b := range second {
					e := base
					a.apply(&e)
					b.apply(&e)
					require.NotEqual(t, attest.Valid, attest.Judge(&e).Result, "%s and %s", a.name, b.name)
				}
			}
		}
	}
}
