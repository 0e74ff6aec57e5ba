package main

import (
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
)

// slow is a chaincode whose calls end when they are let go.
type slow struct{ entered, leave chan struct{} }

func (s slow) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

func (s slow) Invoke(shim.ChaincodeStubInterface) *peer.Response {
	s.entered <- struct{}{}
	<-s.leave
	return shim.Success(nil)
}

func TestGateWaitsForTheCallsInsideAndLetsNoMoreIn(t *testing.T) {
	cc := slow{make(chan struct{}), make(chan struct{})}
	g := newGate(cc)
	answers := make(chan *peer.Response, 2)
	for range 2 {
		go func() { answers <- g.Invoke(nil) }()
		<-cc.entered
	}
	empty := g.close()
	require.Equal(t, "UNAVAILABLE: the chaincode server is stopping", g.Invoke(nil).GetMessage())
	require.Equal(t, "UNAVAILABLE: the chaincode server is stopping", g.Init(nil).GetMessage())
	cc.leave <- struct{}{}
	require.EqualValues(t, shim.OK, (<-answers).GetStatus())
	select {
	case <-empty:
		require.Fail(t, "empty while a call is inside")
	default:
	}
	cc.leave <- struct{}{}
	<-empty
	require.EqualValues(t, shim.OK, (<-answers).GetStatus())
	<-g.close()
}
