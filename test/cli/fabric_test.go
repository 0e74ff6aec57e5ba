package cli

import (
	"maps"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// TestFabricScripts are those that need a network with its gateways, in $NET. They know net, which is huzheng-net there.
func TestFabricScripts(t *testing.T) {
	network, _ := fabricnet.UpWithGateways(t)
	all := maps.Clone(commands)
	all["net"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if out, err := network.Try(args...); (err != nil) != neg {
			ts.Fatalf("huzheng-net %v: %v\n%s", args, err, out)
		}
	}
	run(t, "testdata/fabric", map[string]string{"NET": network.Dir}, all)
}
