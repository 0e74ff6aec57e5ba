package registry_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// corpus is commands for fuzzing: what a founded ledger would be offered.
func corpus(t testing.TB) (*testledger.Consortium, [][]byte) {
	c := testledger.Found(t, attest.SuiteStd)
	var out [][]byte
	for name, command := range goldenCommands(t) {
		key := "440000#g1"
		if name == registry.NameWitness {
			key = "440000#w1"
		}
		out = append(out, c.Sign(key, command))
	}
	return c, out
}

// FuzzParseCommand: a command is read in one way or refused, whatever the bytes.
func FuzzParseCommand(f *testing.F) {
	_, commands := corpus(f)
	for _, raw := range commands {
		f.Add(raw)
	}
	f.Add([]byte("e30.e30.e30"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		signed, err := registry.Parse(raw)
		if err != nil {
			require.NotEqual(t, attest.CodeInternal, attest.CodeOf(err))
			return
		}
		// What was read says, written again and read again, the same.
		again, err := registry.Sign(signed.Network, signed.Command, testledger.Signer(t, attest.SuiteStd, signed.Key))
		require.NoError(t, err)
		second, err := registry.Parse(again)
		require.NoError(t, err)
		require.Equal(t, signed.Command, second.Command)
		require.Equal(t, signed.Command.Name(), second.Command.Name())
	})
}

// FuzzApply changes the payload of a command and signs it with a key that may speak: the rules answer, and what they
// accept is read back.
func FuzzApply(f *testing.F) {
	c, commands := corpus(f)
	for _, raw := range commands {
		f.Add([]byte(payload(f, raw)), true)
		f.Add(raw, false)
	}
	signer := testledger.Signer(f, attest.SuiteStd, "440000#g1")
	f.Fuzz(func(t *testing.T, data []byte, sign bool) {
		raw := data
		if sign {
			var err error
			raw, err = attest.SignJWS(signer, registry.Type, data)
			require.NoError(t, err)
		}
		o := &testledger.Overlay{Below: c.Get}
		event, err := registry.Apply(o, c.Tx("440000#g1"), raw)
		require.Empty(t, o.Violations)
		if err != nil {
			require.NotEqual(t, attest.CodeInternal, attest.CodeOf(err))
			return
		}
		require.True(t, sign || event.Repeat || slices.ContainsFunc(commands, func(c []byte) bool { return bytes.Equal(c, raw) }))
		for _, w := range o.Writes {
			require.NotEmpty(t, w.Value)
		}
	})
}
