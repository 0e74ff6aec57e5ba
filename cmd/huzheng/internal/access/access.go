// Package access makes clients of gateways that carry an API key.
package access

import (
	"context"
	"net/http"
	"strings"

	"github.com/huzheng-ledger/huzheng/api/client"
)

// New makes a client of the gateway at base, with key unless it is empty.
func New(base, key string, doer client.HttpRequestDoer) (*client.ClientWithResponses, error) {
	return client.NewClientWithResponses(strings.TrimSuffix(base, "/"), client.WithHTTPClient(doer),
		client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			if key != "" {
				r.Header.Set("Authorization", "Bearer "+key)
			}
			return nil
		}))
}
