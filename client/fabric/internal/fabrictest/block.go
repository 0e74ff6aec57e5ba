package fabrictest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// HeaderBytes is a header as orderers sign it. It is written again here, so that a test does not compare a mistake with itself.
func HeaderBytes(h *common.BlockHeader) []byte {
	der, err := asn1.Marshal(struct {
		Number         *big.Int
		Previous, Data []byte
	}{new(big.Int).SetUint64(h.GetNumber()), h.GetPreviousHash(), h.GetDataHash()})
	if err != nil {
		panic(err)
	}
	return der
}

// Hash is a block's hash.
func Hash(b *common.Block) []byte {
	sum := sha256.Sum256(HeaderBytes(b.GetHeader()))
	return sum[:]
}

// tip is the hash of the last block.
func (n *Network) tip() []byte { return Hash(n.blocks[len(n.blocks)-1]) }

// seal makes an unsigned block.
func (n *Network) seal(number uint64, previous []byte, envelopes [][]byte, flags []byte) *common.Block {
	data := sha256.Sum256(bytes.Join(envelopes, nil))
	b := &common.Block{
		Header:   &common.BlockHeader{Number: number, PreviousHash: previous, DataHash: data[:]},
		Data:     &common.BlockData{Data: envelopes},
		Metadata: &common.BlockMetadata{Metadata: make([][]byte, 5)},
	}
	b.Metadata.Metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER] = flags
	return b
}

// sign lets the orderers sign a block, over the number of the last configuration.
func (n *Network) sign(b *common.Block, by []*Holder) {
	signed := &common.Metadata{Value: Marshal(&common.OrdererBlockMetadata{LastConfig: &common.LastConfig{Index: n.config}})}
	for _, h := range by {
		signed.Signatures = append(signed.Signatures, n.signature(b, signed.GetValue(), h))
	}
	b.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = Marshal(signed)
}

// signature is one orderer's: under SmartBFT by its number, where it has one.
func (n *Network) signature(b *common.Block, value []byte, by *Holder) *common.MetadataSignature {
	if i := slices.IndexFunc(n.Orgs, func(o *Org) bool { return o.Orderer == by }); n.BFT && i >= 0 {
		header := Marshal(&common.IdentifierHeader{Identifier: uint32(i + 1), Nonce: nonce()}) //nolint:gosec // a handful
		return &common.MetadataSignature{IdentifierHeader: header, Signature: by.Sign(slices.Concat(value, header, HeaderBytes(b.GetHeader())))}
	}
	header := Marshal(&common.SignatureHeader{Creator: by.Serialized(), Nonce: nonce()})
	return &common.MetadataSignature{SignatureHeader: header, Signature: by.Sign(slices.Concat(value, header, HeaderBytes(b.GetHeader())))}
}

func nonce() []byte {
	b := make([]byte, 24)
	if _, err := rand.Read(b); err != nil {
		panic(err)
	}
	return b
}

// Sealed is a block that would continue the chain, signed by these orderers, that is not put on it.
func (n *Network) Sealed(by []*Holder, txs ...*Tx) *common.Block {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sealed(by, txs...)
}

func (n *Network) sealed(by []*Holder, txs ...*Tx) *common.Block {
	var envelopes [][]byte
	var flags []byte
	for _, tx := range txs {
		envelopes, flags = append(envelopes, tx.Envelope()), append(flags, byte(tx.Flag)) //nolint:gosec // codes below 256
	}
	b := n.seal(uint64(len(n.blocks)), n.tip(), envelopes, flags)
	n.sign(b, by)
	return b
}

// Order puts a block of the transactions on the chain, as they are flagged, signed by a quorum.
func (n *Network) Order(txs ...*Tx) *common.Block {
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.sealed(n.Orderers()[:n.Quorum()], txs...)
	n.append(b)
	return b
}

// Clone is a copy that may be changed.
func Clone(b *common.Block) *common.Block { return proto.Clone(b).(*common.Block) } //nolint:forcetypeassert // of itself

// Tx is an endorsed transaction, in its parts.
type Tx struct {
	Creator    *Holder
	Channel    *common.ChannelHeader
	Signature  *common.SignatureHeader // of the envelope
	Proposed   *common.SignatureHeader // of the action
	Extension  *peer.ChaincodeHeaderExtension
	Invocation *peer.ChaincodeInvocationSpec
	Action     *peer.ChaincodeAction
	Hash       []byte // of the proposal, as the endorsers signed it; nil: what it is
	Actions    int
	Flag       peer.TxValidationCode

	raw []byte // the envelope, where a client has made it
}

// NewTx is a transaction by the holder with these arguments, at seconds. Its parts may be changed.
func NewTx(by *Holder, seconds int64, args ...[]byte) *Tx {
	header := &common.SignatureHeader{Creator: by.Serialized(), Nonce: nonce()}
	id := sha256.Sum256(slices.Concat(header.GetNonce(), header.GetCreator()))
	chaincode := &peer.ChaincodeID{Name: Chaincode, Version: "1"}
	return &Tx{
		Creator: by, Signature: header, Proposed: header, Actions: 1,
		Channel: &common.ChannelHeader{Type: int32(common.HeaderType_ENDORSER_TRANSACTION), ChannelId: Channel,
			TxId: hex.EncodeToString(id[:]), Timestamp: &timestamppb.Timestamp{Seconds: seconds, Nanos: 1}},
		Extension:  &peer.ChaincodeHeaderExtension{ChaincodeId: chaincode},
		Invocation: &peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{ChaincodeId: chaincode, Input: &peer.ChaincodeInput{Args: args}}},
		Action:     &peer.ChaincodeAction{ChaincodeId: chaincode, Response: &peer.Response{Status: 200}},
	}
}

// Submit is a transaction that submits a command.
func Submit(by *Holder, seconds int64, command []byte) *Tx {
	return NewTx(by, seconds, []byte("Submit"), command)
}

// ID is the transaction's id.
func (t *Tx) ID() string { return t.Channel.GetTxId() }

// Envelope puts the parts together.
func (t *Tx) Envelope() []byte {
	if t.raw != nil {
		return t.raw
	}
	payload := t.payload()
	return Marshal(&common.Envelope{Payload: payload, Signature: t.Creator.Sign(payload)})
}

func (t *Tx) payload() []byte {
	t.Channel.Extension = Marshal(t.Extension)
	channel, proposed := Marshal(t.Channel), Marshal(t.Proposed)
	proposal := Marshal(&peer.ChaincodeProposalPayload{Input: Marshal(t.Invocation)})
	hash := t.Hash
	if hash == nil {
		sum := sha256.Sum256(slices.Concat(channel, proposed, proposal))
		hash = sum[:]
	}
	body := Marshal(&peer.ChaincodeActionPayload{ChaincodeProposalPayload: proposal, Action: &peer.ChaincodeEndorsedAction{
		ProposalResponsePayload: Marshal(&peer.ProposalResponsePayload{ProposalHash: hash, Extension: Marshal(t.Action)})}})
	tx := &peer.Transaction{}
	for range t.Actions {
		tx.Actions = append(tx.Actions, &peer.TransactionAction{Header: proposed, Payload: body})
	}
	return Marshal(&common.Payload{Header: &common.Header{ChannelHeader: channel, SignatureHeader: Marshal(t.Signature)}, Data: Marshal(tx)})
}

// SealedRaw is a block that would continue the chain with this for its one, valid transaction.
func (n *Network) SealedRaw(by []*Holder, envelope []byte) *common.Block {
	return n.Sealed(by, &Tx{raw: envelope})
}
