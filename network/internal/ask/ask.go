// Package ask puts questions to nodes over HTTPS: whether they are well, which release they are. It trusts one region's root.
package ask

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
)

// patience is how long one question may take.
const patience = 5 * time.Second

// Client trusts one root and may show a certificate.
type Client struct{ http *http.Client }

// TLS is a client's side of TLS that trusts the root in the file named and, if id is not nil, shows its TLS certificate.
func TLS(root string, id *layout.Identity) (*tls.Config, error) {
	pem, err := os.ReadFile(root) //nolint:gosec // a file of the network's own layout
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", root)
	}
	config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	if id != nil {
		cert, err := tls.LoadX509KeyPair(id.TLSCert(), id.TLSKey())
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{cert}
	}
	return config, nil
}

// New makes a client. Close it.
func New(root string, id *layout.Identity) (*Client, error) {
	config, err := TLS(root, id)
	if err != nil {
		return nil, err
	}
	return &Client{http: &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: config}}}, nil
}

// Close ends the client's connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// StatusError is an answer other than success.
type StatusError struct {
	Code int
	Body string // its beginning
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("answered %d %s: %s", e.Code, http.StatusText(e.Code), e.Body)
}

// IsNotFound reports whether err says that there is no such thing at the node.
func IsNotFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == http.StatusNotFound
}

// Get asks for url and reads a JSON answer into dst, unless that is nil.
func (c *Client) Get(ctx context.Context, url string, dst any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	return c.Do(req, dst)
}

// Text asks for url and returns the answer as it is.
func (c *Client) Text(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	return c.body(req)
}

// Do sends a request and reads a JSON answer into dst, unless that is nil.
func (c *Client) Do(req *http.Request, dst any) error {
	body, err := c.body(req)
	if err != nil || dst == nil {
		return err
	}
	return json.Unmarshal(body, dst)
}

// body sends a request and returns the answer's body.
func (c *Client) body(req *http.Request) ([]byte, error) {
	answer, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		return nil, &StatusError{Code: answer.StatusCode, Body: string(body[:min(len(body), 300)])}
	}
	return body, nil
}

// Connect completes a TLS handshake with address and hangs up.
func Connect(ctx context.Context, address, root string, id *layout.Identity) error {
	config, err := TLS(root, id)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}
