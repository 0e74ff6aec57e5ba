package gateway

import (
	"context"
	"time"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// readiness is api.Readiness: a gateway that could answer nothing but undetermined is not ready.
type readiness struct{ g *Gateway }

// Unready implements api.Readiness.
func (s readiness) Unready(context.Context) []api.HealthReason {
	var out []api.HealthReason
	because := func(code attest.Code, detail string) {
		out = append(out, api.HealthReason{Code: string(code), Detail: detail})
	}
	if err := s.g.vault.Err(); err != nil {
		because(attest.CodeOf(err), "the vault takes nothing in")
	}
	l, err := s.g.index.Ledger(s.g.now().Unix())
	policy := s.g.policy()
	switch {
	case err != nil:
		because(attest.CodeOf(err), "the replica of the ledger cannot be read")
	case l.Frozen:
		because(attest.CodeWitnessFrozen, "another region's statement contradicts this replica")
	case l.Age > policy.MaxIndexAge:
		because(attest.CodeIndexStale, "the ledger has not been heard of for too long")
	case len(l.Agreeing) <= l.Tolerated():
		because(attest.CodeWitnessTooFew, "too few regions agree with this replica yet")
	case l.Lag > policy.MaxWitnessLag:
		because(attest.CodeWitnessLag, "the regions have not agreed on recent blocks")
	}
	return out
}

func (g *Gateway) policy() attest.Policy {
	if g.o.Policy == (attest.Policy{}) {
		return attest.DefaultPolicy()
	}
	return g.o.Policy
}

// measure keeps the gauges, and the choice of keys, current.
func (g *Gateway) measure(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		g.gauge()
		if err := g.chooseKeys(); err != nil {
			g.log.Error("the region's keys in force cannot be told", "code", attest.CodeOf(err), "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (g *Gateway) gauge() {
	l, err := g.index.Ledger(g.now().Unix())
	if err != nil {
		return // the API and the log say so
	}
	g.metrics.Index(l.Height, time.Duration(min(l.Age, 1<<31))*time.Second)
	g.metrics.Witness(len(l.Agreeing), l.Frozen)
	pending := uint64(0)
	for _, q := range g.vault.Queues() {
		pending += q.Durable - q.Sealed
	}
	g.metrics.OutboxPending(int(count(pending)))
}

// anchored notes a batch that the ledger has taken in.
func (g *Gateway) anchored(b *custody.Batch, took time.Duration) {
	for _, q := range g.vault.Queues() {
		if q.Number == b.Queue {
			g.metrics.Anchored(string(q.Kind), b.Size, took)
		}
	}
}

// observe counts a verdict.
func (g *Gateway) observe(v *attest.Verdict) {
	g.metrics.Verified(string(v.Result))
	for _, c := range v.Checks {
		if c.Outcome == attest.Failed || c.Outcome == attest.Unknown {
			g.metrics.CheckFailed(string(c.Name), string(c.Code))
		}
	}
}
