package block_test

import (
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/client/fabric/internal/block"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/channel"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/fabrictest"
)

// FuzzBlock: what a peer sends is read without a panic, and only a block that orderers signed is accepted.
func FuzzBlock(f *testing.F) {
	n := fabrictest.NewNetwork(f, true, "HunanMSP", "GuangdongMSP", "ChongqingMSP", "SichuanMSP")
	genesis := n.Block(0)
	invalid := fabrictest.Submit(n.Orgs[0].Client, 1, []byte("y"))
	invalid.Flag = peer.TxValidationCode_MVCC_READ_CONFLICT
	good := n.Sealed(n.Orderers()[:3], fabrictest.Submit(n.Orgs[0].Client, 1, []byte("x")), invalid)
	f.Add(fabrictest.Marshal(genesis))
	f.Add(fabrictest.Marshal(good))
	f.Add(fabrictest.Marshal(n.Configure()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b common.Block
		if proto.Unmarshal(raw, &b) != nil {
			return
		}
		_, _, _ = channel.Parse(&b)
		chain, _, err := block.Genesis(scope, [32]byte(fabrictest.Hash(genesis)), genesis)
		require.NoError(t, err)
		if _, err := chain.Accept(&b); err != nil {
			return
		}
		hash, err := block.Hash(b.GetHeader())
		require.NoError(t, err)
		require.Contains(t, [][]byte{fabrictest.Hash(good), fabrictest.Hash(n.Block(1))}, hash[:])
	})
}

// FuzzEnvelope: an envelope that the orderers signed and a peer calls valid may hold anything at all.
func FuzzEnvelope(f *testing.F) {
	n := fabrictest.NewNetwork(f, true, "HunanMSP", "GuangdongMSP", "ChongqingMSP", "SichuanMSP")
	f.Add(fabrictest.Submit(n.Orgs[0].Client, 1, []byte("x")).Envelope())
	f.Add(n.ConfigTx(1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		chain, _, err := block.Genesis(scope, [32]byte(fabrictest.Hash(n.Block(0))), n.Block(0))
		require.NoError(t, err)
		b, err := chain.Accept(n.SealedRaw(n.Orderers()[:3], raw))
		if err != nil {
			return
		}
		for _, tx := range b.Transactions {
			if tx.Valid {
				require.Len(t, tx.ID, 64)
			}
		}
	})
}
