// Package exchange is what provinces on separate hosts hand each other: before a network can begin, each its public certificates,
// as one file; later, changes of the channel's configuration, which go from administrator to administrator to be signed. Public
// certificates that come in are checked against the topology and against themselves before anything of them is kept; whether they
// really come from that province is for people to compare, by the fingerprint of the root, on another way.
package exchange

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// version of the file's format.
const version = 1

// Bundle is one region's public certificates, and where it is reached. The three certificates are PEM.
type Bundle struct {
	Version    int    `json:"version"`
	Code       string `json:"code"`
	MSPID      string `json:"msp"`
	Name       string `json:"name,omitempty"`
	Host       string `json:"host,omitempty"`
	PortBase   int    `json:"portBase,omitempty"`
	Peer       int    `json:"peerPort,omitempty"`
	OrdererAt  int    `json:"ordererPort,omitempty"`
	Root       string `json:"root"`
	Orderer    string `json:"ordererIdentity"` // what the orderer signs with
	OrdererTLS string `json:"ordererTls"`      // what the orderer shows, as server and as client
}

// Export gathers a region's public certificates.
func Export(r topology.Region, files layout.Region) ([]byte, error) {
	b, err := Gather(r, files, files.Identity("orderer"))
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(b, "", "  ")
}

// Gather is Export for an orderer whose certificates lie where id says.
func Gather(r topology.Region, files layout.Region, id layout.Identity) (Bundle, error) {
	root, err1 := os.ReadFile(files.Root())
	orderer, err2 := os.ReadFile(id.Cert())
	tls, err3 := os.ReadFile(id.TLSCert())
	if err := errors.Join(err1, err2, err3); err != nil {
		return Bundle{}, err
	}
	return Bundle{
		Version: version, Code: r.Code, MSPID: r.MSPID, Root: string(root), Orderer: string(orderer), OrdererTLS: string(tls),
		Name: r.Name, Host: r.Host, PortBase: r.PortBase, Peer: r.Ports.Peer, OrdererAt: r.Ports.Orderer,
	}, nil
}

// Parse reads and checks a region's bundle.
func Parse(data []byte, t topology.Topology, now time.Time) (Bundle, error) {
	b, err := decode(data)
	if err != nil {
		return Bundle{}, err
	}
	r, ok := t.Region(b.Code)
	switch {
	case !ok:
		return Bundle{}, fmt.Errorf("a bundle of %q, which is not in the topology", b.Code)
	case r.MSPID != b.MSPID:
		return Bundle{}, fmt.Errorf("a bundle of %s with MSP ID %q; the topology says %q", b.Code, b.MSPID, r.MSPID)
	}
	return b, b.check(now)
}

// ParseApplicant reads the bundle of a region that is to join: it is in no topology yet, and its bundle says where it is.
func ParseApplicant(data []byte, now time.Time) (Bundle, error) {
	b, err := decode(data)
	if err != nil {
		return Bundle{}, err
	}
	if b.Name == "" || b.Host == "" || b.PortBase == 0 {
		return Bundle{}, fmt.Errorf("the bundle of %s does not say its name and where it is reached", b.Code)
	}
	return b, b.check(now)
}

func decode(data []byte) (Bundle, error) {
	var b Bundle
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&b); err != nil {
		return Bundle{}, fmt.Errorf("no bundle of public certificates: %w", err)
	}
	if b.Version != version {
		return Bundle{}, fmt.Errorf("a bundle of version %d; this program reads version %d", b.Version, version)
	}
	return b, nil
}

// Region is the region as others need to know it.
func (b Bundle) Region() topology.Region {
	return topology.Region{
		Code: b.Code, Name: b.Name, MSPID: b.MSPID, Host: b.Host, PortBase: b.PortBase,
		Ports: topology.Ports{Peer: b.Peer, Orderer: b.OrdererAt},
	}
}

// check refuses certificates that do not belong together.
func (b Bundle) check(now time.Time) error {
	if err := pki.CheckRoot([]byte(b.Root)); err != nil {
		return fmt.Errorf("root of %s: %w", b.Code, err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(b.Root))
	for name, text := range map[string]string{"orderer's identity": b.Orderer, "orderer's TLS certificate": b.OrdererTLS} {
		cert, err := pki.ParseCertificate([]byte(text))
		if err != nil {
			return fmt.Errorf("%s of %s: %w", name, b.Code, err)
		}
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
			return fmt.Errorf("%s of %s: %w", name, b.Code, err)
		}
		if !slices.Contains(cert.Subject.OrganizationalUnit, "orderer") {
			return fmt.Errorf("%s of %s: its holder is no orderer", name, b.Code)
		}
		if cert.Subject.CommonName != "orderer."+b.Code { // so that what is signed says which province it is
			return fmt.Errorf("%s of %s: it was issued to %q", name, b.Code, cert.Subject.CommonName)
		}
	}
	return nil
}

// Keep writes what came in where the network looks for it. A root that is there already is never replaced.
func (b Bundle) Keep(files layout.Region) error {
	present, err := os.ReadFile(files.Root())
	if err == nil && !bytes.Equal(present, []byte(b.Root)) {
		return fmt.Errorf("%s is known here under another root (%s, not %s)", b.Code, fingerprint(present), b.Fingerprint())
	}
	if err := pki.WriteMSP(files.MSP(), []byte(b.Root)); err != nil {
		return err
	}
	id := files.Identity("orderer")
	if err := pki.WriteFile(id.TLSCert(), []byte(b.OrdererTLS)); err != nil {
		return err
	}
	return pki.WriteFile(id.Cert(), []byte(b.Orderer))
}

// Fingerprint is the SHA-256 of the root certificate, in hexadecimal.
func (b Bundle) Fingerprint() string { return fingerprint([]byte(b.Root)) }

// Fingerprint is the SHA-256 of a certificate, in hexadecimal.
func Fingerprint(cert []byte) string { return fingerprint(cert) }

func fingerprint(root []byte) string {
	cert, err := pki.ParseCertificate(root)
	if err != nil {
		return "unreadable"
	}
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}
