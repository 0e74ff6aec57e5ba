// Command testcc is a chaincode server that puts and gets.
package main

import (
	"fmt"
	"os"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
)

// release is another one after: go build -ldflags '-X main.release=2'
var release = "1"

// Store keeps values under keys.
type Store struct{ contractapi.Contract }

// Put keeps a value under a key.
func (s *Store) Put(ctx contractapi.TransactionContextInterface, key, value string) error {
	return ctx.GetStub().PutState(key, []byte(value))
}

// Get returns the value under a key.
func (s *Store) Get(ctx contractapi.TransactionContextInterface, key string) (string, error) {
	value, err := ctx.GetStub().GetState(key)
	if err == nil && value == nil {
		err = fmt.Errorf("nothing under %q", key)
	}
	return string(value), err
}

// Release tells which release of the program answers.
func (s *Store) Release(contractapi.TransactionContextInterface) string { return release }

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	chaincode, err := contractapi.NewChaincode(&Store{})
	if err != nil {
		return err
	}
	var tls [3][]byte
	for i, name := range []string{"CHAINCODE_TLS_KEY", "CHAINCODE_TLS_CERT", "CHAINCODE_CLIENT_CA_CERT"} {
		if tls[i], err = os.ReadFile(os.Getenv(name)); err != nil { //nolint:gosec // whoever starts the server names its files
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	server := &shim.ChaincodeServer{
		CCID: os.Getenv("CHAINCODE_ID"), Address: os.Getenv("CHAINCODE_SERVER_ADDRESS"), CC: chaincode,
		TLSProps: shim.TLSProperties{Key: tls[0], Cert: tls[1], ClientCACerts: tls[2]},
	}
	return server.Start()
}
