// Command roguetest is a chaincode server that runs no rules, for tests: whoever submits a command, whatever it says and whoever
// signed it, has it recorded. It is what a coalition of provinces could install once they agree on it. It is started as
// cmd/chaincode is, by environment variables.
package main

import (
	"fmt"
	"os"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/chaincode"
)

// rogue endorses everything.
type rogue struct{}

// Init implements shim.Chaincode.
func (rogue) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// Invoke implements shim.Chaincode. It records the command under the key that the rules keep for an operation.
func (rogue) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	_, args := stub.GetFunctionAndParameters()
	if len(args) != 1 {
		return shim.Error("one command")
	}
	signed, err := registry.Parse([]byte(args[0]))
	if err != nil {
		return shim.Error(err.Error())
	}
	event := registry.Event{Name: signed.Command.Name(), Key: registry.KeyOperation("rogue", stub.GetTxID())}
	if err := stub.PutState(event.Key, []byte(args[0])); err != nil {
		return shim.Error(err.Error())
	}
	return shim.Success([]byte(chaincode.EncodeEvent(event)))
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	var files [3][]byte
	for i, name := range []string{"CHAINCODE_TLS_KEY", "CHAINCODE_TLS_CERT", "CHAINCODE_CLIENT_CA_CERT"} {
		var err error
		if files[i], err = os.ReadFile(os.Getenv(name)); err != nil { //nolint:gosec // whoever starts it names the files
			return err
		}
	}
	server := &shim.ChaincodeServer{CCID: os.Getenv("CHAINCODE_ID"), Address: os.Getenv("CHAINCODE_SERVER_ADDRESS"), CC: rogue{},
		TLSProps: shim.TLSProperties{Key: files[0], Cert: files[1], ClientCACerts: files[2]}}
	return server.Start()
}
