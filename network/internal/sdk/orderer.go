package sdk

import (
	"context"
	"errors"
	"fmt"

	"github.com/golang/protobuf/proto" //nolint:staticcheck // the SDK's own protobuf family
	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/hyperledger/fabric-protos-go/orderer"
	"github.com/hyperledger/fabric-sdk-go/pkg/common/providers/fab"
	sdkcontext "github.com/hyperledger/fabric-sdk-go/pkg/context"
	"github.com/hyperledger/fabric-sdk-go/pkg/fab/txn"
)

// OrdererHeight asks the orderer of the region named for its newest block and returns the number of blocks that it claims to have.
func (a *Admin) OrdererHeight(ctx context.Context, region string) (uint64, error) {
	client, err := a.context()
	if err != nil {
		return 0, err
	}
	config, ok, _ := client.EndpointConfig().OrdererConfig(ordererName(region))
	if !ok {
		return 0, fmt.Errorf("no orderer of %s in the description of the network", region)
	}
	target, err := client.InfraProvider().CreateOrdererFromConfig(config)
	if err != nil {
		return 0, err
	}
	request, cancel := sdkcontext.NewRequest(client, sdkcontext.WithTimeoutType(fab.OrdererResponse), sdkcontext.WithParent(ctx))
	defer cancel()
	header, err := txn.NewHeader(client, a.network.topology.Channel)
	if err != nil {
		return 0, err
	}
	payload, err := newest(header)
	if err != nil {
		return 0, err
	}
	block, err := txn.SendPayload(request, payload, []fab.Orderer{target})
	if err != nil {
		return 0, fmt.Errorf("newest block of the orderer of %s: %w", region, err)
	}
	return block.GetHeader().GetNumber() + 1, nil
}

// newest asks for the newest block.
func newest(header *txn.TransactionHeader) (*common.Payload, error) {
	of, err1 := txn.CreateChannelHeader(common.HeaderType_DELIVER_SEEK_INFO, txn.ChannelHeaderOpts{TxnHeader: header})
	by, err2 := txn.CreateSignatureHeader(header)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	position := &orderer.SeekPosition{Type: &orderer.SeekPosition_Newest{Newest: &orderer.SeekNewest{}}}
	ofBytes, err1 := proto.Marshal(of)
	byBytes, err2 := proto.Marshal(by)
	seek, err3 := proto.Marshal(&orderer.SeekInfo{Start: position, Stop: position, Behavior: orderer.SeekInfo_BLOCK_UNTIL_READY})
	return &common.Payload{Header: &common.Header{ChannelHeader: ofBytes, SignatureHeader: byBytes}, Data: seek}, errors.Join(err1, err2, err3)
}
