package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

func TestConfiguration(t *testing.T) {
	env := map[string]string{
		"CHAINCODE_SERVER_ADDRESS": "127.0.0.1:1", "CHAINCODE_ID": "huzheng:abc", "CHAINCODE_TLS_CERT": "c", "CHAINCODE_TLS_KEY": "k",
		"CHAINCODE_CLIENT_CA_CERT": "ca",
	}
	getenv := func(name string) string { return env[name] }
	c, err := configure([]string{"-package", "huzheng:def"}, getenv)
	require.NoError(t, err)
	require.Equal(t, Config{Address: "127.0.0.1:1", PackageID: "huzheng:def", Name: "huzheng", Cert: "c", Key: "k", ClientCA: "ca",
		Drain: 5 * time.Second}, c)
	_, err = configure([]string{"extra"}, getenv)
	require.ErrorContains(t, err, "extra")
	for name := range env {
		_, err := configure(nil, func(asked string) string {
			if asked == name {
				return ""
			}
			return env[asked]
		})
		require.ErrorContains(t, err, name)
	}
}

// authority makes a root and, signed by it, a certificate for 127.0.0.1; it returns their files.
func authority(t *testing.T) (root, cert, key string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return file
	}
	template := func(serial int64) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	ca := template(1)
	ca.IsCA, ca.KeyUsage = true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, rootKey.Public(), rootKey)
	require.NoError(t, err)
	root = write("root.pem", "CERTIFICATE", der)
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err = x509.CreateCertificate(rand.Reader, template(2), ca, leafKey.Public(), rootKey)
	require.NoError(t, err)
	cert = write("cert.pem", "CERTIFICATE", der)
	der, err = x509.MarshalPKCS8PrivateKey(leafKey)
	require.NoError(t, err)
	return root, cert, write("key.pem", "PRIVATE KEY", der)
}

// register plays the peer: it connects with these credentials and waits for the server to register itself.
func register(t *testing.T, address string, secure *tls.Config) (*peer.ChaincodeMessage, error) {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(credentials.NewTLS(secure)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	stream, err := peer.NewChaincodeClient(conn).Connect(t.Context())
	if err != nil {
		return nil, err
	}
	return stream.Recv()
}

func TestServerRegistersWithItsPeerAloneAndStops(t *testing.T) {
	root, cert, key := authority(t)
	calls, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	probes, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	config := Config{PackageID: "huzheng:abc", Name: "huzheng", Cert: cert, Key: key, ClientCA: root, Drain: time.Minute}
	go func() { ended <- serve(ctx, config, slog.New(slog.DiscardHandler), calls, probes) }()

	pair, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	pemRoot, err := os.ReadFile(root)
	require.NoError(t, err)
	require.True(t, roots.AppendCertsFromPEM(pemRoot))
	message, err := register(t, calls.Addr().String(), &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}})
	require.NoError(t, err)
	require.Equal(t, peer.ChaincodeMessage_REGISTER, message.GetType())
	require.Contains(t, string(message.GetPayload()), "huzheng:abc")

	_, err = register(t, calls.Addr().String(), &tls.Config{RootCAs: roots})
	require.Error(t, err, "a caller without a certificate")
	_, foreign, foreignKey := authority(t)
	other, err := tls.LoadX509KeyPair(foreign, foreignKey)
	require.NoError(t, err)
	_, err = register(t, calls.Addr().String(), &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{other}})
	require.Error(t, err, "a caller of another root")

	response, err := http.Get("http://" + probes.Addr().String() + "/healthz")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.JSONEq(t, `{"peers":1}`, string(body))

	cancel()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(30 * time.Second):
		require.Fail(t, "the server does not stop while its peer is connected, though no call is in progress")
	}
}
