package block

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// submit is the name of the chaincode's transaction that takes a command, its only argument. The chaincode takes up no other
// spelling.
const submit = "Submit"

// Transaction is one entry of a block.
type Transaction struct {
	registry.Transaction
	Code peer.TxValidationCode // what the peer says
}

// Scope is whose transactions are wanted.
type Scope struct{ Channel, Chaincode string }

// transaction reads one envelope of a block. Only one that the peer calls valid is read to the end; of any other, its id as it
// claims it.
func (s Scope) transaction(e *common.Envelope, code peer.TxValidationCode) (Transaction, error) {
	t := Transaction{Code: code}
	var payload common.Payload
	err := proto.Unmarshal(e.GetPayload(), &payload)
	var channel common.ChannelHeader
	if err == nil {
		err = proto.Unmarshal(payload.GetHeader().GetChannelHeader(), &channel)
	}
	if code != peer.TxValidationCode_VALID {
		t.ID = channel.GetTxId()
		return t, nil
	}
	if err != nil {
		return t, malformed("%v", err)
	}
	if channel.GetChannelId() != s.Channel || common.HeaderType(channel.GetType()) != common.HeaderType_ENDORSER_TRANSACTION {
		return t, malformed("it is of another channel or kind")
	}
	if err := checkID(&channel, payload.GetHeader()); err != nil {
		return t, err
	}
	t.ID = channel.GetTxId()
	a, err := readAction(&payload)
	if err != nil {
		return t, err
	}
	return s.command(t, &channel, a)
}

// checkID checks that the id follows from the nonce and the creator, which makes it unique.
func checkID(channel *common.ChannelHeader, header *common.Header) error {
	var signature common.SignatureHeader
	if err := proto.Unmarshal(header.GetSignatureHeader(), &signature); err != nil {
		return malformed("%v", err)
	}
	if channel.GetTxId() != TxID(signature.GetNonce(), signature.GetCreator()) {
		return malformed("its id does not follow from its nonce and creator")
	}
	return nil
}

// TxID is the id of the transaction of a creator with that nonce: hexadecimal SHA-256 of both.
func TxID(nonce, creator []byte) string {
	hash := sha256.New()
	hash.Write(nonce)
	hash.Write(creator)
	return hex.EncodeToString(hash.Sum(nil))
}

// action is the one action of a transaction: what was proposed, and what the endorsers signed that it does.
type action struct {
	creator  msp.SerializedIdentity // who proposed, as the endorsers saw it
	proposal peer.ChaincodeProposalPayload
	result   peer.ChaincodeAction
}

// readAction reads the action and checks that what the endorsers signed is about this proposal.
func readAction(payload *common.Payload) (*action, error) {
	var tx peer.Transaction
	if err := proto.Unmarshal(payload.GetData(), &tx); err != nil {
		return nil, malformed("%v", err)
	}
	if len(tx.GetActions()) != 1 {
		return nil, malformed("it has %d actions", len(tx.GetActions()))
	}
	one := tx.GetActions()[0]
	var (
		a         action
		signature common.SignatureHeader
		body      peer.ChaincodeActionPayload
		response  peer.ProposalResponsePayload
	)
	for _, part := range []struct {
		from func() []byte
		to   proto.Message
	}{
		{one.GetHeader, &signature}, {signature.GetCreator, &a.creator},
		{one.GetPayload, &body}, {body.GetChaincodeProposalPayload, &a.proposal},
		{func() []byte { return body.GetAction().GetProposalResponsePayload() }, &response}, {response.GetExtension, &a.result},
	} {
		if err := proto.Unmarshal(part.from(), part.to); err != nil {
			return nil, malformed("%v", err)
		}
	}
	hash := sha256.New()
	hash.Write(payload.GetHeader().GetChannelHeader())
	hash.Write(one.GetHeader())
	hash.Write(body.GetChaincodeProposalPayload())
	if !bytes.Equal(hash.Sum(nil), response.GetProposalHash()) {
		return nil, malformed("the endorsers answered another proposal")
	}
	return &a, nil
}

// command fills in the command, if the transaction brings one to our chaincode.
func (s Scope) command(t Transaction, channel *common.ChannelHeader, a *action) (Transaction, error) {
	var extension peer.ChaincodeHeaderExtension
	if err := proto.Unmarshal(channel.GetExtension(), &extension); err != nil {
		return t, malformed("%v", err)
	}
	name := extension.GetChaincodeId().GetName()
	if name != a.result.GetChaincodeId().GetName() {
		return t, malformed("it was proposed to one chaincode and endorsed for another")
	}
	if name != s.Chaincode {
		return t, nil
	}
	var invocation peer.ChaincodeInvocationSpec
	if err := proto.Unmarshal(a.proposal.GetInput(), &invocation); err != nil {
		return t, malformed("%v", err)
	}
	args := invocation.GetChaincodeSpec().GetInput().GetArgs()
	if len(args) != 2 || string(args[0]) != submit {
		return t, nil // a query that somebody had ordered
	}
	t.Valid, t.Command = true, args[1]
	t.Time, t.Submitter = channel.GetTimestamp().GetSeconds(), a.creator.GetMspid()
	return t, nil
}

// Command is the command that an envelope brings to a chaincode, whatever became of it; nil where it brings none.
func Command(envelope []byte) []byte {
	var (
		e       common.Envelope
		payload common.Payload
	)
	if proto.Unmarshal(envelope, &e) != nil || proto.Unmarshal(e.GetPayload(), &payload) != nil {
		return nil
	}
	a, err := readAction(&payload)
	if err != nil {
		return nil
	}
	var invocation peer.ChaincodeInvocationSpec
	if proto.Unmarshal(a.proposal.GetInput(), &invocation) != nil {
		return nil
	}
	args := invocation.GetChaincodeSpec().GetInput().GetArgs()
	if len(args) != 2 || string(args[0]) != submit {
		return nil
	}
	return args[1]
}

// Prepared checks that an envelope, which is not signed yet, is the transaction of that id and brings that command to our
// chaincode, and nothing else.
func (s Scope) Prepared(e *common.Envelope, id string, command []byte) error {
	t, err := s.transaction(e, peer.TxValidationCode_VALID)
	switch {
	case err != nil:
		return err
	case t.ID != id || !t.Valid || !bytes.Equal(t.Command, command):
		return malformed("it is another transaction than was proposed")
	}
	return nil
}
