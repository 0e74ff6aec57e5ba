package render_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
	"github.com/huzheng-ledger/huzheng/network/internal/render"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// TestFoldersSayWhoDoesWhat needs no network: every province's folder tells its own steps, and holds no key.
func TestFoldersSayWhoDoesWhat(t *testing.T) {
	programs := fabricbin.Programs{Dir: t.TempDir()}
	for _, name := range []string{fabricbin.PeerConfig, fabricbin.OrdererConfig} {
		require.NoError(t, os.WriteFile(programs.Path(name), []byte("peer: {}\nGeneral: {}\n"), 0o600))
	}
	provinces := topology.Default()
	dir := filepath.Join(t.TempDir(), "provinces")
	require.NoError(t, render.Render(dir, provinces, render.Target{At: "/srv/net", Cache: "/srv/cache"}, lifecycle.Tools{Programs: programs}))
	for _, code := range provinces.Codes() {
		readme, err := os.ReadFile(filepath.Join(dir, code, "README.md"))
		require.NoError(t, err)
		says := string(readme)
		require.Contains(t, says, "huzheng-node@gateway."+code)
		require.Contains(t, says, "--gateway /path/to/huzheng")
		require.Contains(t, says, "exchange/"+code+".founder.json")
		require.Contains(t, says, "--config /srv/net/regions/"+code+"/gateway/data/huzheng.yaml --out /srv/net/charter/"+code+".charter.sig /srv/net/charter/charter.json")
		if code == "430000" { // the lowest, though the topology names another first
			require.Contains(t, says, "puts the charter on the ledger: import the others'")
		} else {
			require.Contains(t, says, "Hand `exchange/"+code+".charter.sig` to 430000")
		}
		for _, unit := range []string{"huzheng-node@.service", "huzheng-unstick.service", "huzheng-unstick.timer"} {
			require.FileExists(t, filepath.Join(dir, code, "systemd", unit))
		}
		require.NoDirExists(t, filepath.Join(dir, code, "regions"), "each province makes its own keys")
	}
}
