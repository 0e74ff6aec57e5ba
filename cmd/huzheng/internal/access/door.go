package access

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
)

// Door is a gateway of this process that answers HTTP on a loopback port of its own, until Close.
type Door struct {
	URL string
	Key string // an API key with every scope, for every authority of the region
	API *client.ClientWithResponses

	transport *http.Transport
	stop      context.CancelFunc
	ended     chan error
}

// Open opens a door for tenant that takes up to connections at once from here.
func Open(ctx context.Context, g *gateway.Gateway, tenant string, connections int) (*Door, error) {
	token, _, err := g.Credentials().Add(credentials.Grant{Tenant: tenant,
		Authorities: []string{credentials.AnyAuthority}, Scopes: credentials.Scopes()})
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &Door{URL: "http://" + l.Addr().String(), Key: token, ended: make(chan error, 1),
		transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	d.API, err = New(d.URL, d.Key, &http.Client{Transport: d.transport, Timeout: time.Minute})
	if err != nil {
		return nil, err
	}
	// Requests under way end with Close and not with whoever made them.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop = stop
	go func() { d.ended <- g.Serve(serving, l) }()
	return d, nil
}

// Close lets the requests under way finish.
func (d *Door) Close() error {
	d.transport.CloseIdleConnections()
	d.stop()
	return <-d.ended
}
