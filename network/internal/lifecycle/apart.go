package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/huzheng-ledger/huzheng/network/internal/exchange"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
)

// ErrExchange means that other provinces have to hand over something first. It is no failure: its text says what to do.
var ErrExchange = errors.New("等待与其他省交换文件 · something of the other provinces is missing")

// Restrict makes the folder one region's: only that region's keys and nodes will be here.
func (n *Network) Restrict(code string) error {
	if _, ok := n.topology.Region(code); !ok {
		return fmt.Errorf("no region %s in the topology", code)
	}
	return n.change(func(s *state) { s.Local = code })
}

// needOthers is ErrExchange until the public certificates of every other region are here. Where keys of all regions are here,
// nothing is needed.
func (n *Network) needOthers() error {
	if n.state.Local == "" {
		return nil
	}
	own, _ := n.topology.Region(n.state.Local)
	bundle, err := exchange.Export(own, n.files.Region(own.Code))
	if err != nil {
		return err
	}
	out := n.files.Exchange(own.Code + ".public.json")
	if err := pki.WriteFile(out, bundle); err != nil {
		return err
	}
	var missing []string
	for _, code := range n.topology.Codes() {
		if !exists(n.files.Region(code).Root()) || !exists(n.orderer(code).Cert()) {
			missing = append(missing, code)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%w: give %s to the others, and put in theirs (%s) with: huzheng-net import FILE...; then run up again",
		ErrExchange, out, strings.Join(missing, ", "))
}

// firstMakesGenesis is ErrExchange where the genesis block is to come from the region that the topology names first.
func (n *Network) firstMakesGenesis() error {
	first := n.topology.Regions[0].Code
	if n.state.Local == "" || n.state.Local == first || exists(n.files.Genesis()) {
		return nil
	}
	return fmt.Errorf("%w: put in the genesis.block that %s has made (it is in its exchange folder) with: huzheng-net import genesis.block; then run up again",
		ErrExchange, first)
}

// Import takes in what another province has handed over: its public certificates, or the genesis block. It returns what people
// should compare with what the sender says: the fingerprint of the root, or nothing.
func (n *Network) Import(ctx context.Context, path string) (code, fingerprint string, err error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return "", "", err
	}
	if !strings.HasSuffix(path, ".block") {
		bundle, err := exchange.Parse(data, n.topology, n.Now())
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		if bundle.Code == n.state.Local {
			return bundle.Code, bundle.Fingerprint(), nil
		}
		return bundle.Code, bundle.Fingerprint(), bundle.Keep(n.files.Region(bundle.Code))
	}
	return "", "", n.importGenesis(ctx, data)
}

// importGenesis keeps a genesis block that says exactly what the topology and the certificates here call for.
func (n *Network) importGenesis(ctx context.Context, block []byte) error {
	if exists(n.files.Genesis()) {
		return errors.New("the genesis block is here already")
	}
	if err := n.needOthers(); err != nil {
		return err
	}
	described, err := n.describe(ctx, n.orderer)
	if err != nil {
		return err
	}
	same, err := sdk.SameConfig(n.topology.Channel, block, described)
	if err != nil {
		return fmt.Errorf("no genesis block of this channel: %w", err)
	}
	if !same {
		return errors.New("this genesis block configures another channel than the topology and the certificates here call for: " +
			"compare the topology and the fingerprints of the roots with its maker")
	}
	return pki.WriteFile(n.files.Genesis(), block)
}
