package demoidp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/huzheng-ledger/huzheng/internal/signin"
)

// callbackPath is where gateways take the answer; on whatever loopback port.
const callbackPath = "/sign-in/callback"

// Provider answers on a loopback port of its own, until Close.
type Provider struct {
	URL string // the issuer

	secret  string
	storage *storage
	server  *http.Server
	ended   chan error
}

// Start starts a provider of these people.
func Start(ctx context.Context, people []Person, logger *slog.Logger) (*Provider, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Provider{URL: "http://" + l.Addr().String(), secret: rand.Text(), ended: make(chan error, 1)}
	handler, err := p.handler(people, logger)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	p.server = &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug)}
	go func() { p.ended <- p.server.Serve(l) }()
	return p, nil
}

func (p *Provider) handler(people []Person, logger *slog.Logger) (http.Handler, error) {
	var err error
	if p.storage, err = newStorage(people, p.secret); err != nil {
		return nil, err
	}
	config := &op.Config{CodeMethodS256: true}
	_, _ = rand.Read(config.CryptoKey[:]) // never fails: it ends the process instead
	provider, err := op.NewProvider(config, p.storage, op.StaticIssuer(p.URL), op.WithAllowInsecure(), op.WithLogger(logger),
		op.WithCORSOptions(nil))
	if err != nil {
		return nil, fmt.Errorf("demoidp: %w", err)
	}
	mux := http.NewServeMux()
	callback := op.AuthCallbackURL(provider)
	newLogin(p.storage, func(ctx context.Context, id string) string {
		return callback(op.ContextWithIssuer(ctx, p.URL), id)
	}).routes(mux)
	mux.Handle("/", provider)
	return mux, nil
}

// SignIn is the configuration of a gateway whose people these are.
func (p *Provider) SignIn() signin.Config {
	return signin.Config{Issuer: p.URL, ClientID: clientID, ClientSecret: p.secret}
}

// People lists who can sign in.
func (p *Provider) People() []Person { return p.storage.people }

// Close ends it.
func (p *Provider) Close() error {
	err := p.server.Close()
	if ended := <-p.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
