package conformance

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// draw adds one command, or the few that belong together.
func (s *script) draw() {
	switch n := s.rng.IntN(100); {
	case n < 15:
		s.again("repeat", s.rng.IntN(len(s.steps)))
	case n < 45:
		s.anchor()
	case n < 65:
		s.status()
	case n < 75:
		s.agreement()
	case n < 83:
		s.witness()
	case n < 91:
		s.keys()
	case n < 95:
		s.scope()
	default:
		s.broken()
	}
}

// anchor anchors one of few batches, now and then by the wrong key, through the wrong organisation, or with a wrong id.
func (s *script) anchor() {
	i, m := s.member()
	key, submitter := registry.KeyID(s.codes[i], "k1"), m
	a := &registry.Anchor{Kind: attest.KindCertificate, Suite: attest.SuiteStd, Root: s.root(), Size: 4096, Types: s.types[:1]}
	if s.chance(30) {
		a.Kind, a.Types, key = attest.KindReceipt, nil, gateway(m)
	}
	if s.chance(10) {
		a.Types = []string{s.types[len(s.types)-1]} // outside of the scope, or of the kind
	}
	a.ID = registry.BatchID(key, a.Kind, a.Suite, a.Root, a.Size)
	switch s.rng.IntN(12) {
	case 0:
		_, submitter = s.member()
	case 1:
		key += "@forger"
	case 2:
		a.Size++
	}
	s.add("anchor", submitter, key, a)
}

// root is one of few of this seed.
func (s *script) root() [32]byte {
	seed := binary.BigEndian.AppendUint64(nil, s.seed)
	return sha256.Sum256(binary.BigEndian.AppendUint64(seed, uint64(s.rng.IntN(40)))) //nolint:gosec // below 40
}

// status suspends, reinstates or revokes one of few certificates; many of these transitions are not allowed.
func (s *script) status() {
	i, m := s.member()
	state := []string{"suspended", "reinstated", "revoked"}[s.rng.IntN(3)]
	reason := map[string]string{"suspended": "02", "reinstated": "01", "revoked": "04"}[state]
	c := &registry.SetStatus{Op: s.op(), Authority: s.codes[i], Entries: []registry.StatusEntry{{
		Index: uint32(s.rng.IntN(6)), State: state, Reason: reason, //nolint:gosec // below 6
		From: testledger.Start + int64(s.rng.IntN(100)),
	}}}
	key := registry.KeyID(s.codes[i], "k1")
	if s.chance(10) {
		key = govern(m)
	}
	if s.chance(5) {
		c.Entries[0].Index = attest.StatusListSize
	}
	s.add("set status "+state, m, key, c)
}

// agreement proposes one and lets the parties approve it, in turn or not.
func (s *script) agreement() {
	_, m := s.member()
	var regions []string
	for _, party := range s.members {
		regions = append(regions, party.Region)
	}
	slices.Sort(regions)
	a := attest.Agreement{ID: s.op(), Version: 1, Issuers: regions[:2], Relying: regions, Types: s.types[:1],
		Scenarios: []string{testledger.Scenario}, From: testledger.Start}
	digest := s.add("propose agreement", m, govern(m), &registry.ProposeAgreement{Agreement: a})
	for _, party := range s.members {
		if s.chance(85) {
			s.add("approve agreement", party, govern(party), &registry.ApproveAgreement{ID: a.ID, Version: 1, Digest: digest})
		}
	}
	if s.chance(50) {
		s.add("withdraw agreement", m, govern(m),
			&registry.WithdrawAgreement{Op: s.op(), ID: a.ID, Version: 1, Ends: testledger.Start + 1_000_000_000})
	}
}

// witness states something about a low height. It is no statement of what the blocks hold: the suite compares how ledgers
// record statements, the index compares what they say.
func (s *script) witness() {
	_, m := s.member()
	key := gateway(m)
	if s.chance(25) {
		key = govern(m)
	}
	// Far above any real height, so that an index has nothing of its own to compare with.
	height := uint64(1)<<40 + s.seed<<16 + uint64(s.rng.IntN(1000)) //nolint:gosec // below 1000
	s.add("witness", m, key, &registry.Witness{Height: height, Digest: s.root()})
}

// keys adds a key to an authority, retires one or marks one as compromised: what they sign later is refused.
func (s *script) keys() {
	i, m := s.member()
	owner := s.codes[i]
	name := []string{"k2", "k3"}[s.rng.IntN(2)]
	switch s.rng.IntN(4) {
	case 0, 1:
		s.add("rotate key", m, govern(m), &registry.RotateKey{Op: s.op(), Owner: owner, Add: &registry.NewKey{Name: name,
			Use: attest.UseIssue, Public: s.signer(registry.KeyID(owner, name)).Public()}})
	case 2:
		s.add("retire key", m, govern(m), &registry.RotateKey{Op: s.op(), Owner: owner, Retire: registry.KeyID(owner, name)})
	default:
		s.add("mark key", m, govern(m), &registry.MarkCompromised{Op: s.op(), Key: registry.KeyID(owner, name), From: 1})
	}
	a := &registry.Anchor{Kind: attest.KindDocument, Suite: attest.SuiteStd, Root: s.root(), Size: 1}
	key := registry.KeyID(owner, name)
	a.ID = registry.BatchID(key, a.Kind, a.Suite, a.Root, a.Size)
	s.add("anchor with another key", m, key, a)
}

// scope registers an authority below another, or suspends and reinstates one.
func (s *script) scope() {
	i, m := s.member()
	if s.chance(50) {
		child := s.authority(m, s.uscc(m, 10+s.rng.IntN(80)), s.types[s.rng.IntN(len(s.types))])
		child.Authority.Parent = s.codes[i]
		s.add("delegate", m, registry.KeyID(s.codes[i], "k1"), child)
		return
	}
	for _, state := range []attest.AuthorityState{attest.AuthoritySuspended, attest.AuthorityActive} {
		s.add("set authority "+string(state), m, govern(m), &registry.SetAuthorityState{Op: s.op(), Code: s.codes[i], State: state})
		s.anchor()
	}
}

// broken submits what no rule can read, and what is for somebody else.
func (s *script) broken() {
	_, m := s.member()
	whole := s.steps[s.rng.IntN(len(s.steps))].Command
	switch s.rng.IntN(4) {
	case 0:
		s.steps = append(s.steps, Step{About: "half a command", MSP: m.MSP, Command: whole[:len(whole)/2]})
	case 1:
		s.steps = append(s.steps, Step{About: "no command", MSP: m.MSP, Command: []byte("{}")})
	case 2:
		raw, err := registry.Sign("elsewhere", &registry.Witness{Height: 1}, s.signer(gateway(m)))
		if err != nil {
			s.t.Fatal(err)
		}
		s.steps = append(s.steps, Step{About: "a command of another network", MSP: m.MSP, Command: raw})
	default:
		s.add("unknown key", m, registry.KeyID(m.Region, "nobody"), &registry.Witness{Height: 1})
	}
}
