package chaincode

import (
	"fmt"
	"slices"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// submit is the only spelling of the transaction that is taken up.
const submit = "Submit"

// transaction is what this peer knows of the transaction before it is ordered. Followers read the same from the block: its
// id, the seconds of its timestamp, the MSP ID of its creator.
func transaction(stub shim.ChaincodeStubInterface) (registry.Tx, error) {
	creator, err := stub.GetCreator()
	if err != nil {
		return registry.Tx{}, fmt.Errorf("creator: %w", err)
	}
	var identity msp.SerializedIdentity
	if err := proto.Unmarshal(creator, &identity); err != nil {
		return registry.Tx{}, fmt.Errorf("creator: %w", err)
	}
	timestamp, err := stub.GetTxTimestamp()
	if err != nil {
		return registry.Tx{}, fmt.Errorf("timestamp: %w", err)
	}
	return registry.Tx{ID: stub.GetTxID(), Time: timestamp.GetSeconds(), Submitter: identity.GetMspid()}, nil
}

// direct refuses what a follower of the blocks would not find: another spelling of the transaction's name, which the contract
// API would accept ("submit", "registry:Submit"), arguments that it would pass over, and a call by another chaincode, which names that one and has its arguments.
func (c *Contract) direct(stub shim.ChaincodeStubInterface) error {
	if name, params := stub.GetFunctionAndParameters(); name != submit || len(params) != 1 {
		return attest.Errorf(attest.CodeCommandUnknown, "a command is the one argument of %s", submit)
	}
	spec, err := proposed(stub)
	if err != nil {
		return err
	}
	if spec.GetChaincodeId().GetName() != c.committed || !slices.EqualFunc(spec.GetInput().GetArgs(), stub.GetArgs(), same) {
		return attest.Errorf(attest.CodeNotPermitted, "a command is submitted to the chaincode %q itself", c.committed)
	}
	return nil
}

func same(a, b []byte) bool { return string(a) == string(b) }

// proposed is the call that the transaction's creator signed.
func proposed(stub shim.ChaincodeStubInterface) (*peer.ChaincodeSpec, error) {
	signed, err := stub.GetSignedProposal()
	if err != nil {
		return nil, fmt.Errorf("signed proposal: %w", err)
	}
	var (
		proposal   peer.Proposal
		payload    peer.ChaincodeProposalPayload
		invocation peer.ChaincodeInvocationSpec
	)
	for _, part := range []struct {
		from func() []byte
		to   proto.Message
	}{
		{signed.GetProposalBytes, &proposal},
		{proposal.GetPayload, &payload},
		{payload.GetInput, &invocation},
	} {
		if err := proto.Unmarshal(part.from(), part.to); err != nil {
			return nil, fmt.Errorf("signed proposal: %w", err)
		}
	}
	return invocation.GetChaincodeSpec(), nil
}
