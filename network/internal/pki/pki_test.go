package pki_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
)

var now = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func TestEveryRootIsLowS(t *testing.T) {
	for range 64 { // half of all plain signatures are high: 64 low ones by luck are one in 2^64
		root, err := pki.NewRoot("ca.440000", "GuangdongMSP", now, time.Hour)
		require.NoError(t, err)
		require.NoError(t, pki.CheckRoot(root.Cert))
	}
}

func TestHighSRootIsRefused(t *testing.T) {
	root, err := pki.NewRoot("ca.440000", "GuangdongMSP", now, time.Hour)
	require.NoError(t, err)

	high := flipS(t, root.Cert)
	cert, err := pki.ParseCertificate(high)
	require.NoError(t, err)
	require.NoError(t, cert.CheckSignatureFrom(cert), "the other s is as valid a signature")
	require.ErrorContains(t, pki.CheckRoot(high), "high-S")
}

// flipS replaces s by n−s in a certificate's signature.
func flipS(t *testing.T, certPEM []byte) []byte {
	t.Helper()
	cert, err := pki.ParseCertificate(certPEM)
	require.NoError(t, err)
	var outer struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	_, err = asn1.Unmarshal(cert.Raw, &outer)
	require.NoError(t, err)
	var sig struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(cert.Signature, &sig)
	require.NoError(t, err)
	sig.S.Sub(elliptic.P256().Params().N, sig.S)
	der, err := asn1.Marshal(sig)
	require.NoError(t, err)
	outer.Signature = asn1.BitString{Bytes: der, BitLength: 8 * len(der)}
	whole, err := asn1.Marshal(outer)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: whole})
}

func TestServerCertificate(t *testing.T) {
	root, err := pki.NewRoot("ca.440000", "GuangdongMSP", now, 24*time.Hour)
	require.NoError(t, err)
	server, err := pki.IssueServer(root, "ca.440000", []string{"127.0.0.1", "ca.example"}, now, time.Hour)
	require.NoError(t, err)

	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(root.Cert))
	cert, err := pki.ParseCertificate(server.Cert)
	require.NoError(t, err)
	for _, host := range []string{"127.0.0.1", "ca.example"} {
		_, err = cert.Verify(x509.VerifyOptions{Roots: pool, DNSName: host, CurrentTime: now})
		require.NoError(t, err, host)
	}
	_, err = cert.Verify(x509.VerifyOptions{Roots: pool, DNSName: "127.0.0.2", CurrentTime: now})
	require.Error(t, err, "no other host")
	_, err = cert.Verify(x509.VerifyOptions{Roots: pool, DNSName: "127.0.0.1", CurrentTime: now.Add(2 * time.Hour)})
	require.Error(t, err, "not after it has expired")
	require.Error(t, pki.CheckRoot(server.Cert), "a server is no root")
}

func TestIdentityFolder(t *testing.T) {
	root, err := pki.NewRoot("ca.440000", "GuangdongMSP", now, time.Hour)
	require.NoError(t, err)
	member, err := pki.IssueServer(root, "peer.440000", []string{"127.0.0.1"}, now, time.Minute)
	require.NoError(t, err)
	id := layout.Identity{Dir: t.TempDir()}
	require.NoError(t, pki.WriteIdentity(id, root.Cert, member, member))

	read, err := pki.ReadPair(id.Cert(), id.Key())
	require.NoError(t, err)
	require.Equal(t, member, read)
	info, err := os.Stat(id.Key())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "a key is its owner's")

	block, _ := pem.Decode(read.Key)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	digest := make([]byte, 32)
	sig, err := ecdsa.SignASN1(rand.Reader, key.(*ecdsa.PrivateKey), digest)
	require.NoError(t, err)
	cert, err := pki.ParseCertificate(read.Cert)
	require.NoError(t, err)
	require.True(t, ecdsa.VerifyASN1(cert.PublicKey.(*ecdsa.PublicKey), digest, sig), "key and certificate belong together")
}
