package attest_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
)

func agreement(change func(a *attest.Agreement)) *attest.Agreement {
	a := &attest.Agreement{ID: "a", Version: 1, Issuers: []string{"440000"}, Relying: []string{"510000"}, Types: []string{"t"},
		Scenarios: []string{"s"}, From: 100, State: attest.AgreementInForce}
	change(a)
	return a
}

func facts() *attest.Facts {
	return &attest.Facts{Issuer: "440000", Relying: "510000", Type: "t", Scenario: "s", Date: 1000, IssuedAt: 900,
		Disclosed: func(claim string) bool { return claim == "shown" }}
}

func TestRecognise(t *testing.T) {
	open := agreement(func(*attest.Agreement) {})
	strict := agreement(func(a *attest.Agreement) { a.ID, a.Conditions.Disclose = "strict", []string{"hidden", "shown"} })
	young := agreement(func(a *attest.Agreement) { a.ID, a.Conditions.MaxAgeDays = "young", 1 })
	for name, c := range map[string]struct {
		change     func(f *attest.Facts)
		agreements []*attest.Agreement
		accepted   bool
		code       attest.Code
		decided    *attest.Agreement
		missing    []string
	}{
		"one that covers":             {func(*attest.Facts) {}, []*attest.Agreement{open}, true, attest.CodeAgreementAccepts, open, nil},
		"the first that accepts":      {func(*attest.Facts) {}, []*attest.Agreement{strict, young, open}, true, attest.CodeAgreementAccepts, young, nil},
		"none":                        {func(*attest.Facts) {}, nil, false, attest.CodeScenarioUnknown, nil, nil},
		"the nearest miss":            {func(*attest.Facts) {}, []*attest.Agreement{strict}, false, attest.CodeConditionDisclose, strict, []string{"hidden"}},
		"a miss, and one beside it":   {func(f *attest.Facts) { f.Date = 1 }, []*attest.Agreement{open}, false, attest.CodeNoAgreement, nil, nil},
		"home":                        {func(f *attest.Facts) { f.Relying = "440000" }, nil, true, attest.CodeSameRegion, nil, nil},
		"the other way round":         {func(f *attest.Facts) { f.Issuer, f.Relying = f.Relying, f.Issuer }, []*attest.Agreement{open}, false, attest.CodeNoAgreement, nil, nil},
		"a day and a second old":      {func(f *attest.Facts) { f.Date = 900 + 86401 }, []*attest.Agreement{young}, false, attest.CodeConditionAge, young, nil},
		"suspended, and not accepted": {func(f *attest.Facts) { f.Suspended = true }, []*attest.Agreement{open}, false, attest.CodeConditionSuspended, open, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts()
			c.change(f)
			r := attest.Recognise(f, c.agreements)
			assert.Equal(t, attest.Recognition{Accepted: c.accepted, Code: c.code, Agreement: c.decided, Missing: c.missing}, r)
		})
	}
}

func TestInForce(t *testing.T) {
	for name, c := range map[string]struct {
		change func(a *attest.Agreement)
		from   int64 // first second in force; -1: never
		until  int64 // first second after; -1: open
	}{
		"open":              {func(*attest.Agreement) {}, 100, -1},
		"ends":              {func(a *attest.Agreement) { a.Until = 200 }, 100, 200},
		"withdrawn":         {func(a *attest.Agreement) { a.State, a.Ends = attest.AgreementWithdrawn, 150 }, 100, 150},
		"withdrawn late":    {func(a *attest.Agreement) { a.State, a.Ends, a.Until = attest.AgreementWithdrawn, 900, 200 }, 100, 200},
		"withdrawn early":   {func(a *attest.Agreement) { a.State, a.Ends = attest.AgreementWithdrawn, 1 }, -1, 0},
		"proposed":          {func(a *attest.Agreement) { a.State = attest.AgreementProposed }, -1, 0},
		"state of tomorrow": {func(a *attest.Agreement) { a.State = "paused" }, -1, 0},
		"no state whatever": {func(a *attest.Agreement) { a.State = "" }, -1, 0},
	} {
		a := agreement(c.change)
		for _, at := range []int64{0, 99, 100, 149, 150, 199, 200, 1000} {
			want := c.from >= 0 && at >= c.from && (c.until < 0 || at < c.until)
			assert.Equal(t, want, a.InForce(at), "%s at %d", name, at)
		}
	}
}

// TestRecogniseNeverWidens: another agreement can only add acceptance; taking one away can only remove it; and what is
// accepted across regions is accepted by one agreement that says all of it.
func TestRecogniseNeverWidens(t *testing.T) {
	regions := []string{"430000", "440000", "510000"}
	draw := rapid.Custom(func(t *rapid.T) *attest.Agreement {
		return agreement(func(a *attest.Agreement) {
			a.Issuers = []string{rapid.SampledFrom(regions).Draw(t, "issuer")}
			a.Relying = []string{rapid.SampledFrom(regions).Draw(t, "relying")}
			a.State = rapid.SampledFrom([]attest.AgreementState{attest.AgreementInForce, attest.AgreementProposed, attest.AgreementWithdrawn}).Draw(t, "state")
			a.Ends = rapid.Int64Range(900, 1100).Draw(t, "ends")
			a.Conditions.AcceptSuspended = rapid.Bool().Draw(t, "suspended")
			if rapid.Bool().Draw(t, "discloses") {
				a.Conditions.Disclose = []string{rapid.SampledFrom([]string{"hidden", "shown"}).Draw(t, "claim")}
			}
		})
	})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(draw, 0, 6).Draw(t, "agreements")
		f := facts()
		f.Issuer, f.Relying = rapid.SampledFrom(regions).Draw(t, "from"), rapid.SampledFrom(regions).Draw(t, "to")
		f.Suspended = rapid.Bool().Draw(t, "is suspended")
		r := attest.Recognise(f, list)
		if f.Issuer == f.Relying {
			require.Equal(t, attest.CodeSameRegion, r.Code)
			return
		}
		want := slices.ContainsFunc(list, func(a *attest.Agreement) bool {
			return a.Issuers[0] == f.Issuer && a.Relying[0] == f.Relying && a.State != attest.AgreementProposed &&
				(a.State != attest.AgreementWithdrawn || f.Date < a.Ends) && (!f.Suspended || a.Conditions.AcceptSuspended) &&
				!slices.Contains(a.Conditions.Disclose, "hidden")
		})
		require.Equal(t, want, r.Accepted)
		if r.Accepted {
			require.True(t, attest.Recognise(f, []*attest.Agreement{r.Agreement}).Accepted)
			return
		}
		for i := range list {
			require.False(t, attest.Recognise(f, slices.Delete(slices.Clone(list), i, i+1)).Accepted)
		}
	})
}
