package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/huzheng-ledger/huzheng/chaincode"
)

// maxMessage is the largest message between a peer and its chaincode, as Fabric's own servers have it.
const maxMessage = 100 << 20

// server serves the chaincode and counts the peers that are connected.
type server struct {
	*shim.ChaincodeServer
	gate  *gate
	log   *slog.Logger
	peers atomic.Int64
}

// Connect implements peer.ChaincodeServer: one call lasts as long as a peer is connected.
func (s *server) Connect(stream peer.Chaincode_ConnectServer) error {
	s.log.Info("a peer is connected", "peers", s.peers.Add(1))
	err := s.ChaincodeServer.Connect(stream)
	s.log.Info("a peer has gone", "peers", s.peers.Add(-1), "reason", err)
	return err
}

// ServeHTTP answers probes: 200 with the number of connected peers, 503 while the server is stopping.
func (s *server) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	status := http.StatusOK
	if s.gate.isShut() {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "{\"peers\":%d}\n", s.peers.Load()) // whoever asked has gone
}

// run serves at the configured addresses until ctx ends or a listener fails.
func run(ctx context.Context, c Config, log *slog.Logger) error {
	var listen net.ListenConfig
	calls, err := listen.Listen(ctx, "tcp", c.Address)
	if err != nil {
		return err
	}
	var probes net.Listener
	if c.Health != "" {
		if probes, err = listen.Listen(ctx, "tcp", c.Health); err != nil {
			return errors.Join(err, calls.Close())
		}
	}
	return serve(ctx, c, log, calls, probes)
}

// serve takes calls at one listener and, if there is one, probes at the other. It closes both.
func serve(ctx context.Context, c Config, log *slog.Logger, calls, probes net.Listener) error {
	contract, err := chaincode.New(c.Name)
	if err != nil {
		return err
	}
	secure, err := c.tls()
	if err != nil {
		return err
	}
	door := newGate(contract)
	s := &server{ChaincodeServer: &shim.ChaincodeServer{CCID: c.PackageID, CC: door}, gate: door, log: log}
	rpc := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(secure)), grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	peer.RegisterChaincodeServer(rpc, s)
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", s)
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}

	failed := make(chan error, 2)
	go func() { failed <- rpc.Serve(calls) }()
	if probes != nil {
		go func() { failed <- web.Serve(probes) }()
	}
	log.Info("serving", "address", calls.Addr().String(), "package", c.PackageID, "chaincode", c.Name)
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	s.stop(c.Drain)
	rpc.Stop()
	_ = web.Close() // nobody waits for an answer
	return err
}

// stop lets no more calls in and returns when those in progress have ended, or after drain. A peer keeps its stream open for
// ever: it is the calls that are waited for, not the streams.
func (s *server) stop(drain time.Duration) {
	s.log.Info("stopping", "peers", s.peers.Load())
	timer := time.NewTimer(drain)
	defer timer.Stop()
	select {
	case <-s.gate.close():
	case <-timer.C:
		s.log.Warn("calls in progress are cut off")
	}
}
