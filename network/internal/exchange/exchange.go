// Package exchange is what provinces on separate hosts hand each other before a network can begin: each its public certificates,
// as one file. A file that comes in is checked against the topology and against itself before anything of it is kept; whether it
// really comes from that province is for people to compare, by the fingerprint of the root, on another way.
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

// Bundle is one region's public certificates. The three certificates are PEM.
type Bundle struct {
	Version    int    `json:"version"`
	Code       string `json:"code"`
	MSPID      string `json:"msp"`
	Root       string `json:"root"`
	Orderer    string `json:"ordererIdentity"` // what the orderer signs with
	OrdererTLS string `json:"ordererTls"`      // what the orderer shows, as server and as client
}

// Export gathers a region's public certificates.
func Export(r topology.Region, files layout.Region) ([]byte, error) {
	id := files.Identity("orderer")
	root, err1 := os.ReadFile(files.Root())
	orderer, err2 := os.ReadFile(id.Cert())
	tls, err3 := os.ReadFile(id.TLSCert())
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	return json.MarshalIndent(Bundle{
		Version: version, Code: r.Code, MSPID: r.MSPID, Root: string(root), Orderer: string(orderer), OrdererTLS: string(tls),
	}, "", "  ")
}

// Parse reads and checks a region's bundle.
func Parse(data []byte, t topology.Topology, now time.Time) (Bundle, error) {
	var b Bundle
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&b); err != nil {
		return Bundle{}, fmt.Errorf("no bundle of public certificates: %w", err)
	}
	r, ok := t.Region(b.Code)
	switch {
	case b.Version != version:
		return Bundle{}, fmt.Errorf("a bundle of version %d; this program reads version %d", b.Version, version)
	case !ok:
		return Bundle{}, fmt.Errorf("a bundle of %q, which is not in the topology", b.Code)
	case r.MSPID != b.MSPID:
		return Bundle{}, fmt.Errorf("a bundle of %s with MSP ID %q; the topology says %q", b.Code, b.MSPID, r.MSPID)
	}
	return b, b.check(now)
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

func fingerprint(root []byte) string {
	cert, err := pki.ParseCertificate(root)
	if err != nil {
		return "unreadable"
	}
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}
