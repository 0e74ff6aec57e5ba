package chaincode

import (
	"errors"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
	"github.com/hyperledger/fabric-contract-api-go/v2/metadata"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// DefaultName is the name under which the regions commit the chaincode to their channel, unless they agree on another.
const DefaultName = "huzheng"

// Version is the version of the contract: the version of the commands that its rules understand.
const Version = "1"

// Contract is the one contract of the chaincode. Make it with New.
type Contract struct {
	contractapi.Contract
	committed string // name of the chaincode on the channel
}

// New makes the chaincode. committed is the name under which it is committed to the channel.
func New(committed string) (*contractapi.ContractChaincode, error) {
	c := &Contract{committed: committed}
	c.Name = "registry"
	c.Info = metadata.InfoMetadata{
		Title:       "互证账本规则 · Rules of the mutual certification ledger",
		Description: "Submit applies one signed command; Get and State read one peer's state, for audits.",
		Version:     Version,
	}
	c.UnknownTransaction = unknown
	cc, err := contractapi.NewChaincode(c)
	if err != nil {
		return nil, err
	}
	cc.DefaultContract = c.Name
	cc.Info = metadata.InfoMetadata{Title: "互证 Huzheng", Description: c.Info.Description, Version: Version}
	return cc, nil
}

// GetEvaluateTransactions names the queries, for clients that read the metadata.
func (c *Contract) GetEvaluateTransactions() []string { return []string{"Get", "State"} }

func unknown() error {
	return attest.Errorf(attest.CodeCommandUnknown, "the chaincode has no such transaction")
}

// Submit runs one command, a compact JWS as it was signed, through the rules. The transaction's writes are the rules' writes,
// its event has the event's name and, as payload, the key of the record that holds it. The answer is the event as JSON (see
// EncodeEvent). A command that was applied before succeeds, writes nothing and sets no event.
//
// Refusals are "CODE: detail". INTERNAL says that the peer's state could not be read or written.
func (c *Contract) Submit(ctx contractapi.TransactionContextInterface, command string) (string, error) {
	stub := ctx.GetStub()
	if err := c.direct(stub); err != nil {
		return "", coded(err)
	}
	tx, err := transaction(stub)
	if err != nil {
		return "", coded(err)
	}
	event, err := registry.Apply(state{stub}, tx, []byte(command))
	if err != nil {
		return "", coded(err)
	}
	if !event.Repeat {
		if err := stub.SetEvent(event.Name, []byte(event.Key)); err != nil {
			return "", coded(err)
		}
	}
	return EncodeEvent(event), nil
}

// coded gives every error a code, so that what crosses the peer can be told apart on the other side.
func coded(err error) error {
	var e *attest.Error
	if errors.As(err, &e) {
		return e
	}
	return attest.Errorf(attest.CodeInternal, "%v", err)
}

// state is the stub as the rules see it. A stub does not show a transaction its own writes; the rules never look for them.
type state struct{ stub shim.ChaincodeStubInterface }

// Get implements registry.State. A key that is absent reads as nil; the rules write no empty value.
func (s state) Get(key string) ([]byte, error) { return s.stub.GetState(key) }

// Put implements registry.State.
func (s state) Put(key string, value []byte) error { return s.stub.PutState(key, value) }
