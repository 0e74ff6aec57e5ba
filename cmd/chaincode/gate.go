package main

import (
	"sync"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/huzheng-ledger/huzheng/attest"
)

// gate lets calls into the chaincode until it is shut, and tells when the last has left.
type gate struct {
	shim.Chaincode
	mu     sync.Mutex
	inside int
	shut   bool
	empty  chan struct{} // closed once the gate is shut and nobody is inside
}

func newGate(cc shim.Chaincode) *gate { return &gate{Chaincode: cc, empty: make(chan struct{})} }

// Init implements shim.Chaincode.
func (g *gate) Init(stub shim.ChaincodeStubInterface) *peer.Response {
	return g.pass(stub, g.Chaincode.Init)
}

// Invoke implements shim.Chaincode.
func (g *gate) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	return g.pass(stub, g.Chaincode.Invoke)
}

func (g *gate) pass(stub shim.ChaincodeStubInterface, call func(shim.ChaincodeStubInterface) *peer.Response) *peer.Response {
	if !g.enter() {
		return shim.Error(attest.Errorf(attest.CodeUnavailable, "the chaincode server is stopping").Error())
	}
	defer g.leave()
	return call(stub)
}

func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		g.inside++
	}
	return !g.shut
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.settle()
}

// close shuts the gate. What it returns is closed once the last call has left.
func (g *gate) close() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		g.shut = true
		g.settle()
	}
	return g.empty
}

func (g *gate) settle() {
	if g.shut && g.inside == 0 {
		close(g.empty)
	}
}

func (g *gate) isShut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut
}
