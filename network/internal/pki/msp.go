package pki

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
)

// nodeOUs is an MSP's config.yaml: the organisational unit of a certificate tells the role of its holder.
type nodeOUs struct {
	NodeOUs struct {
		Enable  bool `yaml:"Enable"`
		Client  unit `yaml:"ClientOUIdentifier"`
		Peer    unit `yaml:"PeerOUIdentifier"`
		Admin   unit `yaml:"AdminOUIdentifier"`
		Orderer unit `yaml:"OrdererOUIdentifier"`
	} `yaml:"NodeOUs"`
}

type unit struct {
	Certificate string `yaml:"Certificate"`
	Unit        string `yaml:"OrganizationalUnitIdentifier"`
}

// WriteMSP writes the public part of a membership folder: the root, for identities and for TLS, and the units.
func WriteMSP(dir string, root []byte) error {
	const ca = "ca.pem"
	var config nodeOUs
	config.NodeOUs.Enable = true
	for name, u := range map[string]*unit{
		"client": &config.NodeOUs.Client, "peer": &config.NodeOUs.Peer, "admin": &config.NodeOUs.Admin, "orderer": &config.NodeOUs.Orderer,
	} {
		*u = unit{Certificate: "cacerts/" + ca, Unit: name}
	}
	units, err := yaml.Marshal(config)
	if err != nil {
		return err
	}
	return writeAll([]file{
		{filepath.Join(dir, "cacerts", ca), root},
		{filepath.Join(dir, "tlscacerts", ca), root},
		{filepath.Join(dir, "config.yaml"), units},
	})
}

// WriteIdentity writes a holder's folder: its membership and TLS certificates with their keys, beside the region's root. The
// membership certificate is written last, so that its presence means that the folder is whole.
func WriteIdentity(id layout.Identity, root []byte, member, tls Pair) error {
	if err := WriteMSP(id.MSP(), root); err != nil {
		return err
	}
	return writeAll([]file{
		{id.TLSRoot(), root}, {id.TLSKey(), tls.Key}, {id.TLSCert(), tls.Cert}, {id.Key(), member.Key}, {id.Cert(), member.Cert},
	})
}

type file struct {
	path string
	data []byte
}

// writeAll writes files in order and stops at the first that fails.
func writeAll(files []file) error {
	for _, f := range files {
		if err := WriteFile(f.path, f.data); err != nil {
			return err
		}
	}
	return nil
}

// ReadPair reads a certificate and its key.
func ReadPair(cert, key string) (Pair, error) {
	c, err1 := os.ReadFile(cert) //nolint:gosec // a path of the network's own layout
	k, err2 := os.ReadFile(key)  //nolint:gosec // a path of the network's own layout
	return Pair{Cert: c, Key: k}, errors.Join(err1, err2)
}

// WriteFile writes a file whole or not at all, readable by its owner only, making the folders above it.
func WriteFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
