package sdk

import (
	"context"
	"crypto/sha256"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"

	"github.com/golang/protobuf/proto" //nolint:staticcheck // the SDK's own protobuf family
	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/ledger"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/resmgmt"
	"github.com/hyperledger/fabric-sdk-go/pkg/fab/discovery"
	"github.com/hyperledger/fabric-sdk-go/pkg/fab/resource"
)

// Join makes the region's own peer a member of the channel, from its first block, which a region's orderer gives.
func (a *Admin) Join(ctx context.Context, ordererOf string) error {
	err := a.resources.JoinChannel(a.network.topology.Channel, resmgmt.WithTargetEndpoints(PeerName(a.region.Code)),
		resmgmt.WithOrdererEndpoint(ordererName(ordererOf)), resmgmt.WithParentContext(ctx))
	if err != nil {
		return fmt.Errorf("join %s: %w", PeerName(a.region.Code), err)
	}
	return nil
}

// Joined reports whether the region's own peer is a member of the channel.
func (a *Admin) Joined(ctx context.Context) (bool, error) {
	got, err := a.resources.QueryChannels(resmgmt.WithTargetEndpoints(PeerName(a.region.Code)), resmgmt.WithParentContext(ctx))
	if err != nil {
		return false, fmt.Errorf("channels of %s: %w", PeerName(a.region.Code), err)
	}
	for _, c := range got.Channels {
		if c.ChannelId == a.network.topology.Channel {
			return true, nil
		}
	}
	return false, nil
}

// Head is the end of a peer's chain.
type Head struct {
	Height uint64 // number of blocks
	Hash   []byte // of the last block's header
}

// Head asks the peer of the region named for the end of its chain.
func (a *Admin) Head(ctx context.Context, region string) (Head, error) {
	client, err := ledger.New(a.channel)
	if err != nil {
		return Head{}, err
	}
	got, err := client.QueryInfo(ledger.WithTargetEndpoints(PeerName(region)), ledger.WithParentContext(ctx))
	if err != nil {
		return Head{}, fmt.Errorf("height at %s: %w", region, err)
	}
	return Head{Height: got.BCI.Height, Hash: got.BCI.CurrentBlockHash}, nil
}

// BlockHash asks the peer of the region named for a block and computes the hash of its header.
func (a *Admin) BlockHash(ctx context.Context, region string, number uint64) ([]byte, error) {
	block, err := a.block(ctx, region, number)
	if err != nil {
		return nil, err
	}
	return headerHash(block.Header)
}

// Block asks the peer of the region named for a block, serialised.
func (a *Admin) Block(ctx context.Context, region string, number uint64) ([]byte, error) {
	block, err := a.block(ctx, region, number)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(block)
}

func (a *Admin) block(ctx context.Context, region string, number uint64) (*common.Block, error) {
	client, err := ledger.New(a.channel)
	if err != nil {
		return nil, err
	}
	block, err := client.QueryBlock(number, ledger.WithTargetEndpoints(PeerName(region)), ledger.WithParentContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("block %d at %s: %w", number, region, err)
	}
	return block, nil
}

// headerHash is SHA-256 over the DER of a header's number, previous hash and data hash (Fabric, protoutil.BlockHeaderHash).
func headerHash(h *common.BlockHeader) ([]byte, error) {
	der, err := asn1.Marshal(struct {
		Number             *big.Int
		PreviousHash, Data []byte
	}{new(big.Int).SetUint64(h.Number), h.PreviousHash, h.DataHash})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	return sum[:], nil
}

// ConfigBlock asks the peer of the region named for the channel's last configuration block, serialised.
func (a *Admin) ConfigBlock(ctx context.Context, region string) ([]byte, error) {
	block, err := a.configBlock(ctx, region)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(block)
}

func (a *Admin) configBlock(ctx context.Context, region string) (*common.Block, error) {
	client, err := ledger.New(a.channel)
	if err != nil {
		return nil, err
	}
	block, err := client.QueryConfigBlock(ledger.WithTargetEndpoints(PeerName(region)), ledger.WithParentContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("configuration at %s: %w", region, err)
	}
	return block, nil
}

// Config is the channel's configuration at one peer.
type Config struct {
	Sequence uint64 // how often it has been changed
	Digest   []byte // SHA-256 of the configuration
	Regions  []string
}

// Config asks the peer of the region named for the channel's configuration.
func (a *Admin) Config(ctx context.Context, region string) (Config, error) {
	block, err := a.configBlock(ctx, region)
	if err != nil {
		return Config{}, err
	}
	config, err := resource.ExtractConfigFromBlock(block)
	if err != nil {
		return Config{}, err
	}
	digest, err := configDigest(config)
	if err != nil {
		return Config{}, err
	}
	return Config{Sequence: config.Sequence, Digest: digest, Regions: sortedKeys(config.ChannelGroup.Groups["Application"].GetGroups())}, nil
}

// Peers asks the region's own peer which regions, by MSP ID, have a peer that it has met and that runs the chaincode. A gateway
// at this peer finds endorsers among these, and only these.
func (a *Admin) Peers(ctx context.Context) ([]string, error) {
	provider, err := a.context()
	if err != nil {
		return nil, err
	}
	client, err := discovery.New(provider)
	if err != nil {
		return nil, err
	}
	target, ok := provider.EndpointConfig().PeerConfig(PeerName(a.region.Code))
	if !ok {
		return nil, fmt.Errorf("no peer of %s in the description of the network", a.region.Code)
	}
	call := discovery.CcCalls(a.network.topology.Chaincode.Name)
	request := discovery.NewRequest().OfChannel(a.network.topology.Channel).AddPeersQuery(call...)
	responses, err := client.Send(ctx, request, *target)
	if err != nil {
		return nil, err
	}
	seen := map[string]struct{}{}
	for response := range responses {
		if err := response.Error(); err != nil {
			return nil, fmt.Errorf("discovery at %s: %w", a.region.Code, err)
		}
		found, err := response.ForChannel(a.network.topology.Channel).Peers(call...)
		if err != nil {
			return nil, fmt.Errorf("discovery at %s: %s", a.region.Code, strings.TrimSpace(err.Error()))
		}
		for _, p := range found {
			seen[p.MSPID] = struct{}{}
		}
	}
	return sortedKeys(seen), nil
}
