package fabrictest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

// Holder is a certificate with its key.
type Holder struct {
	MSPID string
	PEM   []byte
	Cert  *x509.Certificate
	Key   *ecdsa.PrivateKey
}

// Org is an organisation with its root and one holder in each role.
type Org struct {
	t                            testing.TB
	MSPID                        string
	Root                         *Holder
	Orderer, Client, Admin, Node *Holder
	serial                       int64
}

// NewOrg makes an organisation with throwaway keys.
func NewOrg(t testing.TB, mspID string) *Org {
	t.Helper()
	o := &Org{t: t, MSPID: mspID}
	o.Root = o.issue("root", func(c *x509.Certificate) {
		c.NotBefore = time.Now().Add(-1000 * time.Hour)
		c.IsCA, c.KeyUsage, c.MaxPathLen = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, 1
	})
	for unit, to := range map[string]**Holder{"orderer": &o.Orderer, "client": &o.Client, "admin": &o.Admin, "peer": &o.Node} {
		*to = o.Issue(unit, nil)
	}
	return o
}

// Issue makes a certificate by the organisation's root, in that organisational unit.
func (o *Org) Issue(unit string, change func(*x509.Certificate)) *Holder {
	return o.issue(unit, func(c *x509.Certificate) {
		c.Subject.OrganizationalUnit = []string{unit}
		c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		if change != nil {
			change(c)
		}
	})
}

func (o *Org) issue(name string, change func(*x509.Certificate)) *Holder {
	o.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(o.t, err)
	o.serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(o.serial), Subject: pkix.Name{CommonName: name + "." + o.MSPID},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
	}
	change(template)
	parent, by := template, key
	if o.Root != nil {
		parent, by = o.Root.Cert, o.Root.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	require.NoError(o.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(o.t, err)
	return &Holder{MSPID: o.MSPID, PEM: encode("CERTIFICATE", der), Cert: cert, Key: key}
}

// Revoke is a revocation list of the organisation's root, in PEM.
func (o *Org) Revoke(holders ...*Holder) []byte {
	o.t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour)}
	for _, h := range holders {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: h.Cert.SerialNumber, RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, o.Root.Cert, o.Root.Key)
	require.NoError(o.t, err)
	return encode("X509 CRL", der)
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Serialized is the holder as Fabric names a creator.
func (h *Holder) Serialized() []byte {
	return Marshal(&msp.SerializedIdentity{Mspid: h.MSPID, IdBytes: h.PEM})
}

// Sign signs a message as Fabric has it: ECDSA over SHA-256, the lower s.
func (h *Holder) Sign(message []byte) []byte {
	digest := sha256.Sum256(message)
	der, err := h.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	var s struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &s); err != nil {
		panic(err)
	}
	if n := h.Key.Params().N; s.S.Cmp(new(big.Int).Rsh(n, 1)) > 0 {
		s.S.Sub(n, s.S)
	}
	if der, err = asn1.Marshal(s); err != nil {
		panic(err)
	}
	return der
}

// TLS is the holder as a server.
func (h *Holder) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{h.Cert.Raw}, PrivateKey: h.Key}
}

// Marshal encodes a message that cannot fail to be.
func Marshal(m proto.Message) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}
