package registry_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// TestNobodyWithoutTheKey: every other region together, with all their own keys and every organisation's submission, can
// neither anchor nor set status in an authority's name, nor speak for its region. (The rules alone stand against them
// here; a majority of endorsers would do as they say.)
func TestNobodyWithoutTheKey(t *testing.T) {
	c := testledger.Found(t, attest.SuiteStd)
	victim := testledger.USCC(t, "440000", 1)
	c.Do("440000#g1", c.NewAuthority("440000", 1, testledger.TypeConstructor))
	c.Do("510000#g1", c.NewAuthority("510000", 1, testledger.TypeConstructor))
	rogues := []string{"430000#g1", "430000#w1", "500000#g1", "500000#w1", "510000#g1", "510000#w1",
		testledger.USCC(t, "510000", 1) + "#k1"}
	public := testledger.Signer(t, attest.SuiteStd, "thief").Public()
	anchor := &registry.Anchor{Kind: attest.KindCertificate, Suite: attest.SuiteStd, Size: 1, Types: []string{testledger.TypeConstructor},
		ID: registry.BatchID(victim+"#k1", attest.KindCertificate, attest.SuiteStd, [32]byte{}, 1)}
	commands := []registry.Command{
		anchor,
		&registry.SetStatus{Op: "rogue-0001", Authority: victim, Entries: []registry.StatusEntry{
			{State: "revoked", From: testledger.Start, Reason: "03"}}},
		&registry.RotateKey{Op: "rogue-0002", Owner: victim, Add: &registry.NewKey{Name: "k2", Use: attest.UseIssue, Public: public}},
		&registry.RotateKey{Op: "rogue-0003", Owner: "440000", Add: &registry.NewKey{Name: "g2", Use: attest.UseGovern, Public: public}},
		&registry.MarkCompromised{Op: "rogue-0004", Key: victim + "#k1", From: 1},
		&registry.SetScope{Op: "rogue-0005", Code: victim, Types: []string{testledger.TypeRealEstate}},
		&registry.SetAuthorityState{Op: "rogue-0006", Code: victim, State: attest.AuthorityDissolved},
		c.NewAuthority("440000", 2, testledger.TypeConstructor),
	}
	before := c.Dump()
	for _, command := range commands {
		for _, rogue := range rogues {
			_, err := c.Try(rogue, command)
			require.Error(t, err, "%s by %s", command.Name(), rogue)
		}
		// With the victim's kid over a rogue's signature, through every organisation.
		for _, kid := range []string{victim + "#k1", "440000#g1"} {
			raw, err := registry.Sign(c.Network, command, testledger.Signer(t, attest.SuiteStd, kid+"@thief"))
			require.NoError(t, err)
			for _, region := range c.Regions {
				_, _, err := c.Apply(registry.Tx{Submitter: testledger.MSP(region), Time: c.Now}, raw)
				assert.Equal(t, attest.CodeSignature, attest.CodeOf(err), "%s as %s by %s", command.Name(), kid, region)
			}
		}
	}
	require.Equal(t, before, c.Dump())
	_, err := c.Try(victim+"#k1", anchor)
	require.NoError(t, err, "the owner itself is heard")
}

// TestAlteredBytes: a command that anybody on its way changes anywhere is not applied.
func TestAlteredBytes(t *testing.T) {
	c := testledger.Found(t, attest.SuiteStd)
	raw := c.Sign("440000#w1", &registry.Witness{Height: 1, Digest: sequence()})
	before := c.Dump()
	for i := range raw {
		for _, other := range []byte{raw[i] ^ 1, raw[i] ^ 0x20, '.', 'A'} {
			if other == raw[i] {
				continue
			}
			altered := append([]byte{}, raw...)
			altered[i] = other
			_, _, err := c.Apply(c.Tx("440000#w1"), altered)
			require.Error(t, err, "byte %d", i)
		}
	}
	require.Equal(t, before, c.Dump())
}

// TestStatusOfAThousand: one command speaks of a thousand certificates with everything that an entry can carry, and of no more.
func TestStatusOfAThousand(t *testing.T) {
	c := testledger.Found(t, attest.SuiteStd)
	c.Do("440000#g1", c.NewAuthority("440000", 1, testledger.TypeConstructor))
	authority := testledger.USCC(t, "440000", 1)
	status := &registry.SetStatus{Op: "thousand-1", Authority: authority}
	for i := range uint32(registry.MaxStatus) {
		status.Entries = append(status.Entries, registry.StatusEntry{List: 1<<32 - 1, Index: i, State: "superseded",
			From: testledger.Start, Reason: "06", Successor: base64.RawURLEncoding.EncodeToString(make([]byte, 32))})
	}
	c.Do(authority+"#k1", status)
	intervals, err := c.Status(authority, 1<<32-1, 999)
	require.NoError(t, err)
	require.Len(t, intervals, 1)
	status.Op = "thousand-2"
	status.Entries = append(status.Entries, registry.StatusEntry{List: 1<<32 - 1, Index: 1000, State: "revoked",
		From: testledger.Start, Reason: "03"})
	_, err = c.Try(authority+"#k1", status)
	require.Equal(t, attest.CodeFieldInvalid, attest.CodeOf(err))
}

// TestRevocationIsNeverFull: a certificate that was suspended as often as a record holds can still be revoked.
func TestRevocationIsNeverFull(t *testing.T) {
	c := testledger.Found(t, attest.SuiteStd)
	c.Do("440000#g1", c.NewAuthority("440000", 1, testledger.TypeConstructor))
	authority := testledger.USCC(t, "440000", 1)
	at := int64(0)
	set := func(state, reason string) error {
		at++
		_, err := c.Try(authority+"#k1", &registry.SetStatus{Op: "operation-" + string(rune('a'+at%26)) + base64.RawURLEncoding.EncodeToString([]byte{byte(at >> 8), byte(at)}),
			Authority: authority, Entries: []registry.StatusEntry{{State: state, From: testledger.Start + at, Reason: reason}}})
		return err
	}
	var err error
	for err == nil {
		if err = set("suspended", "02"); err == nil {
			require.NoError(t, set("reinstated", "01"))
		}
		require.Less(t, at, int64(2000), "a record has no end")
	}
	require.Equal(t, attest.CodeStatusTransition, attest.CodeOf(err))
	require.NoError(t, set("revoked", "03"))
	intervals, err := c.Status(authority, 0, 0)
	require.NoError(t, err)
	require.Equal(t, attest.StatusRevoked, attest.StatusAt(intervals, testledger.Start+at).State)
}
