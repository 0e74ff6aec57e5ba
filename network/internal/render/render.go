// Package render writes one folder a province, for deployment on hosts of their own: the topology, the nodes' configuration, a
// systemd unit, and what to exchange with the other provinces in which order. No folder holds a key: each province makes its own.
package render

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"text/template"

	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/genesis"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
	"github.com/huzheng-ledger/huzheng/network/internal/nodeconf"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

//go:embed files
var files embed.FS

// Target says where a folder and the programs will be on each province's host.
type Target struct {
	At    string // the network's folder
	Cache string // the folder of Fabric's programs
}

// page is what the templates see.
type page struct {
	Target
	Topology topology.Topology
	Region   topology.Region
	First    bool   // of the topology
	Submits  string // code of the region that puts the charter on the ledger: the lowest
}

// Render writes the folders into dir, which must not exist or be empty.
func Render(dir string, t topology.Topology, target Target, tools lifecycle.Tools) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	for i, r := range t.Regions {
		if err := one(filepath.Join(dir, r.Code), page{
			Target: target, Topology: t, Region: r, First: i == 0, Submits: slices.Min(t.Codes()),
		}, tools); err != nil {
			return fmt.Errorf("folder of %s: %w", r.Code, err)
		}
	}
	return nil
}

func one(dir string, p page, tools lifecycle.Tools) error {
	n, err := lifecycle.OpenOrCreate(dir, &p.Topology, tools)
	if err != nil {
		return err
	}
	defer n.Close()
	if err := n.Restrict(p.Region.Code); err != nil {
		return err
	}
	if err := configuration(filepath.Join(dir, "config"), p, tools.Programs); err != nil {
		return err
	}
	for name, out := range map[string]string{
		"README.md": "README.md", "huzheng-node@.service": "systemd/huzheng-node@.service",
		"huzheng-unstick.service": "systemd/huzheng-unstick.service", "huzheng-unstick.timer": "systemd/huzheng-unstick.timer",
	} {
		if err := fill(path.Join("files", name), filepath.Join(dir, out), p); err != nil {
			return err
		}
	}
	return nil
}

// configuration writes what the nodes will be configured with at the target, for review.
func configuration(dir string, p page, programs fabricbin.Programs) error {
	at := layout.Network{Dir: p.At}
	orderer, err1 := nodeconf.Orderer(programs, p.Region, at)
	peer, err2 := nodeconf.Peer(programs, p.Topology, p.Region, at)
	ca, err3 := nodeconf.CA(p.Topology, p.Region, at, "made on the host")
	channel, err4 := genesis.Configtx(p.Topology, at, func(code string) layout.Identity { return at.Region(code).Identity("orderer") })
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, text := range map[string][]byte{
		fabricbin.OrdererConfig: orderer, fabricbin.PeerConfig: peer, "fabric-ca-server-config.yaml": ca, "configtx.yaml": channel,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func fill(name, out string, p page) error {
	t, err := template.ParseFS(files, name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return err
	}
	return errors.Join(t.Execute(f, p), f.Close())
}
