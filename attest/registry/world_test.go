package registry_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// entry is a command as a ledger would order it, and what the test knows about how it came to be.
type entry struct {
	tx     registry.Tx
	raw    []byte
	key    string // kid
	forged bool   // signed with another key than the kid's
	first  bool   // these bytes were not drawn before
}

// world draws commands of every kind about few subjects, so that they meet: valid, invalid, repeated, conflicting, by the
// wrong key, through the wrong organisation, forged.
type world struct {
	t       testing.TB
	signers map[string]attest.Signer
	past    []entry
	digests []string // of admission proposals

	proposed []registry.ApproveAgreement
	types    []string
	codes    []string // of authorities
	regions  []string
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, signers: map[string]attest.Signer{}, types: []string{testledger.TypeConstructor, testledger.TypeRealEstate},
		regions: []string{"430000", "440000", "500000"}, digests: []string{strings.Repeat("A", 43)}}
	for _, r := range w.regions {
		w.codes = append(w.codes, testledger.USCC(t, r, 1), testledger.USCC(t, r, 2))
	}
	return w
}

const propertyNetwork = "property-network"

func (w *world) signer(id string) attest.Signer {
	if w.signers[id] == nil {
		w.signers[id] = testledger.Signer(w.t, attest.SuiteStd, id)
	}
	return w.signers[id]
}

// founding is the first entry of every sequence.
func (w *world) founding() entry {
	_, found := testledger.Charter(w.t, propertyNetwork, attest.SuiteStd, w.regions)
	return w.sign("430000#g1", registry.Tx{ID: "0", Time: testledger.Start, Submitter: testledger.MSP("430000")}, found, false)
}

// settled founds the consortium and registers most authorities, so that what follows has somebody to be about.
func (w *world) settled(t *rapid.T) []entry {
	entries := []entry{w.founding()}
	for _, code := range w.codes {
		if rapid.IntRange(0, 5).Draw(t, "absent") == 5 {
			continue
		}
		c := w.registerAuthority(t, code)
		c.Authority.Parent = ""
		region := w.regionOf(code)
		tx := registry.Tx{ID: "tx", Time: testledger.Start, Submitter: testledger.MSP(region)}
		entries = append(entries, w.sign(registry.KeyID(region, "g1"), tx, c, false))
	}
	w.past = append(w.past, entries...)
	return entries
}

func (w *world) sign(key string, tx registry.Tx, c registry.Command, forged bool) entry {
	by := key
	if forged {
		by += "@thief"
	}
	raw, err := registry.Sign(propertyNetwork, c, w.signer(by))
	if err != nil {
		w.t.Fatal(err)
	}
	switch c := c.(type) {
	case *registry.ProposeRegion:
		w.digests = append(w.digests, testledger.Digest(raw))
	case *registry.ProposeAgreement:
		w.proposed = append(w.proposed, registry.ApproveAgreement{ID: c.Agreement.ID, Version: c.Agreement.Version,
			Digest: testledger.Digest(raw)})
	}
	return entry{tx: tx, raw: raw, key: key, forged: forged, first: true}
}

func pick[T any](t *rapid.T, name string, from []T) T { return rapid.SampledFrom(from).Draw(t, name) }

// subset is a non-empty part of list in its order; now and then in disorder.
func subset(t *rapid.T, name string, list []string) []string {
	mask := rapid.IntRange(1, 1<<len(list)-1).Draw(t, name)
	var out []string
	for i, s := range list {
		if mask>>i&1 == 1 {
			out = append(out, s)
		}
	}
	if rapid.IntRange(0, 19).Draw(t, name+" disorder") == 19 {
		slices.Reverse(out)
	}
	return out
}

// draw is the next entry: one of the past again, or a new one.
func (w *world) draw(t *rapid.T) entry {
	if len(w.past) > 0 && rapid.IntRange(0, 7).Draw(t, "again") == 7 {
		e := pick(t, "past", w.past)
		e.first = false
		return e
	}
	command := w.command(t)
	key := w.speaker(t, command)
	tx := registry.Tx{ID: "tx", Time: testledger.Start + rapid.Int64Range(0, 9).Draw(t, "time")}
	tx.Submitter = testledger.MSP(w.regionOf(key))
	if rapid.IntRange(0, 15).Draw(t, "stranger") == 15 {
		tx.Submitter = testledger.MSP(pick(t, "submitter", w.regions))
	}
	e := w.sign(key, tx, command, rapid.IntRange(0, 9).Draw(t, "forged") == 9)
	w.past = append(w.past, e)
	return e
}

func (w *world) regionOf(key string) string {
	owner, _, _ := strings.Cut(key, "#")
	if i := slices.Index(w.codes, owner); i >= 0 {
		return w.regions[i/2]
	}
	return owner
}

// speaker is mostly one who may say that, and sometimes anybody.
func (w *world) speaker(t *rapid.T, c registry.Command) string {
	owner := pick(t, "owner", append(slices.Clone(w.regions), w.codes...))
	names := []string{"k1", "k2"}
	if len(owner) == 6 {
		names = []string{"g1", "g1", "g2", "w1"}
	}
	if rapid.IntRange(0, 5).Draw(t, "anybody") > 0 {
		switch c := c.(type) {
		case *registry.Anchor:
			return w.anchorer(c)
		case *registry.SetStatus:
			owner, names = c.Authority, []string{"k1", "k1", "k2"}
		case *registry.Witness:
			owner, names = pick(t, "region", w.regions), []string{"w1"}
		case *registry.RegisterAuthority:
			owner, names = c.Authority.Region, []string{"g1"}
		case *registry.RotateKey:
			owner, names = w.regionOf(c.Owner), []string{"g1", "g1", "g2"}
		case *registry.MarkCompromised:
			owner, names = w.regionOf(c.Key), []string{"g1", "g2"}
		case *registry.SetScope:
			owner, names = w.regionOf(c.Code), []string{"g1"}
		case *registry.SetAuthorityState:
			owner, names = w.regionOf(c.Code), []string{"g1"}
		default:
			owner, names = pick(t, "region", w.regions), []string{"g1", "g1", "g2"}
		}
	}
	return registry.KeyID(owner, pick(t, "key", names))
}

// anchorer is the key that the batch's id follows from.
func (w *world) anchorer(a *registry.Anchor) string {
	for key := range w.anchorers() {
		if registry.BatchID(key, a.Kind, a.Suite, a.Root, a.Size) == a.ID {
			return key
		}
	}
	return "440000#w1"
}

func (w *world) anchorers() map[string]bool {
	keys := map[string]bool{"430000#w1": true, "440000#w1": true}
	for _, c := range w.codes {
		keys[c+"#k1"], keys[c+"#k2"] = true, true
	}
	return keys
}

// command draws one of the fourteen kinds that may follow the founding.
func (w *world) command(t *rapid.T) registry.Command {
	op := fmt.Sprintf("operation-%d", rapid.IntRange(0, 30).Draw(t, "op"))
	code := pick(t, "authority", w.codes)
	version := rapid.IntRange(1, 2).Draw(t, "version")
	id := pick(t, "agreement", []string{"builders", "estates"})
	switch rapid.IntRange(0, 20).Draw(t, "kind") {
	case 0:
		return w.registerAuthority(t, code)
	case 1, 2, 3, 4:
		return w.setStatus(t, op, code)
	case 5, 6:
		return w.anchor(t)
	case 7:
		return w.rotateKey(t, op)
	case 8:
		return &registry.MarkCompromised{Op: op, Key: registry.KeyID(pick(t, "owner of it", append(slices.Clone(w.regions), w.codes...)),
			pick(t, "marked", []string{"g1", "w1", "k1", "k2"})), From: rapid.Uint64Range(0, 9).Draw(t, "from")}
	case 9:
		return &registry.SetScope{Op: op, Code: code, Types: subset(t, "scope", w.types)}
	case 10:
		return &registry.SetAuthorityState{Op: op, Code: code,
			State: attest.AuthorityState(pick(t, "state", []string{"active", "suspended", "suspended", "dissolved", "asleep"}))}
	case 11:
		return testledger.NewType(pick(t, "type", w.types), version)
	case 12, 13:
		return w.proposeAgreement(t, id, version)
	case 14, 18, 19, 20:
		return w.approveAgreement(t)
	case 15:
		return &registry.WithdrawAgreement{Op: op, ID: id, Version: version, Ends: rapid.Int64Range(0, 9).Draw(t, "ends")}
	case 16:
		if rapid.Bool().Draw(t, "propose") {
			return &registry.ProposeRegion{Founder: testledger.Founder(w.t, attest.SuiteStd, pick(t, "new", []string{"110000", "430000"}))}
		}
		return &registry.ApproveRegion{Region: "110000", Digest: pick(t, "proposal", w.digests)}
	default:
		return &registry.Witness{Height: rapid.Uint64Range(0, 5).Draw(t, "height"),
			Digest: [32]byte{rapid.Byte().Draw(t, "digest")}}
	}
}

func (w *world) registerAuthority(t *rapid.T, code string) *registry.RegisterAuthority {
	region := w.regionOf(code)
	c := &registry.RegisterAuthority{Authority: attest.Authority{Code: code, Name: "测试机构", Region: region, Division: region,
		Issuer: attest.IssuerURL("https://"+region+".example", code), Types: subset(t, "types", w.types)},
		Key: registry.NewKey{Name: "k1", Use: attest.UseIssue, Public: w.signer(registry.KeyID(code, "k1")).Public()}}
	if rapid.IntRange(0, 3).Draw(t, "delegated") == 3 {
		c.Authority.Parent = pick(t, "parent", w.codes)
	}
	return c
}

func (w *world) setStatus(t *rapid.T, op, code string) registry.Command {
	c := &registry.SetStatus{Op: op, Authority: code}
	for i := range rapid.IntRange(1, 3).Draw(t, "entries") {
		e := registry.StatusEntry{Index: uint32(i), From: rapid.Int64Range(0, 50).Draw(t, "from"),
			State: pick(t, "state", []string{"suspended", "suspended", "reinstated", "reinstated", "revoked", "superseded"})}
		e.Reason = map[string]string{"suspended": "02", "reinstated": "01", "revoked": "03", "superseded": "06"}[e.State]
		if e.State == "superseded" {
			e.Successor = base64.RawURLEncoding.EncodeToString(make([]byte, 32))
		}
		c.Entries = append(c.Entries, e)
	}
	return c
}

func (w *world) anchor(t *rapid.T) registry.Command {
	keys := make([]string, 0, 16)
	for k := range w.anchorers() {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	a := &registry.Anchor{Kind: attest.Kind(pick(t, "kind of batch", []string{"certificate", "certificate", "document", "dataset", "receipt"})),
		Suite: attest.SuiteStd, Root: [32]byte{rapid.Byte().Draw(t, "root")}, Size: rapid.Uint64Range(0, 9).Draw(t, "size")}
	if a.Kind == attest.KindCertificate {
		a.Types = subset(t, "types", w.types)
	}
	a.ID = registry.BatchID(pick(t, "anchorer", keys), a.Kind, a.Suite, a.Root, a.Size)
	return a
}

func (w *world) rotateKey(t *rapid.T, op string) registry.Command {
	c := &registry.RotateKey{Op: op, Owner: pick(t, "whose", append(slices.Clone(w.regions), w.codes...))}
	names, use := []string{"k1", "k2"}, attest.UseIssue
	if len(c.Owner) == 6 {
		names, use = []string{"g1", "g2", "w2"}, pick(t, "use", []attest.KeyUse{attest.UseGovern, attest.UseGovern, attest.UseGateway})
	}
	if rapid.IntRange(0, 3).Draw(t, "adds") > 0 {
		name := pick(t, "added", names)
		c.Add = &registry.NewKey{Name: name, Use: use, Public: w.signer(registry.KeyID(c.Owner, name)).Public()}
	}
	if rapid.Bool().Draw(t, "retires") {
		c.Retire = registry.KeyID(c.Owner, pick(t, "retired", names))
	}
	return c
}

// approveAgreement approves mostly what was proposed.
func (w *world) approveAgreement(t *rapid.T) registry.Command {
	c := registry.ApproveAgreement{ID: "builders", Version: 1, Digest: w.digests[0]}
	if len(w.proposed) > 0 {
		c = pick(t, "approved", w.proposed)
	}
	if rapid.IntRange(0, 5).Draw(t, "another") == 5 {
		c.Version = 3 - c.Version
	}
	return &c
}

func (w *world) proposeAgreement(t *rapid.T, id string, version int) registry.Command {
	return &registry.ProposeAgreement{Agreement: attest.Agreement{ID: id, Version: version, Issuers: subset(t, "issuers", w.regions),
		Relying: subset(t, "relying", w.regions), Types: w.types[:1], Scenarios: []string{testledger.Scenario},
		From: testledger.Start, Until: testledger.Start + rapid.Int64Range(-1, 99).Draw(t, "until")}}
}
