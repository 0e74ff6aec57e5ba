package browser

import (
	"testing"

	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// mainPath is the script that walks the same on every ledger.
const mainPath = "path.test.mjs"

// TestFabricMainPath walks the main path on a Fabric network: a code is made in one province, redeemed at another one's window,
// and its use seen where it was made.
func TestFabricMainPath(t *testing.T) {
	network := fabricnet.Up(t)
	dir := installed(t, mainPath)
	shown, people := pages(t)
	w := fabricnet.Found(t, network, fabricnet.Options{Pages: shown})
	home, abroad := w.At(gatewaytest.Guangdong).Region, w.At(gatewaytest.Sichuan).Region
	home.Constructor(0) // the first citizen's
	w.Settle()
	walk(t, dir, newWorld(t, home, abroad, people), mainPath)
}
