package block_test

import (
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/block"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/fabrictest"
)

var scope = block.Scope{Channel: fabrictest.Channel, Chaincode: fabrictest.Chaincode}

func network(t *testing.T, bft bool) *fabrictest.Network {
	t.Helper()
	return fabrictest.NewNetwork(t, bft, "HunanMSP", "GuangdongMSP", "ChongqingMSP", "SichuanMSP")
}

// begin is a chain behind the genesis block.
func begin(t *testing.T, n *fabrictest.Network) *block.Chain {
	t.Helper()
	chain, first, err := block.Genesis(scope, [32]byte(fabrictest.Hash(n.Block(0))), n.Block(0))
	require.NoError(t, err)
	require.Equal(t, registry.Block{Hash: fabrictest.Hash(n.Block(0)), Transactions: []registry.Transaction{{}}}, first.Registry())
	return chain
}

// both runs a test under SmartBFT and under Raft.
func both(t *testing.T, test func(t *testing.T, n *fabrictest.Network)) {
	t.Helper()
	t.Run("bft", func(t *testing.T) { test(t, network(t, true)) })
	t.Run("raft", func(t *testing.T) { test(t, network(t, false)) })
}

func submit(n *fabrictest.Network, command string) *fabrictest.Tx {
	return fabrictest.Submit(n.Orgs[1].Client, 1_767_196_800, []byte(command))
}

func TestAGoodBlockIsReadAsTheChaincodeSawIt(t *testing.T) {
	both(t, func(t *testing.T, n *fabrictest.Network) {
		chain := begin(t, n)
		tx, thwarted := submit(n, "a command"), submit(n, "another")
		thwarted.Flag = peer.TxValidationCode_MVCC_READ_CONFLICT
		query := fabrictest.NewTx(n.Orgs[0].Client, 1, []byte("Get"), []byte("consortium"))
		lifecycle := fabrictest.NewTx(n.Orgs[0].Admin, 1, []byte("Submit"), []byte("not for us"))
		lifecycle.Extension.ChaincodeId = &peer.ChaincodeID{Name: "_lifecycle"}
		lifecycle.Action.ChaincodeId = lifecycle.Extension.GetChaincodeId()
		raw := n.Order(thwarted, tx, query, lifecycle)

		b, err := chain.Accept(raw)
		require.NoError(t, err)
		require.Equal(t, registry.Block{
			Number: 1, Previous: fabrictest.Hash(n.Block(0)), Hash: fabrictest.Hash(raw),
			Transactions: []registry.Transaction{
				{Tx: registry.Tx{ID: thwarted.ID()}},
				{Tx: registry.Tx{ID: tx.ID(), Time: 1_767_196_800, Submitter: "GuangdongMSP"}, Command: []byte("a command"), Valid: true},
				{Tx: registry.Tx{ID: query.ID()}},
				{Tx: registry.Tx{ID: lifecycle.ID()}},
			},
		}, b.Registry())
		require.Equal(t, peer.TxValidationCode_MVCC_READ_CONFLICT, b.Transactions[0].Code)
	})
}

// refuses demands that a block that would continue the chain is refused, and that the chain goes on with the right one.
func refuses(t *testing.T, n *fabrictest.Network, chain *block.Chain, code attest.Code, wrong *common.Block, about string) {
	t.Helper()
	_, err := chain.Accept(wrong)
	require.Error(t, err, about)
	require.Equal(t, code, attest.CodeOf(err), "%s: %v", about, err)
	_, err = chain.Accept(n.Order(submit(n, "goes on")))
	require.NoError(t, err, "after %s", about)
}

func TestABlockThatDoesNotContinueTheChain(t *testing.T) {
	both(t, func(t *testing.T, n *fabrictest.Network) {
		chain := begin(t, n)
		quorum := n.Orderers()[:n.Quorum()]
		good := func() *common.Block { return fabrictest.Clone(n.Sealed(quorum, submit(n, "x"), submit(n, "y"))) }

		b := good()
		b.Header.Number++
		refuses(t, n, chain, attest.CodeChainGap, b, "a number too high")
		b = good()
		b.Header.Number--
		refuses(t, n, chain, attest.CodeChainGap, b, "a number too low")
		b = good()
		b.Header.PreviousHash = fabrictest.Hash(n.Block(0))
		refuses(t, n, chain, attest.CodeChainBroken, b, "another block before")
		b = good()
		b.Data.Data[0], b.Data.Data[1] = b.Data.Data[1], b.Data.Data[0]
		refuses(t, n, chain, attest.CodeChainBroken, b, "another order of transactions")
		b = good()
		b.Data.Data = b.Data.Data[:1]
		b.Metadata.Metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER] = []byte{0}
		refuses(t, n, chain, attest.CodeChainBroken, b, "a transaction less")
		b = good()
		b.Data.Data = nil
		refuses(t, n, chain, attest.CodeBlockFormat, b, "no transactions")
		b = good()
		b.Metadata.Metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER] = []byte{0}
		refuses(t, n, chain, attest.CodeBlockFormat, b, "a flag less")
		b = good()
		b.Metadata = nil
		refuses(t, n, chain, attest.CodeBlockFormat, b, "no metadata")
		refuses(t, n, chain, attest.CodeBlockFormat, &common.Block{Header: good().GetHeader()}, "a header alone")
		require.NotPanics(t, func() { _, _ = chain.Accept(&common.Block{}) })
		require.NotPanics(t, func() { _, _ = chain.Accept(nil) })
	})
}

func TestGenesisIsPinned(t *testing.T) {
	n, other := network(t, true), network(t, true)
	_, _, err := block.Genesis(scope, [32]byte(fabrictest.Hash(n.Block(0))), other.Block(0))
	require.Equal(t, attest.CodeChainFork, attest.CodeOf(err))
	changed := fabrictest.Clone(n.Block(0))
	changed.Data.Data[0] = other.Block(0).GetData().GetData()[0]
	_, _, err = block.Genesis(scope, [32]byte(fabrictest.Hash(n.Block(0))), changed)
	require.Equal(t, attest.CodeChainBroken, attest.CodeOf(err), "the header is the pinned one, the configuration is not")
	_, _, err = block.Genesis(block.Scope{Channel: "elsewhere", Chaincode: "huzheng"}, [32]byte(fabrictest.Hash(n.Block(0))), n.Block(0))
	require.Equal(t, attest.CodeBlockFormat, attest.CodeOf(err))
}

// TestTransactionsCannotBeCutElsewhere: the data hash is over the envelopes' bytes joined, so that it holds for other cuts of
// them (CVE-2023-46132).
func TestTransactionsCannotBeCutElsewhere(t *testing.T) {
	both(t, func(t *testing.T, n *fabrictest.Network) {
		chain := begin(t, n)
		quorum := n.Orderers()[:n.Quorum()]
		good := n.Sealed(quorum, submit(n, "x"), submit(n, "y"))
		joined := slices.Concat(good.GetData().GetData()...)

		merged := fabrictest.Clone(good)
		merged.Data.Data = [][]byte{joined}
		merged.Metadata.Metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER] = []byte{0}
		var e common.Envelope
		require.NoError(t, proto.Unmarshal(joined, &e), "both envelopes together read as one: the last")
		_, err := chain.Accept(merged)
		require.Equal(t, attest.CodeBlockFormat, attest.CodeOf(err), err)

		first := good.GetData().GetData()[0]
		for _, cut := range []int{1, len(first) / 2, len(first) - 1, len(first) + 1} {
			b := fabrictest.Clone(good)
			b.Data.Data = [][]byte{joined[:cut], joined[cut:]}
			_, err := chain.Accept(b)
			require.Equal(t, attest.CodeBlockFormat, attest.CodeOf(err), "cut at %d: %v", cut, err)
		}
		_, err = chain.Accept(good)
		require.NoError(t, err)
	})
}

// TestATransactionThatNoPeerCanCallValid: what Fabric's validation refuses cannot carry the flag of a valid one.
func TestATransactionThatNoPeerCanCallValid(t *testing.T) {
	n := network(t, true)
	chain := begin(t, n)
	for about, spoil := range map[string]func(*fabrictest.Tx){
		"an id of its own choice": func(tx *fabrictest.Tx) { tx.Channel.TxId = submit(n, "other").ID() },
		"another nonce": func(tx *fabrictest.Tx) {
			tx.Signature = &common.SignatureHeader{Creator: tx.Signature.GetCreator(), Nonce: []byte{1}}
		},
		"another creator": func(tx *fabrictest.Tx) {
			tx.Signature = &common.SignatureHeader{Creator: n.Orgs[0].Client.Serialized(), Nonce: tx.Signature.GetNonce()}
		},
		"another channel":           func(tx *fabrictest.Tx) { tx.Channel.ChannelId = "elsewhere" },
		"another kind":              func(tx *fabrictest.Tx) { tx.Channel.Type = int32(common.HeaderType_MESSAGE) },
		"no action":                 func(tx *fabrictest.Tx) { tx.Actions = 0 },
		"two actions":               func(tx *fabrictest.Tx) { tx.Actions = 2 },
		"another proposal endorsed": func(tx *fabrictest.Tx) { h := sha256.Sum256(nil); tx.Hash = h[:] },
		"another chaincode endorsed": func(tx *fabrictest.Tx) {
			tx.Action.ChaincodeId = &peer.ChaincodeID{Name: "other"}
		},
	} {
		tx := submit(n, "x")
		spoil(tx)
		quorum := n.Orderers()[:n.Quorum()]
		_, err := chain.Accept(n.Sealed(quorum, submit(n, "before"), tx))
		require.Equal(t, attest.CodeBlockFormat, attest.CodeOf(err), "%s: %v", about, err)

		tx.Flag = peer.TxValidationCode_INVALID_OTHER_REASON
		b, err := chain.Accept(n.Order(submit(n, "before"), tx))
		require.NoError(t, err, "%s, flagged invalid", about)
		require.True(t, b.Transactions[0].Valid)
		require.False(t, b.Transactions[1].Valid)
	}
}

// TestOnlyAPlainSubmitIsACommand: what the chaincode does not take up is no command to a follower either, and no reason to stop.
func TestOnlyAPlainSubmitIsACommand(t *testing.T) {
	n := network(t, true)
	chain := begin(t, n)
	for _, args := range [][][]byte{
		{}, {[]byte("Submit")}, {[]byte("submit"), []byte("x")}, {[]byte("registry:Submit"), []byte("x")},
		{[]byte("Submit"), []byte("x"), []byte("y")}, {[]byte("Get"), []byte("x")},
	} {
		b, err := chain.Accept(n.Order(fabrictest.NewTx(n.Orgs[0].Client, 1, args...)))
		require.NoError(t, err)
		require.False(t, b.Transactions[0].Valid, "%q", args)
		require.Empty(t, b.Transactions[0].Command)
	}
	odd := submit(n, "x")
	odd.Invocation = nil
	b, err := chain.Accept(n.Order(odd))
	require.NoError(t, err)
	require.False(t, b.Transactions[0].Valid)
}

// TestTheSubmitterIsWhomTheEndorsersSaw: Fabric asks for one id of both headers, and runs the chaincode for the inner one.
func TestTheSubmitterIsWhomTheEndorsersSaw(t *testing.T) {
	n := network(t, true)
	chain := begin(t, n)
	tx := submit(n, "x")
	tx.Proposed = &common.SignatureHeader{Creator: n.Orgs[2].Client.Serialized(), Nonce: []byte{1}}
	b, err := chain.Accept(n.Order(tx))
	require.NoError(t, err)
	require.Equal(t, "ChongqingMSP", b.Transactions[0].Submitter)
}
