package genesis

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// Block makes the configuration block that describes the topology with the certificates of the regions as they are in files, and
// those of the orderers where orderer says. It also leaves the configtx.yaml that it was made from in the channel's folder.
func Block(ctx context.Context, programs fabricbin.Programs, t topology.Topology, files layout.Network, orderer Orderer) ([]byte, error) {
	text, err := Configtx(t, files, orderer)
	if err != nil {
		return nil, err
	}
	if err := pki.WriteFile(filepath.Join(files.Channel(), "configtx.yaml"), text); err != nil {
		return nil, err
	}
	out := filepath.Join(files.Channel(), "described.block")
	cmd := exec.CommandContext(ctx, programs.Path(fabricbin.Configtxgen), //nolint:gosec // our own build of Fabric's program
		"-configPath", files.Channel(), "-profile", profile, "-channelID", t.Channel, "-outputBlock", out)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("configtxgen: %w\n%s", err, strings.TrimSpace(string(said)))
	}
	defer func() { _ = os.Remove(out) }()
	return os.ReadFile(out) //nolint:gosec // written by the program that was just run
}
