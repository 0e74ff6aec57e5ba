package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/huzheng-ledger/huzheng/chaincode"
)

// Config is how the server runs.
type Config struct {
	Address   string        // host:port that the region's peer dials
	PackageID string        // id of the installed package, label:hash; the peer refuses a server that names another
	Name      string        // under which the chaincode is committed to the channel
	Cert      string        // PEM file of the server's TLS certificate
	Key       string        // PEM file of its key
	ClientCA  string        // PEM file of the roots of the peers that may call
	Health    string        // host:port of a plain HTTP server for probes, on the loopback as a rule; empty: none
	Drain     time.Duration // how long calls in progress may take once the server is told to stop
}

// configure reads flags, then the environment for what no flag names.
func configure(args []string, getenv func(string) string) (Config, error) {
	var c Config
	flags := flag.NewFlagSet("chaincode", flag.ContinueOnError)
	text := func(to *string, name, env, otherwise, usage string) {
		if v := getenv(env); v != "" {
			otherwise = v
		}
		flags.StringVar(to, name, otherwise, usage+" ("+env+")")
	}
	text(&c.Address, "address", "CHAINCODE_SERVER_ADDRESS", "", "`host:port` that the peer dials")
	text(&c.PackageID, "package", "CHAINCODE_ID", "", "`id` of the installed package")
	text(&c.Name, "name", "CHAINCODE_NAME", chaincode.DefaultName, "`name` of the committed chaincode")
	text(&c.Cert, "tls-cert", "CHAINCODE_TLS_CERT", "", "PEM `file` of the TLS certificate")
	text(&c.Key, "tls-key", "CHAINCODE_TLS_KEY", "", "PEM `file` of its key")
	text(&c.ClientCA, "client-ca", "CHAINCODE_CLIENT_CA_CERT", "", "PEM `file` of the roots of the peers that may call")
	text(&c.Health, "health", "CHAINCODE_HEALTH_ADDRESS", "", "`host:port` of /healthz, without TLS; none where empty")
	flags.DurationVar(&c.Drain, "drain", 5*time.Second, "how long calls in progress may take at the end")
	if err := flags.Parse(args); err != nil {
		return Config{}, err
	}
	if flags.NArg() > 0 {
		return Config{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return c, c.Validate()
}

// Validate says what is missing.
func (c Config) Validate() error {
	var errs []error
	for _, field := range []struct{ value, is string }{
		{c.Address, "address to listen on (CHAINCODE_SERVER_ADDRESS)"},
		{c.PackageID, "package id (CHAINCODE_ID)"},
		{c.Name, "name of the committed chaincode (CHAINCODE_NAME)"},
		{c.Cert, "TLS certificate (CHAINCODE_TLS_CERT)"},
		{c.Key, "TLS key (CHAINCODE_TLS_KEY)"},
		{c.ClientCA, "roots of the peers (CHAINCODE_CLIENT_CA_CERT)"},
	} {
		if field.value == "" {
			errs = append(errs, fmt.Errorf("no %s", field.is))
		}
	}
	return errors.Join(errs...)
}

// tls is mutual TLS, read from the files.
func (c Config) tls() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	pem, err := os.ReadFile(c.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("roots of the peers: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("roots of the peers: %s holds no certificate", c.ClientCA)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert,
		MinVersion: tls.VersionTLS12, // of Fabric's peers
	}, nil
}
