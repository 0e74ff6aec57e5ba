package fabrictest

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"
)

// Peer is one organisation's peer. The functions come between it and its client; they are set before anybody calls.
type Peer struct {
	peer.UnimplementedDeliverServer
	gateway.UnimplementedGatewayServer
	Network *Network
	Org     *Org
	Address string
	Roots   []byte // PEM

	OnShow    func(b *common.Block) *common.Block // what it shows of a block; nil: end the stream
	Height    func() uint64                       // how many blocks it has
	Claim     func() uint64                       // how many it says it has; nil: Height
	OnAnswer  func(answer string) string          // what it makes of the chaincode's answer
	OnEndorse func(next func() (*gateway.EndorseResponse, error)) (*gateway.EndorseResponse, error)
	OnSubmit  func(next func() error) error
	OnStatus  func(next func() (*gateway.CommitStatusResponse, error)) (*gateway.CommitStatusResponse, error)

	Streams atomic.Int64 // of full blocks, opened
	server  *grpc.Server
}

// NewPeer starts a peer of the organisation on the loopback.
func (n *Network) NewPeer(org *Org) *Peer {
	n.T.Helper()
	var listen net.ListenConfig
	listener, err := listen.Listen(n.T.Context(), "tcp", "127.0.0.1:0")
	require.NoError(n.T, err)
	p := &Peer{
		Network: n, Org: org, Address: listener.Addr().String(), Roots: org.Root.PEM,
		OnShow:    func(b *common.Block) *common.Block { return b },
		Height:    n.Height,
		OnAnswer:  func(answer string) string { return answer },
		OnEndorse: func(next func() (*gateway.EndorseResponse, error)) (*gateway.EndorseResponse, error) { return next() },
		OnSubmit:  func(next func() error) error { return next() },
		OnStatus: func(next func() (*gateway.CommitStatusResponse, error)) (*gateway.CommitStatusResponse, error) {
			return next()
		},
	}
	p.server = grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{org.Node.TLS()}, MinVersion: tls.VersionTLS12})))
	peer.RegisterDeliverServer(p.server, p)
	gateway.RegisterGatewayServer(p.server, p)
	go func() { _ = p.server.Serve(listener) }() // ends with Stop
	n.T.Cleanup(p.Stop)
	return p
}

// Stop ends it, with all its connections.
func (p *Peer) Stop() { p.server.Stop() }

// Deliver implements peer.DeliverServer.
func (p *Peer) Deliver(stream grpc.BidiStreamingServer[common.Envelope, peer.DeliverResponse]) error {
	p.Streams.Add(1)
	return p.serve(stream, func(b *common.Block, info *orderer.SeekInfo) *peer.DeliverResponse {
		if info.GetContentType() == orderer.SeekInfo_HEADER_WITH_SIG && !isConfig(b) {
			b = &common.Block{Header: b.GetHeader(), Metadata: b.GetMetadata()}
		}
		return &peer.DeliverResponse{Type: &peer.DeliverResponse_Block{Block: b}}
	})
}

func isConfig(b *common.Block) bool {
	header, err := opened(b.GetData().GetData()[0])
	return err == nil && header.GetType() == int32(common.HeaderType_CONFIG)
}

// DeliverFiltered implements peer.DeliverServer.
func (p *Peer) DeliverFiltered(stream grpc.BidiStreamingServer[common.Envelope, peer.DeliverResponse]) error {
	return p.serve(stream, func(b *common.Block, _ *orderer.SeekInfo) *peer.DeliverResponse {
		f := &peer.FilteredBlock{ChannelId: Channel, Number: b.GetHeader().GetNumber()}
		flags := b.GetMetadata().GetMetadata()[common.BlockMetadataIndex_TRANSACTIONS_FILTER]
		for i, raw := range b.GetData().GetData() {
			header, err := opened(raw)
			if err == nil && i < len(flags) {
				f.FilteredTransactions = append(f.FilteredTransactions,
					&peer.FilteredTransaction{Txid: header.GetTxId(), TxValidationCode: peer.TxValidationCode(flags[i])})
			}
		}
		return &peer.DeliverResponse{Type: &peer.DeliverResponse_FilteredBlock{FilteredBlock: f}}
	})
}

func (p *Peer) serve(stream grpc.BidiStreamingServer[common.Envelope, peer.DeliverResponse],
	answer func(*common.Block, *orderer.SeekInfo) *peer.DeliverResponse,
) error {
	envelope, err := stream.Recv()
	if err != nil {
		return err
	}
	var payload common.Payload
	var info orderer.SeekInfo
	if proto.Unmarshal(envelope.GetPayload(), &payload) != nil || proto.Unmarshal(payload.GetData(), &info) != nil {
		return end(stream, common.Status_BAD_REQUEST)
	}
	number, last := info.GetStart().GetSpecified().GetNumber(), info.GetStop().GetSpecified().GetNumber()
	if info.GetStart().GetNewest() != nil {
		return p.newest(stream, func(b *common.Block) *peer.DeliverResponse { return answer(b, &info) })
	}
	for ; number <= last; number++ {
		if err := p.until(stream.Context(), number, info.GetBehavior()); err != nil {
			return end(stream, common.Status_NOT_FOUND)
		}
		b := p.OnShow(p.Network.Block(int(number))) //nolint:gosec // a handful
		if b == nil {
			return end(stream, common.Status_SERVICE_UNAVAILABLE)
		}
		if err := stream.Send(answer(b, &info)); err != nil {
			return err
		}
	}
	return end(stream, common.Status_SUCCESS)
}

// newest answers with the last block, under the number that the peer claims for it.
func (p *Peer) newest(stream grpc.BidiStreamingServer[common.Envelope, peer.DeliverResponse],
	answer func(*common.Block) *peer.DeliverResponse,
) error {
	b := Clone(p.Network.Block(int(p.Height() - 1))) //nolint:gosec // a handful
	if p.Claim != nil {
		b.Header.Number = p.Claim() - 1
	}
	if err := stream.Send(answer(b)); err != nil {
		return err
	}
	return end(stream, common.Status_SUCCESS)
}

// until waits for a block, or fails where it is not to be waited for.
func (p *Peer) until(ctx context.Context, number uint64, behavior orderer.SeekInfo_SeekBehavior) error {
	for {
		changed := p.Network.wait()
		if number < p.Height() {
			return nil
		}
		if behavior == orderer.SeekInfo_FAIL_IF_NOT_READY {
			return context.DeadlineExceeded
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func end(stream grpc.BidiStreamingServer[common.Envelope, peer.DeliverResponse], status common.Status) error {
	return stream.Send(&peer.DeliverResponse{Type: &peer.DeliverResponse_Status{Status: status}})
}

func opened(raw []byte) (*common.ChannelHeader, error) {
	var e common.Envelope
	if err := proto.Unmarshal(raw, &e); err != nil {
		return nil, err
	}
	var payload common.Payload
	if err := proto.Unmarshal(e.GetPayload(), &payload); err != nil {
		return nil, err
	}
	var header common.ChannelHeader
	return &header, proto.Unmarshal(payload.GetHeader().GetChannelHeader(), &header)
}
