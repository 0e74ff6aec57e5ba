package peertest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/huzheng-ledger/huzheng/client/fabric"
)

// pause lies between attempts to reach the peer: the proxy is to add nothing to what a peer's absence costs.
const pause = 50 * time.Millisecond

// maxMessage is the largest message that passes.
const maxMessage = 100 << 20

// Proxy stands before one peer until its test ends. It begins honest.
type Proxy struct {
	endpoint fabric.Endpoint
	up       *grpc.ClientConn
	server   *grpc.Server
	listener *listener

	lie    atomic.Pointer[Lie]
	told   atomic.Int64
	shows  atomic.Int64 // streams of blocks that are open
	cuts   atomic.Pointer[Cuts]
	closed atomic.Bool // connections are refused
	alone  atomic.Bool // submissions fail
}

// Start stands before the peer at the endpoint, with the peer's own certificate and key, PEM files.
func Start(t testing.TB, peer fabric.Endpoint, certificate, key string) *Proxy {
	t.Helper()
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(peer.Roots))
	own, err := tls.LoadX509KeyPair(certificate, key)
	require.NoError(t, err)
	p := &Proxy{}
	p.up, err = grpc.NewClient(peer.Address, grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(roots, peer.ServerName)),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: time.Second, Backoff: backoff.Config{BaseDelay: pause, MaxDelay: pause}}),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{}), grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)))
	require.NoError(t, err)
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.listener = &listener{Listener: l, refuses: &p.closed}
	p.endpoint = fabric.Endpoint{Address: l.Addr().String(), Roots: peer.Roots, ServerName: peer.ServerName}
	p.server = grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&own)), grpc.ForceServerCodec(rawCodec{}),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage), grpc.UnknownServiceHandler(p.handle))
	ended := make(chan error, 1)
	go func() { ended <- p.server.Serve(p.listener) }()
	t.Cleanup(func() {
		p.server.Stop()
		require.NoError(t, p.up.Close())
		require.NoError(t, <-ended)
	})
	return p
}

// Endpoint is where a client reaches the peer through the proxy.
func (p *Proxy) Endpoint() fabric.Endpoint { return p.endpoint }

// Close cuts every connection and refuses new ones, until Open.
func (p *Proxy) Close() {
	p.closed.Store(true)
	p.listener.cut()
}

// Open lets connections in again.
func (p *Proxy) Open() { p.closed.Store(false) }

// Refuse has every call of a submission fail, as at a peer that is cut off from all others; false ends it.
func (p *Proxy) Refuse(on bool) { p.alone.Store(on) }

// Shows reports whether somebody follows the peer's blocks at the moment.
func (p *Proxy) Shows() bool { return p.shows.Load() > 0 }

// handle passes one call on.
func (p *Proxy) handle(_ any, down grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(down)
	if p.alone.Load() && isSubmission(method) {
		return status.Error(codes.Unavailable, "no orderer and no other peer is to be reached")
	}
	if p.cuts.Load().strikes(method, before) {
		return p.cut()
	}
	ctx, cancel := context.WithCancel(down.Context())
	defer cancel()
	up, err := p.up.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	if method == deliver {
		p.shows.Add(1)
		defer p.shows.Add(-1)
	}
	go ask(down, up)
	err = p.answer(method, down, up)
	if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// ask passes the client's messages on.
func ask(down grpc.ServerStream, up grpc.ClientStream) {
	for {
		var m []byte
		if down.RecvMsg(&m) != nil {
			_ = up.CloseSend()
			return
		}
		if up.SendMsg(&m) != nil {
			return // the reason is with the answers
		}
	}
}

// answer passes the peer's messages on, with the lie that is told at the moment.
func (p *Proxy) answer(method string, down grpc.ServerStream, up grpc.ClientStream) error {
	teller := &teller{proxy: p, method: method}
	for {
		var m []byte
		if err := up.RecvMsg(&m); err != nil {
			return err
		}
		if p.cuts.Load().strikes(method, after) {
			return p.cut()
		}
		out, err := teller.tell(m)
		if err != nil {
			return err
		}
		for _, m := range out {
			if err := down.SendMsg(&m); err != nil {
				return err
			}
		}
		if teller.ended {
			return nil
		}
	}
}

// cut ends every connection of the proxy's clients, as a network does: what else was on its way is lost as well.
func (p *Proxy) cut() error {
	p.listener.cut()
	return status.Error(codes.Unavailable, "cut")
}

// listener remembers its connections.
type listener struct {
	net.Listener
	refuses *atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.refuses.Load() {
			_ = c.Close()
			continue
		}
		l.mu.Lock()
		if l.conns == nil {
			l.conns = map[net.Conn]bool{}
		}
		l.conns[c] = true
		l.mu.Unlock()
		return &conn{Conn: c, listener: l}, nil
	}
}

func (l *listener) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Close()
	}
	clear(l.conns)
}

type conn struct {
	net.Conn
	listener *listener
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.conns, c.Conn)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

// rawCodec passes messages as the bytes they are.
type rawCodec struct{}

// Marshal implements encoding.Codec.
func (rawCodec) Marshal(v any) ([]byte, error) {
	m, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("peertest: %T is no message in bytes", v)
	}
	return *m, nil
}

// Unmarshal implements encoding.Codec.
func (rawCodec) Unmarshal(data []byte, v any) error {
	m, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("peertest: %T is no message in bytes", v)
	}
	*m = append([]byte(nil), data...)
	return nil
}

// Name implements encoding.Codec: the peer is to take it for its own.
func (rawCodec) Name() string { return "proto" }
