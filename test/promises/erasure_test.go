package promises_test

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/dispute"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/redemption"
)

// thief is somebody with the whole disk of a gateway, its master key, and a keyring: every key that there is.
type thief struct {
	t      *testing.T
	aeads  []cipher.AEAD // of the store, then of each subject that has one
	erased int           // slots without a key
}

// steal reads a keyring as docs/format.md lays it out, not as the vault does.
func steal(t *testing.T, suite attest.Suite, region string, keyring []byte) *thief {
	t.Helper()
	master, err := keys.NewMaster(gatewaytest.MasterSecret(region))
	require.NoError(t, err)
	wrap, err := master.Derive(suite, keys.PurposeWrap)
	require.NoError(t, err)
	wrapping, err := keys.NewAEAD(suite, wrap)
	require.NoError(t, err)
	const slot, wrapped = 128, 60
	out := &thief{t: t}
	store := keyring[16:32]
	for n := 0; (n+1)*slot <= len(keyring); n++ {
		s := keyring[n*slot : (n+1)*slot]
		subject, sealed := make([]byte, 32), s[48:48+wrapped]
		if n > 0 {
			subject, sealed = s[4:36], s[36:36+wrapped]
		}
		place := append([]byte("huzheng/v1/slot\x00"), store...)
		place = append(binary.LittleEndian.AppendUint64(place, uint64(n)), subject...)
		key, ok := keys.Open(nil, wrapping, sealed, place)
		if !ok {
			out.erased++
			assert.Empty(t, bytes.Trim(s[1:slot-4], "\x00"), "an erased slot has its state and its checksum, and nothing else")
			continue
		}
		aead, err := keys.NewAEAD(suite, [32]byte(key))
		require.NoError(t, err)
		out.aeads = append(out.aeads, aead)
	}
	return out
}

// open tries every key on every value of a store, and gives all that comes out of it.
func (th *thief) open(dir string) (plain []byte, values, tries, opened int) {
	th.t.Helper()
	db, err := pebblekv.Open(dir, pebblekv.Options{})
	require.NoError(th.t, err)
	defer func() { require.NoError(th.t, db.Close()) }()
	it, err := db.NewIter(nil)
	require.NoError(th.t, err)
	defer func() { require.NoError(th.t, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		require.NoError(th.t, err)
		slot, n := binary.Uvarint(value)
		if n <= 0 {
			continue
		}
		values++
		for _, aead := range th.aeads {
			tries++
			text, ok := keys.Open(nil, aead, value[n:], append(binary.AppendUvarint(nil, slot), it.Key()...))
			if ok {
				opened++
				plain = append(append(append(plain, it.Key()...), text...), '\n')
			}
		}
	}
	return plain, values, tries, opened
}

// TestErasedDataIsGone is promise 13 for a whole gateway: a citizen with a certificate, proof codes, uses, a refused attempt
// and drafts of disputes has their data deleted. Then somebody takes the disk, the master key, the keyring and a backup from before, and tries every
// key on every value, and searches every file.
func TestErasedDataIsGone(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		t.Run(string(suite), func(t *testing.T) {
			log := &buffer{}
			p := newPath(t, suite, log)
			p.walk()
			subject, canaries, kept := p.live()
			backup := filepath.Join(t.TempDir(), "backup")
			require.NoError(t, p.home.Gateway.Vault().Checkpoint(backup))
			keyringFile := filepath.Join(p.w.Dir, p.home.Code+".keyring", "subjects.keyring")
			h := newHaystack(canaries)
			before, err := os.ReadFile(keyringFile)
			require.NoError(t, err)
			plain, _, _, _ := steal(t, suite, p.home.Code, before).open(backup)
			found := strings.Join(h.find(plain), "\n")
			for _, what := range []string{"disclosure 0", "holder key", "cause", "verifier", "secret of code-three", "what is wrong in draft-one", "what it should say in draft-two"} {
				require.Contains(t, found, what, "the search finds what is there before the deletion")
			}

			require.NoError(t, p.home.Gateway.Vault().Shred(t.Context(), subject, 1))
			require.NoError(t, p.w.Close())
			after, err := os.ReadFile(keyringFile)
			require.NoError(t, err)
			th := steal(t, suite, p.home.Code, after)
			require.Positive(t, th.erased)
			places := map[string]string{"the store": filepath.Join(p.w.Dir, p.home.Code, "vault"), "a backup from before": backup}
			for _, name := range slices.Sorted(maps.Keys(places)) {
				plain, values, tries, opened := th.open(places[name])
				require.Greater(t, opened, values/2, "the other keys still open what is theirs")
				assert.Empty(t, h.find(plain), name)
				assert.NotEmpty(t, newHaystack(kept).find(plain), "what is another citizen's is still there in %s", name)
				t.Logf("%s: %d keys × %d values = %d tries, %d opened, 0 of %d needles", name, len(th.aeads), values, tries, opened, len(canaries))
			}
			searched := 0
			for name, data := range files(t, p.w.Dir) {
				searched++
				assert.Empty(t, h.find(data), name)
			}
			assert.Empty(t, h.find(log.bytes()), "the log")
			t.Logf("%d files, %d bytes searched", searched, h.scanned)
		})
	}
}

// live gives one certificate of the walk a life: codes, a use, a refused attempt, a cancelled code. canaries are all that must
// go with its holder; kept is of another.
func (p *path) live() (subject custody.Subject, canaries, kept []needle) {
	p.t.Helper()
	vault := p.home.Gateway.Vault()
	commitment, err := custody.ParseID(p.certificates[0])
	require.NoError(p.t, err)
	c, err := vault.Certificate(commitment)
	require.NoError(p.t, err)
	sd, err := attest.ParseSDJWT(c.SDJWT, attest.Limits{})
	require.NoError(p.t, err)
	for i := range sd.Disclosures {
		canaries = append(canaries, needle{fmt.Sprintf("disclosure %d", i), "as issued", sd.Disclosures[i].Encoded})
	}
	add := func(name string, b []byte) { canaries = append(canaries, needles(name, b)...) }
	add("holder key", c.HolderKey)
	claims, err := sd.Process()
	require.NoError(p.t, err)
	for _, field := range []string{gbt.FieldHolderName, gbt.FieldHolderCode} {
		if v, ok := claims.Get(field); ok && len(v.Str()) >= shortest {
			add(field, []byte(v.Str()))
		}
	}
	codes := p.home.Gateway.Codes()
	cause := p.secrets.text("cause of the code")
	agree := func(op string) *custody.ProofCode {
		made, err := codes.Create(p.t.Context(), op, &proofcode.NewCode{Subject: c.Subject, Shown: []custody.Shown{{Commitment: commitment,
			Fields: claims.Disclosed()}}, UseCause: cause, Scenario: "办理", Life: 600, Uses: 1, Audience: custody.Audience{Kind: custody.AudienceAny}})
		require.NoError(p.t, err)
		add("handle of "+op, made.Handle[:])
		add("secret of "+op, made.Secret[:])
		return made
	}
	verifier := p.secrets.text("name of the verifier")
	add("cause", []byte(cause))
	add("verifier", []byte(verifier))
	used, cancelled := agree("code-one"), agree("code-two")
	agree("code-three") // stays open
	_, err = codes.Cancel(p.t.Context(), c.Subject, cancelled.ID)
	require.NoError(p.t, err)
	p.w.Settle()
	redeem := func(op string) error {
		_, err := p.abroad.Gateway.Redeem(p.t.Context(), &redemption.Request{Operation: op, Code: codes.Short(used), UseCause: "查验",
			Credential: "window", Verifier: verifier})
		return err
	}
	require.NoError(p.t, redeem("first"))
	require.Equal(p.t, attest.CodeProofCodeUnusable, attest.CodeOf(redeem("second")))
	desk := dispute.New(vault, rand.Reader, time.Now)
	for _, op := range []string{"draft-one", "draft-two"} {
		filing := &dispute.Filing{Certificate: c, Statement: dispute.Statement{Kind: custody.DisputeIssued,
			Wrong: p.secrets.text("what is wrong in " + op), Should: p.secrets.text("what it should say in " + op)}}
		id, err := desk.File(p.t.Context(), op, filing)
		require.NoError(p.t, err)
		if op == "draft-two" {
			require.NoError(p.t, desk.Withdraw(p.t.Context(), c.Subject, id))
		}
		add("what is wrong in "+op, []byte(filing.Wrong))
		add("what it should say in "+op, []byte(filing.Should))
	}
	uses, err := p.home.Gateway.Uses(p.t.Context(), c.Subject, 0, 10)
	require.NoError(p.t, err)
	require.GreaterOrEqual(p.t, len(uses), 2, "the use, the refused attempt, and what the walk did")
	for _, id := range p.certificates[1:] {
		other, err := custody.ParseID(id)
		require.NoError(p.t, err)
		o, err := vault.Certificate(other)
		require.NoError(p.t, err)
		if o.Subject != c.Subject {
			return c.Subject, canaries, needles("another's key", o.HolderKey)
		}
	}
	require.Fail(p.t, "nobody else has a certificate")
	return
}
