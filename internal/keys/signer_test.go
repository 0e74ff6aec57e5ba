package keys

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
)

// TestSignIsRFC6979 signs the example of RFC 6979, A.2.5: P-256, SHA-256, message "sample".
func TestSignIsRFC6979(t *testing.T) {
	const (
		scalar = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
		r      = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
		s      = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
	)
	private, err := hex.DecodeString(scalar)
	require.NoError(t, err)
	signer, err := FromPrivate(attest.SuiteStd, "owner#k", private)
	require.NoError(t, err)
	signature, err := signer.Sign([]byte("sample"))
	require.NoError(t, err)
	require.Equal(t, r+s, hex.EncodeToString(signature))
	require.NoError(t, signer.Public().Verify([]byte("sample"), signature))

	generated, private, err := Generate(attest.SuiteStd, "owner#g")
	require.NoError(t, err)
	again, err := FromPrivate(attest.SuiteStd, "owner#g", private)
	require.NoError(t, err)
	first, err := generated.Sign([]byte("message"))
	require.NoError(t, err)
	second, err := again.Sign([]byte("message"))
	require.NoError(t, err)
	require.Equal(t, first, second)
}
