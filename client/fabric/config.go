package fabric

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Defaults of Config.
const (
	DefaultInFlight = 1000
	DefaultAttempts = 8
	DefaultSettle   = 30 * time.Second
	DefaultEndorse  = 20 * time.Second
	DefaultReturn   = 30 * time.Second
	DefaultStill    = 2 * time.Second
)

// Config is one organisation's place on a channel. The first block of fields is needed.
type Config struct {
	Channel   string
	Chaincode string   // name under which the chaincode is committed
	Genesis   [32]byte // hash of block 0: see GenesisHash
	Identity  Identity // who submits and follows
	Peer      Endpoint // the organisation's own
	Others    []Endpoint

	InFlight int           // commands on their way at once; more are refused as overload. 0: DefaultInFlight
	Attempts int           // proposals for one command that others' commands thwart. 0: DefaultAttempts
	Endorse  time.Duration // for the endorsements of one proposal. 0: DefaultEndorse
	Settle   time.Duration // from the first submit of a transaction until its outcome is given up. 0: DefaultSettle
	Return   time.Duration // another region's peer takes the own one's place so long before that is tried again. 0: DefaultReturn
	// Still is how long a peer may bring no block that the ledger had before: then another serves. 0: DefaultStill
	Still time.Duration

	// Locate tells where a command was recorded that is on the ledger already, by the event of its repetition: the index knows
	// the position of each record's first write. nil: only what the client has seen itself in Blocks. Safe for concurrent use.
	Locate func(key string) (place registry.Position, known bool)

	Logger *slog.Logger                       // nil: slog.Default
	OnPeer func(address string, reason error) // called when a peer has failed as the source of blocks, for a counter; nil: nothing
}

// Endpoint is where a peer is reached.
type Endpoint struct {
	Address    string // host:port
	Roots      []byte // PEM: the roots of its TLS certificate
	ServerName string // in its TLS certificate; empty: the host
}

// Identity is a certificate of the organisation and its key, which may live in a module.
type Identity struct {
	MSPID       string
	Certificate []byte // PEM
	Key         crypto.Signer
}

// LoadIdentity reads an identity from PEM files: its certificate, and its key in PKCS #8.
func LoadIdentity(mspID, certificate, key string) (Identity, error) {
	cert, err := os.ReadFile(certificate) //nolint:gosec // the operator's configuration names it
	if err != nil {
		return Identity{}, fmt.Errorf("identity: %w", err)
	}
	raw, err := os.ReadFile(key) //nolint:gosec // the operator's configuration names it
	if err != nil {
		return Identity{}, fmt.Errorf("identity: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return Identity{}, errors.New("identity: the key is not in PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return Identity{}, errors.New("identity: the key is not in PKCS #8") // what it is instead is nobody's business
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return Identity{}, errors.New("identity: the key does not sign")
	}
	return Identity{MSPID: mspID, Certificate: cert, Key: signer}, nil
}

// Validate says what is missing or does not fit.
func (c Config) Validate() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New("fabric: "+what))
		}
	}
	need(c.Channel != "", "no channel")
	need(c.Chaincode != "", "no chaincode")
	need(c.Genesis != [32]byte{}, "no hash of the genesis block: the channel is pinned by it")
	need(c.Identity.MSPID != "" && c.Identity.Key != nil, "no identity")
	if c.Identity.Key != nil {
		_, ok := c.Identity.Key.Public().(*ecdsa.PublicKey)
		need(ok, "the identity's key is not ECDSA")
	}
	for _, e := range append([]Endpoint{c.Peer}, c.Others...) {
		need(e.Address != "" && len(e.Roots) > 0, "a peer without address or roots")
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.InFlight = orDefault(c.InFlight, DefaultInFlight)
	c.Attempts = orDefault(c.Attempts, DefaultAttempts)
	c.Endorse = orDefault(c.Endorse, DefaultEndorse)
	c.Settle = orDefault(c.Settle, DefaultSettle)
	c.Return = orDefault(c.Return, DefaultReturn)
	c.Still = orDefault(c.Still, DefaultStill)
	if c.Locate == nil {
		c.Locate = func(string) (registry.Position, bool) { return registry.Position{}, false }
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.OnPeer == nil {
		c.OnPeer = func(string, error) {}
	}
	return c
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}
