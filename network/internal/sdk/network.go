package sdk

import (
	"fmt"
	"os"

	"github.com/hyperledger/fabric-sdk-go/pkg/client/resmgmt"
	"github.com/hyperledger/fabric-sdk-go/pkg/common/providers/context"
	mspapi "github.com/hyperledger/fabric-sdk-go/pkg/common/providers/msp"
	"github.com/hyperledger/fabric-sdk-go/pkg/fabsdk"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// Network is the whole network, described to the SDK. It is safe for concurrent use.
type Network struct {
	topology topology.Topology
	files    layout.Network
	store    string
	sdk      *fabsdk.FabricSDK
}

// Open describes the network to the SDK. It connects to nobody yet.
func Open(t topology.Topology, files layout.Network) (*Network, error) {
	store, err := os.MkdirTemp(files.Dir, ".client-*")
	if err != nil {
		return nil, err
	}
	sdk, err := fabsdk.New(configuration(t, files, store))
	if err != nil {
		_ = os.RemoveAll(store)
		return nil, fmt.Errorf("describe the network: %w", err)
	}
	return &Network{topology: t, files: files, store: store, sdk: sdk}, nil
}

// Close ends every connection.
func (n *Network) Close() {
	n.sdk.Close()
	_ = os.RemoveAll(n.store)
}

// Admin acts as the administrator of one region. It is safe for concurrent use.
type Admin struct {
	network   *Network
	region    topology.Region
	identity  mspapi.SigningIdentity
	context   context.ClientProvider
	channel   context.ChannelProvider
	resources *resmgmt.Client
}

// Admin takes up the administrator's identity of a region.
func (n *Network) Admin(code string) (*Admin, error) {
	region, ok := n.topology.Region(code)
	if !ok {
		return nil, fmt.Errorf("no region %s in the topology", code)
	}
	identity, err := n.identity(code, "admin")
	if err != nil {
		return nil, fmt.Errorf("administrator of %s: %w", code, err)
	}
	a := &Admin{network: n, region: region, identity: identity}
	a.context = n.sdk.Context(fabsdk.WithOrg(code), fabsdk.WithIdentity(identity))
	a.channel = n.sdk.ChannelContext(n.topology.Channel, fabsdk.WithOrg(code), fabsdk.WithIdentity(identity))
	a.resources, err = resmgmt.New(a.context)
	if err != nil {
		return nil, fmt.Errorf("administrator of %s: %w", code, err)
	}
	return a, nil
}

// identity loads one of a region's identities from its folder.
func (n *Network) identity(code, name string) (mspapi.SigningIdentity, error) {
	id := n.files.Region(code).Identity(name)
	pair, err := pki.ReadPair(id.Cert(), id.Key())
	if err != nil {
		return nil, err
	}
	ctx, err := n.sdk.Context(fabsdk.WithOrg(code))()
	if err != nil {
		return nil, err
	}
	manager, ok := ctx.IdentityManager(code)
	if !ok {
		return nil, fmt.Errorf("no region %s in the description of the network", code)
	}
	return manager.CreateSigningIdentity(mspapi.WithCert(pair.Cert), mspapi.WithPrivateKey(pair.Key))
}

// peers names the peers of the regions given.
func peers(codes []string) []string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = PeerName(code)
	}
	return names
}
