package merkle_test

import (
	"fmt"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
)

// A batch is anchored by its root and size; each leaf gets a receipt that leads to them.
func Example() {
	batch := [][32]byte{
		attest.CommitCertificate(attest.SuiteStd, []byte("first")),
		attest.CommitCertificate(attest.SuiteStd, []byte("second")),
		attest.CommitCertificate(attest.SuiteStd, []byte("third")),
	}
	tree := merkle.NewTree(attest.SuiteStd, batch)
	receipt, err := merkle.NewReceipt(attest.KindCertificate, attest.SuiteStd, "b1", tree, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	read, err := merkle.ParseReceipt(receipt.JSON())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(read.Verify(batch[1], tree.Root(), tree.Size()))
	fmt.Println(attest.CodeOf(read.Verify(batch[2], tree.Root(), tree.Size())))
	// Output:
	// <nil>
	// RECEIPT_PATH
}
