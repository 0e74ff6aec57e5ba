package indextest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// History draws the chain of a consortium of four regions, the way it would be if years of it were looked at: batches
// mostly, by different authorities, status, statements of the regions, agreements, new authorities and keys. It runs the
// rules itself, so that every transaction is marked with what the ledger found: what the rules refuse is in the chain as
// well, without effect.
type History struct {
	Chain
	// Hostile adds forged commands, commands by keys that were retired or marked compromised, and damaged ones.
	Hostile bool

	t        testing.TB
	rng      *rand.Rand
	suite    attest.Suite
	regions  []string
	ledger   *testledger.Memory
	owners   []owner
	signers  map[string]attest.Signer
	past     []registry.Transaction
	digests  [][32]byte // D(n)
	txs      []registry.Transaction
	writes   []registry.Write
	serial   uint64
	Commands int // valid ones
	Refused  int
}

// owner is an authority and its keys.
type owner struct {
	code, region string
	keys         []string // ids, the last one in use
}

const historyNetwork = "history"

// NewHistory begins with a block in which the consortium is founded, eight authorities are registered and their keys used.
func NewHistory(t testing.TB, suite attest.Suite, seed uint64) *History {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 17)) //nolint:gosec // a chain that a seed tells
	h := &History{t: t, rng: rng, suite: suite, ledger: testledger.NewMemory(),
		signers: map[string]attest.Signer{},
		regions: []string{"430000", "440000", "500000", "510000"}}
	_, found := testledger.Charter(t, historyNetwork, suite, h.regions)
	h.by("430000#g1", found)
	h.by("430000#g1", testledger.NewType(testledger.TypeConstructor, 1))
	for range 8 {
		h.authority()
		h.anchor()
	}
	h.end()
	return h
}

// Block adds a block of at least size transactions.
func (h *History) Block(size int) {
	for len(h.txs) < size {
		h.draw()
	}
	h.end()
}

func (h *History) end() {
	number := uint64(len(h.Blocks))
	var previous [32]byte
	if number > 0 {
		previous = h.digests[number-1]
	}
	h.digests = append(h.digests, registry.BlockDigest(previous, number, h.writes))
	h.Add(h.txs...)
	h.past = append(h.past[max(0, len(h.past)-500):], h.txs...)
	h.txs, h.writes = nil, nil
}

// draws are what a block is made of, each with how many of a thousand it is.
var draws = []struct {
	weight int
	draw   func(h *History)
}{
	{800, (*History).anchor},
	{100, (*History).status},
	{40, (*History).witness},
	{15, (*History).agreement},
	{10, (*History).authority},
	{10, (*History).rotate},
	{5, (*History).compromise},
	{10, (*History).repeat},
	{10, (*History).attack},
}

func (h *History) draw() {
	n := h.rng.IntN(1000)
	for _, d := range draws {
		if n -= d.weight; n < 0 {
			d.draw(h)
			return
		}
	}
}

func pick[T any](h *History, from []T) T { return from[h.rng.IntN(len(from))] }

func (h *History) op() string {
	h.serial++
	return fmt.Sprintf("operation-%d", h.serial)
}

// by submits a command that the key signs; the id may end in "@" and a word, which makes it a forgery.
func (h *History) by(key string, c registry.Command) {
	h.t.Helper()
	raw, err := registry.Sign(historyNetwork, c, h.signer(key))
	require.NoError(h.t, err)
	h.submit(registry.Tx{Time: testledger.Start + int64(len(h.digests)), Submitter: testledger.MSP(h.regionOf(key))}, raw)
}

func (h *History) signer(key string) attest.Signer {
	if h.signers[key] == nil {
		h.signers[key] = testledger.Signer(h.t, h.suite, key)
	}
	return h.signers[key]
}

// Key is the public key of that id.
func (h *History) Key(id string) *attest.PublicKey { return h.signer(id).Public() }

func (h *History) regionOf(key string) string {
	for i := range h.owners {
		if code := h.owners[i].code; len(key) > len(code) && key[:len(code)] == code {
			return h.owners[i].region
		}
	}
	return key[:6]
}

func (h *History) submit(tx registry.Tx, raw []byte) {
	_, writes, err := h.ledger.Apply(tx, raw)
	h.txs = append(h.txs, registry.Transaction{Tx: tx, Command: raw, Valid: err == nil})
	h.writes = append(h.writes, writes...)
	if err != nil {
		h.Refused++
	} else {
		h.Commands++
	}
}

func (h *History) anchor() { o := pick(h, h.owners); h.anchorBy(o.keys[len(o.keys)-1]) }

func (h *History) anchorBy(key string) {
	id, _, _ := strings.Cut(key, "@")
	h.serial++
	a := &registry.Anchor{Kind: attest.KindCertificate, Suite: h.suite, Size: 4096, Types: []string{testledger.TypeConstructor}}
	binary.BigEndian.PutUint64(a.Root[:], h.serial)
	a.ID = registry.BatchID(id, a.Kind, a.Suite, a.Root, a.Size)
	h.by(key, a)
}

// status sets a few new ones, or one that is there to what it may or may not become.
func (h *History) status() {
	o := pick(h, h.owners)
	s := &registry.SetStatus{Op: h.op(), Authority: o.code}
	for i := range 1 + h.rng.Uint32N(3) {
		e := registry.StatusEntry{Index: h.rng.Uint32N(20000)*4 + i, From: testledger.Start, State: "revoked", Reason: "03"}
		if h.rng.IntN(2) == 0 {
			e.State, e.Reason = "suspended", "02"
		}
		if i == 0 || s.Entries[i-1].Index < e.Index {
			s.Entries = append(s.Entries, e)
			continue
		}
		break
	}
	h.by(o.keys[len(o.keys)-1], s)
}

func (h *History) witness() {
	last := len(h.digests) - 1
	h.by(pick(h, h.regions)+"#w1", &registry.Witness{Height: uint64(max(last, 0)), Digest: h.digests[last]})
}

func (h *History) compromise() {
	o := pick(h, h.owners)
	h.by(o.region+"#g1", &registry.MarkCompromised{Op: h.op(), Key: o.keys[0], From: uint64(len(h.digests))})
}

func (h *History) agreement() {
	a := attest.Agreement{ID: h.op(), Version: 1, Issuers: h.regions, Relying: h.regions, Types: []string{testledger.TypeConstructor},
		Scenarios: []string{testledger.Scenario}, From: testledger.Start}
	h.by(h.regions[0]+"#g1", &registry.ProposeAgreement{Agreement: a})
	digest := testledger.Digest(h.txs[len(h.txs)-1].Command)
	for _, r := range h.regions[1:] {
		h.by(r+"#g1", &registry.ApproveAgreement{ID: a.ID, Version: 1, Digest: digest})
	}
}

// authority registers one, up to nine a region.
func (h *History) authority() {
	n := len(h.owners)
	if n >= 9*len(h.regions) {
		return
	}
	region := h.regions[n%len(h.regions)]
	code := testledger.USCC(h.t, region, n/len(h.regions))
	key := registry.KeyID(code, "k1")
	h.owners = append(h.owners, owner{code, region, []string{key}})
	h.by(region+"#g1", &registry.RegisterAuthority{Authority: attest.Authority{Code: code, Name: "测试机构", Region: region,
		Division: region, Issuer: attest.IssuerURL("https://"+region+".example", code), Types: []string{testledger.TypeConstructor}},
		Key: registry.NewKey{Name: "k1", Use: attest.UseIssue, Public: h.signer(key).Public()}})
}

// rotate gives an authority a new key and retires the old one, and uses the new one at once.
func (h *History) rotate() {
	o := &h.owners[h.rng.IntN(len(h.owners))]
	name := fmt.Sprintf("k%d", len(o.keys)+1)
	key := registry.KeyID(o.code, name)
	h.by(o.region+"#g1", &registry.RotateKey{Op: h.op(), Owner: o.code, Retire: o.keys[len(o.keys)-1],
		Add: &registry.NewKey{Name: name, Use: attest.UseIssue, Public: h.signer(key).Public()}})
	if h.txs[len(h.txs)-1].Valid {
		o.keys = append(o.keys, key)
	}
	h.anchorBy(o.keys[len(o.keys)-1])
}

func (h *History) repeat() {
	if len(h.past) > 0 {
		tx := pick(h, h.past)
		h.submit(tx.Tx, tx.Command)
	}
}

func (h *History) attack() {
	if !h.Hostile {
		h.repeat()
		return
	}
	o := pick(h, h.owners)
	switch h.rng.IntN(3) {
	case 0:
		h.anchorBy(o.keys[len(o.keys)-1] + "@thief")
	case 1:
		h.anchorBy(o.keys[0])
	default:
		tx := pick(h, h.past)
		damaged := append([]byte(nil), tx.Command...)
		damaged[h.rng.IntN(len(damaged))] ^= 1 << h.rng.IntN(8)
		h.submit(tx.Tx, damaged)
	}
}
