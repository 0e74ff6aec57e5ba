package block

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/attest"
)

// header is what a block's hash is over, in DER (Fabric, protoutil.BlockHeaderBytes).
type header struct {
	Number       *big.Int
	PreviousHash []byte
	DataHash     []byte
}

// HeaderBytes is a block's header as the orderers sign it.
func HeaderBytes(h *common.BlockHeader) ([]byte, error) {
	return asn1.Marshal(header{new(big.Int).SetUint64(h.GetNumber()), h.GetPreviousHash(), h.GetDataHash()})
}

// Hash is a block's hash: SHA-256 of its header.
func Hash(h *common.BlockHeader) ([32]byte, error) {
	der, err := HeaderBytes(h)
	return sha256.Sum256(der), err
}

// checkData checks that the envelopes are those of the header. The hash is over their bytes joined without lengths, so that
// other envelopes could share it: bytes cut elsewhere, or several envelopes in the place of one (CVE-2023-46132). Each is
// therefore held to the one encoding it has, from its first byte to its last.
func checkData(b *common.Block) error {
	envelopes := b.GetData().GetData()
	if len(envelopes) == 0 {
		return attest.Errorf(attest.CodeBlockFormat, "a block without transactions")
	}
	hash := sha256.New()
	for _, raw := range envelopes {
		hash.Write(raw)
	}
	if !bytes.Equal(hash.Sum(nil), b.GetHeader().GetDataHash()) {
		return attest.Errorf(attest.CodeChainBroken, "the transactions of block %d are not those of its header", b.GetHeader().GetNumber())
	}
	return nil
}

// checkWhole checks that raw is one envelope and nothing else.
func checkWhole(raw []byte) (*common.Envelope, error) {
	var e common.Envelope
	if err := proto.Unmarshal(raw, &e); err != nil {
		return nil, malformed("%v", err)
	}
	if len(e.GetPayload()) == 0 || len(e.GetSignature()) == 0 {
		return nil, malformed("no payload or no signature")
	}
	again, err := proto.Marshal(&e)
	if err != nil || !bytes.Equal(again, raw) {
		return nil, malformed("its bytes are more, or others, than the envelope in them")
	}
	return &e, nil
}

func malformed(format string, args ...any) error {
	return attest.Errorf(attest.CodeBlockFormat, format, args...)
}
