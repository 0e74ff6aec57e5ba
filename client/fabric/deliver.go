package fabric

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// source is a peer as a source of blocks.
type source struct {
	address string
	deliver peer.DeliverClient
	channel string
	signer  *signer
}

// StatusError is a peer that ends a stream of blocks with a status of its own: NOT_FOUND where it does not have what was asked
// for, FORBIDDEN where it does not know the identity.
type StatusError struct {
	Peer   string
	Status int32 // common.Status of Fabric's protocol
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("peer %s ends the stream with %s", e.Peer, common.Status(e.Status))
}

// seek is a signed request for blocks.
func (s *source) seek(info *orderer.SeekInfo) (*common.Envelope, error) {
	nonce := make([]byte, 24)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	data, err1 := proto.Marshal(info)
	channel, err2 := proto.Marshal(&common.ChannelHeader{
		Type: int32(common.HeaderType_DELIVER_SEEK_INFO), ChannelId: s.channel, Timestamp: timestamppb.Now(),
	})
	signature, err3 := proto.Marshal(&common.SignatureHeader{Creator: s.signer.creator, Nonce: nonce})
	payload, err4 := proto.Marshal(&common.Payload{
		Header: &common.Header{ChannelHeader: channel, SignatureHeader: signature}, Data: data,
	})
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			return nil, err
		}
	}
	signed, err := s.signer.message(payload)
	return &common.Envelope{Payload: payload, Signature: signed}, err
}

func at(number uint64) *orderer.SeekPosition {
	return &orderer.SeekPosition{Type: &orderer.SeekPosition_Specified{Specified: &orderer.SeekSpecified{Number: number}}}
}

// follow visits blocks from number from on for as long as ctx lasts and the peer serves. It never returns nil.
func (s *source) follow(ctx context.Context, from uint64, visit func(*common.Block) error) error {
	info := &orderer.SeekInfo{Start: at(from), Stop: at(math.MaxUint64), Behavior: orderer.SeekInfo_BLOCK_UNTIL_READY}
	return s.stream(ctx, s.deliver.Deliver, info, func(r *peer.DeliverResponse) error { return visit(r.GetBlock()) })
}

// block fetches one block that the peer has; header: without its transactions, unless it is a configuration.
func (s *source) block(ctx context.Context, number uint64, header bool) (*common.Block, error) {
	info := &orderer.SeekInfo{Start: at(number), Stop: at(number), Behavior: orderer.SeekInfo_FAIL_IF_NOT_READY}
	if header {
		info.ContentType = orderer.SeekInfo_HEADER_WITH_SIG
	}
	r, err := s.one(ctx, s.deliver.Deliver, info)
	if err != nil {
		return nil, fmt.Errorf("block %d: %w", number, err)
	}
	if got := r.GetBlock().GetHeader().GetNumber(); r.GetBlock() == nil || got != number {
		return nil, fmt.Errorf("block %d: peer %s answers with block %d", number, s.address, got)
	}
	return r.GetBlock(), nil
}

// filtered fetches the ids and flags of a block.
func (s *source) filtered(ctx context.Context, number uint64) (*peer.FilteredBlock, error) {
	info := &orderer.SeekInfo{Start: at(number), Stop: at(number), Behavior: orderer.SeekInfo_FAIL_IF_NOT_READY}
	r, err := s.one(ctx, s.deliver.DeliverFiltered, info)
	return r.GetFilteredBlock(), err
}

// height is how many blocks the peer has.
func (s *source) height(ctx context.Context) (uint64, error) {
	newest := &orderer.SeekPosition{Type: &orderer.SeekPosition_Newest{Newest: &orderer.SeekNewest{}}}
	r, err := s.one(ctx, s.deliver.DeliverFiltered, &orderer.SeekInfo{Start: newest, Stop: newest})
	if err != nil {
		return 0, err
	}
	return r.GetFilteredBlock().GetNumber() + 1, nil
}

type deliverer func(ctx context.Context, opts ...grpc.CallOption) (grpc.BidiStreamingClient[common.Envelope, peer.DeliverResponse], error)

// one asks for one thing.
func (s *source) one(ctx context.Context, call deliverer, info *orderer.SeekInfo) (got *peer.DeliverResponse, err error) {
	err = s.stream(ctx, call, info, func(r *peer.DeliverResponse) error {
		got = r
		return io.EOF
	})
	if got != nil {
		return got, nil
	}
	return nil, err
}

// stream asks and visits the answers until the peer or visit ends it, with visit's error or the peer's reason.
func (s *source) stream(ctx context.Context, call deliverer, info *orderer.SeekInfo, visit func(*peer.DeliverResponse) error) error {
	ctx, cancel := context.WithCancel(ctx) // ends the stream when visit does
	defer cancel()
	envelope, err := s.seek(info)
	if err != nil {
		return err
	}
	stream, err := call(ctx)
	if err == nil {
		err = stream.Send(envelope)
	}
	for err == nil || errors.Is(err, io.EOF) { // EOF of Send: the reason is with Recv
		var r *peer.DeliverResponse
		if r, err = stream.Recv(); err != nil {
			break
		}
		if status, ok := r.GetType().(*peer.DeliverResponse_Status); ok {
			return &StatusError{Peer: s.address, Status: int32(status.Status)}
		}
		if err := visit(r); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("peer %s: %w", s.address, err)
}
