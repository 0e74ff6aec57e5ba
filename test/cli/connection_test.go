package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// connection writes a region's place on a Fabric network that nobody answers at: connection 440000 GuangdongMSP
func connection(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: connection REGION MSP")
	}
	dir := ts.MkAbs(filepath.Join("net", args[0]))
	ts.Check(os.MkdirAll(dir, 0o700))
	at := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		ts.Check(os.WriteFile(path, content, 0o600))
		return path
	}
	certificate, key := identity(ts, args[1])
	data := sha256.Sum256([]byte("genesis"))
	// Block{header: BlockHeader{data_hash: …}} of Fabric's protocol.
	genesis := append([]byte{0x0a, 0x22, 0x1a, 0x20}, data[:]...)
	text, err := json.Marshal(map[string]any{
		"channel": "huzheng", "chaincode": "huzheng", "genesis": at("genesis.block", genesis), "region": args[0], "msp": args[1],
		"certificate": at("cert.pem", certificate), "key": at("key.pem", key), "listen": "127.0.0.1:8449",
		"peers": []map[string]string{{"address": "127.0.0.1:1", "tlsRoot": at("root.pem", certificate)}},
	})
	ts.Check(err)
	at("connection.json", text)
}

func identity(ts *testscript.TestScript, organisation string) (certificate, key []byte) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{organisation}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	ts.Check(err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	ts.Check(err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}
