package faults_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// forger signs with a key of its own under the name of another's.
type forger struct {
	attest.Signer
	as string
}

// KeyID implements attest.Signer.
func (f forger) KeyID() string { return f.as }

// forgeries are commands in the victim's name, by whoever holds the signer and not the victim's key.
func forgeries(t *testing.T, c certificate, by attest.Signer) map[string][]byte {
	t.Helper()
	victim := c.issuer.Code
	issuing, governing, witnessing := registry.KeyID(c.authority(), "1"), registry.KeyID(victim, "gov-1"), registry.KeyID(victim, "gw-1")
	op := fmt.Sprintf("forged-%08d", serial.Add(1))
	anchor := &registry.Anchor{Kind: attest.KindCertificate, Suite: attest.SuiteStd, Root: sha256.Sum256([]byte(op)), Size: 1,
		Types: []string{string(sample.TypeConstructor)}}
	anchor.ID = registry.BatchID(issuing, anchor.Kind, anchor.Suite, anchor.Root, anchor.Size)
	status := func(state, reason string) *registry.SetStatus {
		return &registry.SetStatus{Op: op + state, Authority: c.authority(), Entries: []registry.StatusEntry{{List: uint32(c.StatusList),
			Index: uint32(c.StatusIndex), State: state, Reason: reason, From: time.Now().Unix()}}}
	}
	key := registry.NewKey{Name: "2", Use: attest.UseIssue, Public: by.Public()}
	all := map[string][]byte{}
	for about, forged := range map[string]struct {
		command registry.Command
		as      string
	}{
		"a forged anchor":                     {anchor, issuing},
		"an anchor under the forger's name":   {anchor, by.KeyID()},
		"a forged suspension":                 {status("suspended", "02"), issuing},
		"a forged revocation":                 {status("revoked", "04"), issuing},
		"a revocation in the forger's name":   {status("revoked", "04"), by.KeyID()},
		"a forged reinstatement":              {status("reinstated", "01"), issuing},
		"a key for another's authority":       {&registry.RotateKey{Op: op, Owner: c.authority(), Add: &key}, governing},
		"a key, in the forger's name":         {&registry.RotateKey{Op: op, Owner: c.authority(), Add: &key}, by.KeyID()},
		"another's authority suspended":       {&registry.SetAuthorityState{Op: op, Code: c.authority(), State: attest.AuthoritySuspended}, governing},
		"another region's witness":            {&registry.Witness{Height: 1, Digest: sha256.Sum256(nil)}, witnessing},
		"another region's key as compromised": {&registry.MarkCompromised{Op: op, Key: issuing, From: 1}, governing},
	} {
		raw, err := registry.Sign(fabricnet.NetworkID, forged.command, forger{by, forged.as})
		require.NoError(t, err)
		all[about] = raw
	}
	return all
}

// coalition: promise 6. Every other region together, with all their keys, their peers' endorsements and their clients, submits
// what only the victim may. The rules refuse on the ledger, and nothing changes in any verdict.
func (w *world) coalition(t *testing.T) {
	victim, _ := w.picked(t)
	good, revoked := w.issue(t, victim), w.issue(t, victim)
	revoked.revoke(t)
	refused := 0
	for _, rogue := range w.Gateways {
		if rogue.Code == victim.Code {
			continue
		}
		for _, by := range []string{registry.KeyID(rogue.Code, "gov-1"), registry.KeyID(rogue.Code, "gw-1"),
			registry.KeyID(string(rogue.Authority(sample.TypeConstructor).Code), "1")} {
			for about, command := range forgeries(t, revoked, rogue.Signer(by)) {
				_, err := rogue.Ledger.Submit(t.Context(), command)
				var no *attest.Error
				require.ErrorAs(t, err, &no, "%s, signed with %s", about, by)
				require.NotContains(t, []attest.Code{attest.CodeInternal, attest.CodeUnavailable, attest.CodeOutcomeUnknown}, no.Code, about)
				refused++
			}
		}
	}
	for _, g := range w.Gateways {
		w.becomes(t, good, g, "valid")
		w.becomes(t, revoked, g, "revoked")
	}
	w.sameEverywhere(t)
	t.Logf("%d forged commands in the name of %s submitted by the others: 0 recorded, 0 verdicts changed", refused, victim.Code)
	require.NotZero(t, refused)
}

// swapped: promise 6 again. All regions install a chaincode without rules, and what nobody may do is recorded as valid. Every
// gateway runs the rules again: it stops at the first such block and calls nothing valid any more. The network is of no use
// afterwards: this comes last.
func (w *world) swapped(t *testing.T) {
	victim, _ := w.picked(t)
	good, revoked := w.issue(t, victim), w.issue(t, victim)
	revoked.revoke(t)
	for _, g := range w.Gateways {
		w.becomes(t, good, g, "valid")
		w.becomes(t, revoked, g, "revoked")
	}
	w.Do("upgrade-chaincode", "--chaincode", fabricnet.Build(t, "../..", "./chaincode/roguetest"))
	rogue := w.Gateways[0]
	if rogue == victim {
		rogue = w.Gateways[1]
	}
	forged := forgeries(t, revoked, rogue.Signer(registry.KeyID(rogue.Code, "gov-1")))["a forged reinstatement"]
	outcome, err := rogue.Ledger.Submit(t.Context(), forged)
	require.NoError(t, err, "the chaincode without rules records everything")
	for _, g := range w.Gateways {
		require.Error(t, g.Gateway.WaitFor(t.Context(), outcome.Position.Block))
		require.Equal(t, attest.CodeRulesDiverged, attest.CodeOf(g.Gateway.Index().Frozen()), g.Code)
		for _, c := range []certificate{good, revoked} {
			w.becomes(t, c, g, "undetermined")
		}
		w.frozen(t, g)
	}
	counts := map[api.Result]int{}
	for range 20 {
		for _, g := range w.Gateways {
			counts[g.For(t).Verify(revoked.present(t, g)).Result]++
		}
	}
	require.Equal(t, map[api.Result]int{"undetermined": 80}, counts)
	t.Logf("a forged status that all regions' peers endorsed: %v, every gateway frozen with RULES_DIVERGED", counts)
}
