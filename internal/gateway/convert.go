package gateway

import (
	"encoding/base64"
	"encoding/json"
	"math"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
)

// From the domain's values to the API's. Nothing is decided here.

func text(b [32]byte) string { return base64.RawURLEncoding.EncodeToString(b[:]) }

// count makes the int64 of JSON from a counter that is far below its limit.
func count(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

func checks(list []attest.Check) []api.Check {
	out := make([]api.Check, len(list))
	for i, c := range list {
		zh, en := attest.Explain(c.Code)
		out[i] = api.Check{Name: string(c.Name), Outcome: api.CheckOutcome(c.Outcome), Code: string(c.Code),
			Detail: c.Evidence, Zh: zh, En: en}
	}
	return out
}

func reason(v *attest.Verdict) api.Reason {
	zh, en := attest.Explain(v.Code)
	if v.Result == attest.Valid {
		zh, en = attest.ResultText(attest.Valid)
	}
	return api.Reason{Zh: zh, En: en}
}

func witness(agreeing []string, agreedAt uint64, regions int, frozen bool) api.WitnessState {
	if agreeing == nil {
		agreeing = []string{}
	}
	return api.WitnessState{AgreedHeight: count(agreedAt), Agreeing: agreeing, Frozen: frozen,
		Regions: int32(min(regions, math.MaxInt32))} //nolint:gosec // bounded by min
}

func batch(b *attest.Batch) api.Batch {
	return api.Batch{ID: b.ID, Kind: api.BatchKind(b.Kind), Key: b.Key, Suite: api.Suite(b.Suite), Root: text(b.Root),
		Size: count(b.Size), Block: count(b.Block), Transaction: int64(b.Tx), Types: b.Types}
}

func interval(v *attest.Interval) api.Interval {
	return api.Interval{State: api.IntervalState(v.State), From: v.From, Until: v.Until, Reason: v.Reason,
		Successor: v.Successor}
}

func agreement(a *attest.Agreement, proposal string) api.Agreement {
	approved := a.Approved
	if approved == nil {
		approved = []string{}
	}
	return api.Agreement{ID: a.ID, Version: int32(a.Version), Digest: proposal, //nolint:gosec // at most 9999 by the rules
		Issuers: a.Issuers, Relying: a.Relying, Types: a.Types, Scenarios: a.Scenarios,
		Conditions: api.Conditions{Disclose: a.Conditions.Disclose, AcceptSuspended: a.Conditions.AcceptSuspended,
			MaxAgeDays: int32(a.Conditions.MaxAgeDays)}, //nolint:gosec // at most 36500 by the rules
		From: a.From, Until: a.Until, Approved: approved, State: api.AgreementState(a.State), Ends: a.Ends}
}

func authority(a *attest.Authority) api.Authority {
	return api.Authority{Code: a.Code, Name: a.Name, Region: a.Region, Division: a.Division, Parent: a.Parent,
		Issuer: a.Issuer, Types: a.Types, State: api.AuthorityState(a.State)}
}

func certificateType(t *attest.CertificateType) api.CertificateType {
	grades := make(map[string]string, len(t.Grades))
	for name, grade := range t.Grades {
		grades[name] = string(grade)
	}
	return api.CertificateType{Code: t.Code, Version: int32(t.Version), Name: t.Name, //nolint:gosec // at most 9999 by the rules
		Schema: json.RawMessage(t.Schema), Grades: grades, Predicates: t.Predicates}
}

func notFound(what string) error {
	return attest.Errorf(attest.CodeNotFound, "there is no such %s", what)
}

func region(r *attest.Region) api.Region { return api.Region{Code: r.Code, Name: r.Name, URL: r.URL} }
