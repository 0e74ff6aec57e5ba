package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"time"
)

// Pair is a certificate and its PKCS #8 key, both PEM.
type Pair struct{ Cert, Key []byte }

// backdate makes a certificate valid a little before it was made, for hosts whose clocks are behind.
const backdate = 5 * time.Minute

// NewRoot makes the root of a region's CA: P-256, self-signed with a low S, valid for life from now.
func NewRoot(commonName, organization string, now time.Time, life time.Duration) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName, Organization: []string{organization}, Country: []string{"CN"}},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(life),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	return issue(template, template, key, key)
}

// IssueServer makes a TLS server certificate under root for the hosts (IP addresses or DNS names) given.
func IssueServer(root Pair, commonName string, hosts []string, now time.Time, life time.Duration) (Pair, error) {
	parent, err := ParseCertificate(root.Cert)
	if err != nil {
		return Pair{}, err
	}
	parentKey, err := parseKey(root.Key)
	if err != nil {
		return Pair{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: commonName, Organization: parent.Subject.Organization, Country: parent.Subject.Country},
		NotBefore:   now.Add(-backdate),
		NotAfter:    now.Add(life),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	return issue(template, parent, key, parentKey)
}

func issue(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) (Pair, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return Pair{}, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, lowS{parentKey})
	if err != nil {
		return Pair{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}, nil
}

// CheckRoot refuses a root certificate that Fabric's clients would not take as its own issuer.
func CheckRoot(certPEM []byte) error {
	cert, err := ParseCertificate(certPEM)
	if err != nil {
		return err
	}
	if !cert.IsCA {
		return errors.New("the root certificate is no certificate of a CA")
	}
	if err := cert.CheckSignatureFrom(cert); err != nil {
		return fmt.Errorf("the root certificate is not signed by itself: %w", err)
	}
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return errors.New("the root's key is not ECDSA")
	}
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(cert.Signature, &sig); err != nil {
		return fmt.Errorf("the root's signature: %w", err)
	}
	if sig.S.Cmp(halfOrder(key.Curve)) > 0 {
		return errors.New("the root certificate carries a high-S signature, which Fabric's membership checks do not recognise " +
			"(they answer \"certificate signed by unknown authority\"): sign the root again, with the same key, until S ≤ n/2")
	}
	return nil
}

// ParseCertificate reads the first certificate of a PEM file.
func ParseCertificate(certPEM []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(certPEM)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("no PEM certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

func parseKey(keyPEM []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(keyPEM)
	if block == nil {
		return nil, errors.New("no PEM key")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("not an ECDSA key")
	}
	return ec, nil
}

// lowS signs with the lower of the two values of s.
type lowS struct{ key *ecdsa.PrivateKey }

var _ crypto.Signer = lowS{}

func (l lowS) Public() crypto.PublicKey { return &l.key.PublicKey }

func (l lowS) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	der, err := l.key.Sign(random, digest, opts)
	if err != nil {
		return nil, err
	}
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &sig); err != nil {
		return nil, err
	}
	if sig.S.Cmp(halfOrder(l.key.Curve)) > 0 {
		sig.S.Sub(l.key.Params().N, sig.S)
	}
	return asn1.Marshal(sig)
}

func halfOrder(curve elliptic.Curve) *big.Int { return new(big.Int).Rsh(curve.Params().N, 1) }
