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
			dropEmpty(r)
			return nil
		}))
}

// dropEmpty leaves away query parameters without a value: the generated client writes those that were not given, and a
// gateway refuses an empty one.
func dropEmpty(r *http.Request) {
	query := r.URL.Query()
	for name, values := range query {
		if len(values) == 1 && values[0] == "" {
			query.Del(name)
		}
	}
	r.URL.RawQuery = query.Encode()
}
