package exchange_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/exchange"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

var now = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// issue makes a certificate of a unit under a root, as the region's CA does.
func issue(t *testing.T, root pki.Pair, unit string) string {
	t.Helper()
	parent, err := pki.ParseCertificate(root.Cert)
	require.NoError(t, err)
	block, _ := pem.Decode(root.Key)
	parentKey, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "orderer.440000", OrganizationalUnit: []string{unit}},
		NotBefore: now, NotAfter: now.Add(time.Hour),
	}, parent, &key.PublicKey, parentKey)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func newRoot(t *testing.T) pki.Pair {
	t.Helper()
	root, err := pki.NewRoot("ca.440000", "GuangdongMSP", now, 24*time.Hour)
	require.NoError(t, err)
	return root
}

func TestBundle(t *testing.T) {
	root := newRoot(t)
	good := exchange.Bundle{
		Version: 1, Code: "440000", MSPID: "GuangdongMSP", Root: string(root.Cert), Orderer: issue(t, root, "orderer"), OrdererTLS: issue(t, root, "orderer"),
	}
	for name, c := range map[string]struct {
		edit func(*exchange.Bundle)
		when time.Time
		says string
	}{
		"good":                  {func(*exchange.Bundle) {}, now.Add(time.Minute), ""},
		"other version":         {func(b *exchange.Bundle) { b.Version = 2 }, now, "version 2"},
		"unknown region":        {func(b *exchange.Bundle) { b.Code = "110000" }, now, "not in the topology"},
		"another's MSP ID":      {func(b *exchange.Bundle) { b.MSPID = "SichuanMSP" }, now, "SichuanMSP"},
		"another's certificate": {func(b *exchange.Bundle) { b.Orderer = issue(t, newRoot(t), "orderer") }, now, "orderer's identity of 440000"},
		"no orderer":            {func(b *exchange.Bundle) { b.OrdererTLS = issue(t, root, "client") }, now, "no orderer"},
		"expired":               {func(*exchange.Bundle) {}, now.Add(2 * time.Hour), "expired"},
		"no root":               {func(b *exchange.Bundle) { b.Root = b.Orderer }, now, "no certificate of a CA"},
	} {
		t.Run(name, func(t *testing.T) {
			b := good
			c.edit(&b)
			data, err := json.Marshal(b)
			require.NoError(t, err)
			got, err := exchange.Parse(data, topology.Default(), c.when)
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, good, got)
		})
	}
	_, err := exchange.Parse([]byte(`{"version":1,"key":"secret"}`), topology.Default(), now)
	require.Error(t, err, "unknown members are refused")
}

func TestARootIsNeverReplaced(t *testing.T) {
	root := newRoot(t)
	files := layout.Network{Dir: t.TempDir()}.Region("440000")
	b := exchange.Bundle{
		Version: 1, Code: "440000", MSPID: "GuangdongMSP", Name: "广东", Host: "127.0.0.1", PortBase: 17000, Peer: 17051, OrdererAt: 17061,
		Root: string(root.Cert), Orderer: issue(t, root, "orderer"), OrdererTLS: issue(t, root, "orderer"),
	}
	require.NoError(t, b.Keep(files))
	require.NoError(t, b.Keep(files), "the same again is no harm")

	again, err := exchange.Export(topology.Default().Regions[0], files)
	require.NoError(t, err)
	back, err := exchange.Parse(again, topology.Default(), now)
	require.NoError(t, err)
	require.Equal(t, b, back, "what was kept is what is exported")
	require.False(t, bytes.Contains(again, []byte("PRIVATE")))

	b.Root = string(newRoot(t).Cert)
	require.ErrorContains(t, b.Keep(files), "another root")
}
