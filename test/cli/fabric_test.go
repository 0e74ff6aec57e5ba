package cli

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
	"github.com/huzheng-ledger/huzheng/test/internal/program"
)

// TestFabricScripts are those that need a network with its gateways, in $NET. They know net, which is huzheng-net there.
func TestFabricScripts(t *testing.T) {
	network, _ := fabricnet.UpWithGateways(t)
	bin := filepath.Dir(program.Build(t))
	all := maps.Clone(commands)
	all["net"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if out, err := network.Try(args...); (err != nil) != neg {
			ts.Fatalf("huzheng-net %v: %v\n%s", args, err, out)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/fabric",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("NET", network.Dir)
			return nil
		},
		Cmds:                all,
		RequireExplicitExec: true,
	})
}
