package offline

import (
	"bytes"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/dataset"
)

// Row judges a row's proof, the file of attest/dataset.
func (j *Judge) Row(data []byte) *Judgement {
	p, err := dataset.ParseRowProof(bytes.TrimSpace(data))
	if err != nil {
		return j.Leaf(attest.KindDataset, nil, err, nil)
	}
	return j.Leaf(attest.KindDataset, func(attest.Suite) [32]byte { return p.Commitment() }, p.Verify(), p.Receipt.JSON())
}
