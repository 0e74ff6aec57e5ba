package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/internal/throttle"
)

// Server is the gateway's HTTP interface. It is an http.Handler.
type Server struct {
	cfg          Config
	services     Services
	echo         *echo.Echo
	operations   map[string]*operation
	problems     *problems
	slots        chan struct{}
	byCredential *throttle.Limiter
	byAddress    *throttle.Limiter
}

var _ ServerInterface = (*Server)(nil)

// New makes a server. It fails where the configuration, the services or openapi.yaml are not as they must be.
func New(cfg Config, services Services) (*Server, error) {
	if err := errors.Join(cfg.Validate(), services.validate()); err != nil {
		return nil, err
	}
	operations, err := loadOperations()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, services: services, echo: echo.New(), operations: operations, problems: newProblems(cfg.Log),
		slots:        make(chan struct{}, cfg.MaxInFlight),
		byCredential: throttle.New(cfg.Credential, cfg.Now), byAddress: throttle.New(cfg.Address, cfg.Now),
	}
	s.routes()
	return s, nil
}

func (s *Server) routes() {
	s.echo.HTTPErrorHandler = func(err error, c echo.Context) { // reached only by what fails outside the chain
		if !c.Response().Committed {
			s.problems.write(c, err)
		}
	}
	s.echo.Use(s.chain)
	guards := make(map[string][]echo.MiddlewareFunc, len(s.operations))
	for id, op := range s.operations {
		guards[id] = []echo.MiddlewareFunc{s.guard(op)}
	}
	RegisterHandlersWithOptions(s.echo, s, RegisterHandlersOptions{OperationMiddlewares: guards})
	s.echo.GET("/metrics", echo.WrapHandler(s.cfg.Metrics.Handler()))
	if s.cfg.Pages != nil {
		for _, machines := range []string{"/v1/*", "/peer/*", "/.well-known/*"} { // programs are told in their own language
			s.echo.RouteNotFound(machines, echo.NotFoundHandler)
		}
		s.echo.RouteNotFound("/*", echo.WrapHandler(s.cfg.Pages))
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Serve answers connections of l until ctx is done, then lets the requests under way finish within ShutdownGrace. It
// returns nil after an orderly end, and closes l in any case. Wrap l for TLS.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.cfg.HeaderTimeout,
		ReadTimeout:       s.cfg.BodyTimeout,
		WriteTimeout:      s.cfg.WriteTimeout,
		IdleTimeout:       s.cfg.IdleTimeout,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("api: serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.ShutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close()
		return fmt.Errorf("api: requests were still under way after %v: %w", s.cfg.ShutdownGrace, err)
	}
	return nil
}
