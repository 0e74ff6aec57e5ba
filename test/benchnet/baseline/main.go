// Command baseline is what a plain Fabric application would write for certificates: a contract that keeps the hash of each under
// its id, one a transaction. It is what the benchmark measures ours against.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
)

// Certificates keeps hashes of certificates.
type Certificates struct{ contractapi.Contract }

// Put records a certificate's hash.
func (*Certificates) Put(ctx contractapi.TransactionContextInterface, id, hash string) error {
	return ctx.GetStub().PutState(id, []byte(hash))
}

// Get reads it.
func (*Certificates) Get(ctx contractapi.TransactionContextInterface, id string) (string, error) {
	hash, err := ctx.GetStub().GetState(id)
	if err == nil && hash == nil {
		err = errors.New("no such certificate")
	}
	return string(hash), err
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	contract, err := contractapi.NewChaincode(&Certificates{})
	if err != nil {
		return err
	}
	server := &shim.ChaincodeServer{CCID: os.Getenv("CHAINCODE_ID"), Address: os.Getenv("CHAINCODE_SERVER_ADDRESS"), CC: contract}
	for name, into := range map[string]*[]byte{
		"CHAINCODE_TLS_CERT": &server.TLSProps.Cert, "CHAINCODE_TLS_KEY": &server.TLSProps.Key,
		"CHAINCODE_CLIENT_CA_CERT": &server.TLSProps.ClientCACerts,
	} {
		if *into, err = os.ReadFile(os.Getenv(name)); err != nil { //nolint:gosec // whoever starts it names the files
			return err
		}
	}
	return server.Start()
}
