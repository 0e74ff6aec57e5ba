package fabric

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/block"
)

// maxMessage is the largest message of a peer, a block above all.
const maxMessage = 100 << 20

// Client is one organisation's place on a channel. Its methods may be called from any number of goroutines.
type Client struct {
	o       Config
	scope   block.Scope
	signer  *signer
	sources []*source // the own peer first
	conns   []*grpc.ClientConn
	route   *route

	gateways []*client.Gateway // the gateway services of the sources, in their order

	configs configs
	pending *pending
	slots   chan struct{}      // one for each command on its way
	fetches singleflight.Group // of blocks' transaction ids

	closing sync.Once
	life    context.Context // ends with Close
	end     context.CancelFunc
}

// GenesisHash is what Config.Genesis pins: the hash of the genesis block in a file as Fabric writes it.
func GenesisHash(file []byte) ([32]byte, error) {
	var b common.Block
	if err := proto.Unmarshal(file, &b); err != nil || b.GetHeader() == nil || b.GetHeader().GetNumber() != 0 {
		return [32]byte{}, errors.New("fabric: not a genesis block")
	}
	return block.Hash(b.GetHeader())
}

// Dial makes a client. Peers are connected to when they are needed, and again when they were lost.
func Dial(o Config) (*Client, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	signs, err := newSigner(o.Identity)
	if err != nil {
		return nil, err
	}
	c := &Client{
		o: o, scope: block.Scope{Channel: o.Channel, Chaincode: o.Chaincode}, signer: signs,
		pending: newPending(), slots: make(chan struct{}, o.InFlight),
	}
	c.life, c.end = context.WithCancel(context.Background())
	for _, e := range append([]Endpoint{o.Peer}, o.Others...) {
		conn, err := dial(e)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("fabric: peer %s: %w", e.Address, err), c.Close())
		}
		c.conns = append(c.conns, conn)
		c.sources = append(c.sources,
			&source{address: e.Address, deliver: peer.NewDeliverClient(conn), channel: o.Channel, signer: signs})
	}
	for _, conn := range c.conns {
		g, err := client.Connect(signs, client.WithClientConnection(conn), client.WithHash(hash.SHA256), client.WithSign(signs.digest))
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.gateways = append(c.gateways, g)
	}
	c.route = newRoute(len(c.conns), o.Return)
	return c, nil
}

func dial(e Endpoint) (*grpc.ClientConn, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(e.Roots) {
		return nil, errors.New("its roots hold no certificate")
	}
	return grpc.NewClient(e.Address,
		grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(roots, e.ServerName)),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		// gRPC's own pauses grow to two minutes, in which a peer that is back is still taken for lost.
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: 5 * time.Second,
			Backoff: backoff.Config{BaseDelay: 4 * minPause, Multiplier: 1.6, Jitter: 0.2, MaxDelay: maxPause}}),
		// Fabric's servers cut off who pings more than once a minute. A peer that is gone without a word is missed after both.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 90 * time.Second, Timeout: 20 * time.Second}),
	)
}

// Close ends every connection. What is on its way is answered with ErrOutcomeUnknown, or ErrClosed where it had not left.
func (c *Client) Close() error {
	var errs []error
	c.closing.Do(func() {
		c.end()
		for _, g := range c.gateways {
			errs = append(errs, g.Close())
		}
		for _, conn := range c.conns {
			errs = append(errs, conn.Close())
		}
	})
	return errors.Join(errs...)
}

// within ends with ctx or with the client.
func (c *Client) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.life, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// over is why nothing is to be waited for any longer: ErrClosed, or ctx's reason; nil while there is none.
func (c *Client) over(ctx context.Context) error {
	if c.life.Err() != nil {
		return attest.Errorf(attest.CodeStoreClosed, "the client is closed")
	}
	return context.Cause(ctx)
}
