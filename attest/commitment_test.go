package attest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
)

// TestCommitmentsAreSeparate: no value stands for another kind, and every byte counts.
func TestCommitmentsAreSeparate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]attest.Suite{attest.SuiteStd, attest.SuiteGM}).Draw(t, "suite")
		data := rapid.SliceOfN(rapid.Byte(), 48, 600).Draw(t, "data")
		salt, rest := data[:attest.SaltSize], data[attest.SaltSize:]
		all := [][32]byte{attest.CommitCertificate(s, data), attest.CommitDocument(s, salt, rest), attest.CommitRow(s, salt, rest),
			attest.CommitDataset(s, data), attest.CommitReceipt(s, data), s.Sum(data)}
		for i := range all {
			for j := range i {
				require.NotEqual(t, all[i], all[j])
			}
		}
		flipped := append([]byte{}, data...)
		flipped[rapid.IntRange(0, len(data)-1).Draw(t, "byte")] ^= 1
		require.NotEqual(t, all[1], attest.CommitDocument(s, flipped[:attest.SaltSize], flipped[attest.SaltSize:]))
	})
}
