package testledger

import (
	"io"
	"testing"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/testkeys"
)

// Signer is testkeys.Signer.
func Signer(t testing.TB, suite attest.Suite, id string) attest.Signer {
	t.Helper()
	return testkeys.Signer(t, suite, id)
}

// Salts is testkeys.Salts.
func Salts(seed string) io.Reader { return testkeys.Salts(seed) }
