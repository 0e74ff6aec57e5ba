package layout_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
)

// What opens a gateway's stores lies outside of them, and of each other: a copy of one must not carry the others.
func TestGatewayStoresLieApart(t *testing.T) {
	g := layout.Network{Dir: "/net"}.Region("440000").Gateway()
	apart := []string{g.Data(), g.Keyring(), g.MasterKey(), g.Access(), g.Unfinished()}
	for i, a := range apart {
		for j, b := range apart {
			require.Equal(t, i == j, a == b || strings.HasPrefix(b, a+string(filepath.Separator)), "%s, %s", a, b)
		}
	}
	require.Equal(t, "/net/regions/440000/gateway/data/huzheng.yaml", g.Config())
	require.Equal(t, "/net/regions/440000/gateway/connection.json", g.Connection())
}
