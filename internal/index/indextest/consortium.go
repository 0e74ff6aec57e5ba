// Package indextest makes small consortia for tests: real keys, real commands, no ledger.
package indextest

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

// Network is the id of every test consortium.
const Network = "huzheng-test"

// Region is one member with its keys.
type Region struct {
	attest.Region
	Govern, Gateway attest.Signer
}

// divisions of the regions of a test consortium, in order.
var divisions = [...]string{"110000", "310000", "430000", "440000", "500000", "510000", "610000"}

// Consortium makes the first n regions, at most 7, and the command that founds their consortium, to be submitted by the
// first.
func Consortium(t testing.TB, n int) (regions []Region, found []byte) {
	t.Helper()
	charter := registry.Charter{Network: Network, Suite: attest.SuiteStd}
	for _, code := range divisions[:n] {
		r := Region{Region: attest.Region{Code: code, Name: "省" + code, MSP: "Region" + code + "MSP",
			URL: "https://" + code + ".example"}}
		r.Govern, r.Gateway = signer(t, code, "govern"), signer(t, code, "gateway")
		charter.Founders = append(charter.Founders, registry.Founder{Region: r.Region, Keys: []registry.NewKey{
			{Name: "govern", Use: attest.UseGovern, Public: r.Govern.Public()},
			{Name: "gateway", Use: attest.UseGateway, Public: r.Gateway.Public()},
		}})
		regions = append(regions, r)
	}
	var signatures []string
	for _, r := range regions {
		s, err := registry.SignCharter(charter, r.Govern)
		require.NoError(t, err)
		signatures = append(signatures, s)
	}
	return regions, Sign(t, &registry.Found{Signatures: signatures}, regions[0].Govern)
}

func signer(t testing.TB, owner, name string) attest.Signer {
	t.Helper()
	s, _, err := keys.Generate(attest.SuiteStd, registry.KeyID(owner, name))
	require.NoError(t, err)
	return s
}

// Sign makes a command of the test network.
func Sign(t testing.TB, c registry.Command, s attest.Signer) []byte {
	t.Helper()
	b, err := registry.Sign(Network, c, s)
	require.NoError(t, err)
	return b
}

// Anchor is a command of the region's gateway that anchors a batch of receipts with a root made of n: traffic that needs
// no authority.
func (r *Region) Anchor(t testing.TB, n uint64) []byte {
	t.Helper()
	var root [32]byte
	binary.BigEndian.PutUint64(root[:], n)
	a := &registry.Anchor{Kind: attest.KindReceipt, Suite: attest.SuiteStd, Root: root, Size: 1}
	a.ID = registry.BatchID(r.Gateway.KeyID(), a.Kind, a.Suite, a.Root, a.Size)
	return Sign(t, a, r.Gateway)
}

// BatchID is the id of the batch that Anchor anchors.
func (r *Region) BatchID(n uint64) string {
	var root [32]byte
	binary.BigEndian.PutUint64(root[:], n)
	return registry.BatchID(r.Gateway.KeyID(), attest.KindReceipt, attest.SuiteStd, root, 1)
}

// Witness is a statement of the region's gateway.
func (r *Region) Witness(t testing.TB, height uint64, digest [32]byte) []byte {
	t.Helper()
	return Sign(t, &registry.Witness{Height: height, Digest: digest}, r.Gateway)
}

// Chain makes blocks that continue each other, as a ledger would hand them out.
type Chain struct {
	Blocks []registry.Block
}

// Add appends a block of the transactions; their ids are made here, times are kept.
func (c *Chain) Add(txs ...registry.Transaction) registry.Block {
	b := registry.Block{Number: uint64(len(c.Blocks)), Hash: fmt.Appendf(nil, "hash of block %d", len(c.Blocks))}
	if len(c.Blocks) > 0 {
		b.Previous = c.Blocks[len(c.Blocks)-1].Hash
	}
	for i := range txs {
		txs[i].ID = fmt.Sprintf("%d.%d", b.Number, i)
	}
	b.Transactions = txs
	c.Blocks = append(c.Blocks, b)
	return b
}

// By is a valid transaction of the region.
func (r *Region) By(command []byte) registry.Transaction {
	return registry.Transaction{Tx: registry.Tx{Submitter: r.MSP, Time: 1_700_000_000}, Command: command, Valid: true}
}
