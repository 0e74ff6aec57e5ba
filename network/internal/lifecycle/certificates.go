package lifecycle

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/nodeconf"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// holders lists whom a region's CA certifies, by the name of their folders.
func holders(r topology.Region) map[string]sdk.Holder {
	list := map[string]sdk.Holder{}
	for name, role := range map[string]string{
		"orderer": "orderer", "peer": "peer", "admin": "admin", "chaincode": "client", "gateway": "client",
	} {
		list[name] = sdk.Holder{Name: name + "." + r.Code, Role: role, Duty: name, Hosts: hosts(r)}
	}
	return list
}

// hosts lists the names under which a region's nodes are dialled.
func hosts(r topology.Region) []string {
	return slices.Compact(slices.Sorted(slices.Values([]string{r.Host, r.Listen, "localhost"})))
}

// ensureRoot makes a region's root and its CA's configuration, where they are missing.
func (n *Network) ensureRoot(r topology.Region) error {
	region := n.files.Region(r.Code)
	if exists(region.RootKey()) && exists(region.Root()) {
		root, err := os.ReadFile(region.Root())
		if err != nil {
			return err
		}
		return pki.CheckRoot(root)
	}
	root, err := pki.NewRoot("ca."+r.Code, r.MSPID, n.Now(), time.Duration(n.topology.Certificates.Root))
	if err != nil {
		return err
	}
	if err := pki.WriteFile(region.RootKey(), root.Key); err != nil {
		return err
	}
	return pki.WriteMSP(region.MSP(), root.Cert)
}

// ensureCA makes the CA server's own TLS certificate, its registrar's secret and its configuration, where they are missing.
func (n *Network) ensureCA(r topology.Region) error {
	region := n.files.Region(r.Code)
	if cert, _ := region.CATLS(); !exists(cert) {
		if err := n.issueCATLS(r); err != nil {
			return err
		}
	}
	if !exists(region.Registrar()) {
		secret := make([]byte, 24)
		if _, err := rand.Read(secret); err != nil {
			return err
		}
		if err := pki.WriteFile(region.Registrar(), []byte(hex.EncodeToString(secret))); err != nil {
			return err
		}
	}
	secret, err := os.ReadFile(region.Registrar())
	if err != nil {
		return err
	}
	config, err := nodeconf.CA(n.topology, r, n.files, string(secret))
	if err != nil {
		return err
	}
	return pki.WriteFile(filepath.Join(region.CA(), "fabric-ca-server-config.yaml"), config)
}

// issueCATLS makes a TLS certificate for the CA server, from the region's root.
func (n *Network) issueCATLS(r topology.Region) error {
	region := n.files.Region(r.Code)
	root, err := pki.ReadPair(region.Root(), region.RootKey())
	if err != nil {
		return err
	}
	pair, err := pki.IssueServer(root, "ca."+r.Code, hosts(r), n.Now(), time.Duration(n.topology.Certificates.Node))
	if err != nil {
		return err
	}
	cert, key := region.CATLS()
	if err := pki.WriteFile(key, pair.Key); err != nil {
		return err
	}
	return pki.WriteFile(cert, pair.Cert)
}

// ensureCertificates starts every local region's CA and enrols whoever has no certificate yet, all regions at once.
func (n *Network) ensureCertificates(ctx context.Context) error {
	regions := n.local()
	n.Log.Step("启动各省 CA,登记并签发证书", "starting each region's CA, registering and enrolling")
	var cas []node.Name
	for _, r := range regions {
		if err := errors.Join(n.ensureRoot(r), n.ensureCA(r)); err != nil {
			return fmt.Errorf("CA of %s: %w", r.Code, err)
		}
		cas = append(cas, node.Name{Kind: node.CA, Region: r.Code})
	}
	if err := n.start(ctx, cas); err != nil {
		return err
	}
	group, _ := errgroup.WithContext(ctx)
	for _, r := range regions {
		group.Go(func() error { return n.enrolRegion(r) })
	}
	return group.Wait()
}

// enrolRegion enrols whoever in the region has no certificate yet.
func (n *Network) enrolRegion(r topology.Region) error {
	region := n.files.Region(r.Code)
	missing := holders(r)
	for name := range missing {
		if exists(region.Identity(name).Cert()) {
			delete(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	ca, root, err := n.openCA(r)
	if err != nil {
		return err
	}
	defer ca.Close()
	for name, holder := range missing {
		member, tls, err := ca.Enrol(holder)
		if err != nil {
			return err
		}
		if err := pki.WriteIdentity(region.Identity(name), root, member, tls); err != nil {
			return err
		}
	}
	return nil
}

// openCA connects to a region's CA as its registrar and returns its root certificate beside it.
func (n *Network) openCA(r topology.Region) (*sdk.CA, []byte, error) {
	region := n.files.Region(r.Code)
	secret, err := os.ReadFile(region.Registrar())
	if err != nil {
		return nil, nil, fmt.Errorf("only the region itself can ask its CA: %w", err)
	}
	root, err := os.ReadFile(region.Root())
	if err != nil {
		return nil, nil, err
	}
	ca, err := sdk.OpenCA(r, region, string(secret))
	return ca, root, err
}

func readFile(path string) ([]byte, error) { return os.ReadFile(path) } //nolint:gosec // a path of the network's own layout

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
