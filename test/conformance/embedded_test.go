package conformance_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/embedded"
	"github.com/huzheng-ledger/huzheng/test/conformance"
)

var members = []conformance.Member{
	{Region: "430000", MSP: "HunanMSP"}, {Region: "440000", MSP: "GuangdongMSP"},
	{Region: "500000", MSP: "ChongqingMSP"}, {Region: "510000", MSP: "SichuanMSP"},
}

type onOneMachine struct{ *embedded.Ledger }

func (l onOneMachine) Submit(ctx context.Context, msp string, command []byte) (registry.Outcome, error) {
	return l.As(msp).Submit(ctx, command)
}

func TestEmbedded(t *testing.T) {
	l, err := embedded.Create(t.TempDir(), embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	for seed := range uint64(3) {
		conformance.Run(t, onOneMachine{l}, members, seed, 300)
	}
}
