package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// TestACheckHoldsForItsKeyAlone: a forged command that was checked with the forger's key, and so found good, is refused by
// the registered one, and a good one that was found bad with another key is accepted. In both suites.
func TestACheckHoldsForItsKeyAlone(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		t.Run(string(suite), func(t *testing.T) {
			c := testledger.Found(t, suite)
			var machine registry.Machine
			try := func(signer, checkedWith string) error {
				raw := c.Sign(signer, &registry.Witness{Height: 1})
				p := registry.Prepare(raw)
				require.Equal(t, "440000#w1", p.Signer())
				p.Check(c.Signer(checkedWith).Public())
				_, err := machine.Apply(&testledger.Overlay{Below: c.Get}, c.Tx("440000#w1"), raw, p)
				return err
			}
			require.NoError(t, try("440000#w1", "440000#w1"))
			require.NoError(t, try("440000#w1", "440000#w1@thief"))
			require.NoError(t, try("440000#w1", "510000#w1"))
			require.Equal(t, attest.CodeSignature, attest.CodeOf(try("440000#w1@thief", "440000#w1@thief")))
			require.Equal(t, attest.CodeSignature, attest.CodeOf(try("440000#w1@thief", "440000#w1")))

			// What was found of one command says nothing about another.
			good := registry.Prepare(c.Sign("440000#w1", &registry.Witness{Height: 1}))
			good.Check(c.Signer("440000#w1").Public())
			forged := c.Sign("440000#w1@thief", &registry.Witness{Height: 2})
			_, err := machine.Apply(&testledger.Overlay{Below: c.Get}, c.Tx("440000#w1"), forged, good)
			require.Equal(t, attest.CodeSignature, attest.CodeOf(err))
		})
	}
}

// TestRegisters: the keys that commands ask to register are told ahead, each with its id.
func TestRegisters(t *testing.T) {
	c := testledger.Found(t, attest.SuiteStd)
	_, found := testledger.Charter(t, c.Network, attest.SuiteStd, c.Regions)
	code := testledger.USCC(t, "440000", 1)
	key := func(id string) *attest.PublicKey { return c.Signer(id).Public() }
	for _, s := range []struct {
		command registry.Command
		ids     []string
	}{
		{found, []string{"430000#g1", "430000#w1", "440000#g1", "440000#w1", "500000#g1", "500000#w1", "510000#g1", "510000#w1"}},
		{c.NewAuthority("440000", 1, testledger.TypeConstructor), []string{code + "#k1"}},
		{&registry.ProposeRegion{Founder: testledger.Founder(t, attest.SuiteStd, "110000")}, []string{"110000#g1", "110000#w1"}},
		{&registry.RotateKey{Op: "operation-1", Owner: code, Add: &registry.NewKey{Name: "k2", Use: attest.UseIssue,
			Public: key(code + "#k2")}}, []string{code + "#k2"}},
		{&registry.RotateKey{Op: "operation-1", Owner: code, Retire: code + "#k2"}, nil},
		{&registry.Witness{Height: 1}, nil},
	} {
		var ids []string
		registry.Prepare(c.Sign("440000#g1", s.command)).Registers(func(id string, k *attest.PublicKey) {
			ids = append(ids, id)
			require.True(t, k.Equal(key(id)), id)
		})
		require.Equal(t, s.ids, ids, s.command.Name())
	}
	garbled := registry.Prepare([]byte("e30.e30.e30"))
	garbled.Check(key("440000#g1"))
	garbled.Registers(func(string, *attest.PublicKey) { require.Fail(t, "nothing is registered") })
	require.Empty(t, garbled.Signer())
}
