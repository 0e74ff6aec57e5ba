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
	return fmt.Errorf("%w: give %s to the others, and put in theirs (%s) with: huzheng-net import FILE...; then run up again. "+
		"A region that joins a channel puts in the config.block of a member, once they have taken it in",
		ErrExchange, out, strings.Join(missing, ", "))
}

// firstMakesGenesis is ErrExchange where the genesis block is to come from the region that the topology names first.
func (n *Network) firstMakesGenesis() error {
	first := n.topology.Regions[0].Code
	if n.state.Local == "" || n.state.Local == first || exists(n.files.Genesis()) || exists(n.files.ConfigBlock()) {
		return nil
	}
	return fmt.Errorf("%w: put in the genesis.block that %s has made (it is in its exchange folder) with: huzheng-net import genesis.block; then run up again",
		ErrExchange, first)
}

// Imported is what Import has taken in.
type Imported struct {
	Kind  ImportKind
	Roots []Root // to be compared with what their owners say
}

// Root is a region's root, by the SHA-256 of its certificate.
type Root struct{ Code, Fingerprint string }

// ImportKind is what a file held.
type ImportKind string

// The kinds.
const (
	Certificates ImportKind = "certificates" // of another region
	Genesis      ImportKind = "genesis"
	ConfigBlock  ImportKind = "config"   // of a channel that this region has been taken into
	Adopted      ImportKind = "change"   // that the channel has already
	Founding     ImportKind = "founding" // what a region brings to the charter: its entry, or its signature
)

// Import takes in what another province has handed over: its public certificates, the genesis block, the configuration block of a
// channel that this region joins, a change that the channel has, or what the charter of the consortium is made of.
func (n *Network) Import(ctx context.Context, path string) (Imported, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return Imported{}, err
	}
	if place, founding := n.foundingPlace(path); founding {
		return Imported{Kind: Founding}, n.keepFounding(data, place)
	}
	if strings.HasSuffix(path, ".block") {
		return n.importBlock(ctx, data)
	}
	if exchange.IsProposal(data) {
		return Imported{Kind: Adopted}, n.importChange(ctx, path)
	}
	bundle, err := exchange.Parse(data, n.topology, n.Now())
	if err != nil {
		return Imported{}, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	done := Imported{Kind: Certificates, Roots: []Root{{bundle.Code, bundle.Fingerprint()}}}
	if bundle.Code == n.state.Local {
		return done, nil
	}
	return done, bundle.Keep(n.files.Region(bundle.Code))
}

// importChange brings this folder in line with a change that the channel has.
func (n *Network) importChange(ctx context.Context, path string) error {
	r, err := n.Review(ctx, path)
	if err != nil {
		return err
	}
	if !r.Done {
		return errors.New("the channel does not have this change yet: look at it with huzheng-net show, and sign it")
	}
	return n.adopt(ctx, r.Proposal.Change)
}

func (n *Network) importBlock(ctx context.Context, data []byte) (Imported, error) {
	view, err := sdk.ReadBlock(data)
	if err != nil {
		return Imported{}, err
	}
	if view.Number == 0 {
		return Imported{Kind: Genesis}, n.importGenesis(ctx, data)
	}
	return n.importConfig(view, data)
}

// importConfig takes the public certificates of the members from the configuration block of a channel that this region has been
// taken into, and keeps the block to enter with. Roots that are known here already must be those of the block.
func (n *Network) importConfig(view sdk.View, data []byte) (Imported, error) {
	if n.state.Local == "" {
		return Imported{}, errors.New("a configuration block is for a region that joins on a host of its own")
	}
	if err := n.fits(view); err != nil {
		return Imported{}, err
	}
	done := Imported{Kind: ConfigBlock}
	for _, r := range n.topology.Regions {
		m, _ := view.Member(r.MSPID)
		b := exchange.Bundle{Code: r.Code, MSPID: r.MSPID, Root: string(m.Root), Orderer: string(m.Orderer.Identity), OrdererTLS: string(m.Orderer.TLS)}
		done.Roots = append(done.Roots, Root{r.Code, b.Fingerprint()})
		if r.Code == n.state.Local {
			continue
		}
		if err := pki.CheckRoot(m.Root); err != nil {
			return Imported{}, fmt.Errorf("root of %s: %w", r.Code, err)
		}
		if err := b.Keep(n.files.Region(r.Code)); err != nil {
			return Imported{}, err
		}
	}
	return done, pki.WriteFile(n.files.ConfigBlock(), data)
}

// fits refuses a channel that is not the topology's, or does not have this region as it is here.
func (n *Network) fits(view sdk.View) error {
	if view.Channel != n.topology.Channel {
		return fmt.Errorf("the block is of the channel %q; the topology has %q", view.Channel, n.topology.Channel)
	}
	if len(view.Members) != len(n.topology.Regions) {
		return fmt.Errorf("the channel has %d members, the topology %d regions", len(view.Members), len(n.topology.Regions))
	}
	for _, r := range n.topology.Regions {
		if err := placed(view, r); err != nil {
			return err
		}
	}
	own, _ := n.topology.Region(n.state.Local)
	m, _ := view.Member(own.MSPID)
	b, err := exchange.Gather(own, n.files.Region(own.Code), n.orderer(own.Code))
	if err != nil {
		return err
	}
	if string(m.Root) != b.Root || string(m.Orderer.TLS) != b.OrdererTLS {
		return fmt.Errorf("the channel has %s with other certificates than are here", own.Code)
	}
	return nil
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
