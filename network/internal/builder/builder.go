// Package builder is the external chaincode builder of the peers: the three programs detect, build and release that a peer
// runs when a chaincode is installed (Fabric documentation, "External Builders and Launchers"). A chaincode here is a server that
// is started beside the peer, so that nothing is built: the package's connection.json is passed through to the peer.
//
// The package tells where the server listens and which root vouches for it. The peer's own TLS key, which the server asks for,
// is in no package: release adds it from the peer's folder.
package builder

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Type is the chaincode type, in a package's metadata.json, that this builder takes.
const Type = "huzheng-ccaas"

// The environment of a peer that its builder reads: the certificate and key that the peer shows to its chaincode server.
const (
	EnvCert = "HUZHENG_CHAINCODE_CLIENT_CERT"
	EnvKey  = "HUZHENG_CHAINCODE_CLIENT_KEY"
)

// connectionFile is the name that the peer and the package agree on.
const connectionFile = "connection.json"

// Connection is a connection.json: how a peer reaches its chaincode server.
type Connection struct {
	Address            string `json:"address"`
	DialTimeout        string `json:"dial_timeout"`
	TLSRequired        bool   `json:"tls_required"`
	ClientAuthRequired bool   `json:"client_auth_required"`
	ClientCert         string `json:"client_cert,omitempty"`
	ClientKey          string `json:"client_key,omitempty"`
	RootCert           string `json:"root_cert"`
}

// Programs lists the names under which a program acts as the builder.
func Programs() []string { return []string{"detect", "build", "release"} }

// Run acts as the builder's program if args[0], a path, has one of its names, and otherwise reports that it is not meant.
func Run(args []string, getenv func(string) string) (meant bool, err error) {
	if len(args) == 0 || !slices.Contains(Programs(), filepath.Base(args[0])) {
		return false, nil
	}
	run := map[string]struct {
		args int
		do   func(dirs []string) error
	}{
		"detect":  {2, func(dirs []string) error { return detect(dirs[1]) }},                   // source, metadata
		"build":   {3, func(dirs []string) error { return pass(dirs[0], dirs[2]) }},            // source, metadata, output
		"release": {2, func(dirs []string) error { return release(dirs[0], dirs[1], getenv) }}, // build output, release
	}[filepath.Base(args[0])]
	if len(args)-1 != run.args {
		return true, fmt.Errorf("%s is run by a peer, with %d folders", filepath.Base(args[0]), run.args)
	}
	return true, run.do(args[1:])
}

// detect is nil if the package is for this builder.
func detect(metadata string) error {
	var m struct {
		Type string `json:"type"`
	}
	if err := readJSON(filepath.Join(metadata, "metadata.json"), &m); err != nil {
		return err
	}
	if m.Type != Type {
		return fmt.Errorf("a package of type %q, not %q", m.Type, Type)
	}
	return nil
}

// pass copies the connection from the package's source, once it has been read and makes sense.
func pass(source, output string) error {
	c, err := readConnection(source)
	if err != nil {
		return err
	}
	return writeConnection(output, c)
}

// release hands the connection to the peer, together with the peer's own certificate and key.
func release(built, output string, getenv func(string) string) error {
	c, err := readConnection(built)
	if err != nil {
		return err
	}
	cert, err1 := os.ReadFile(getenv(EnvCert))
	key, err2 := os.ReadFile(getenv(EnvKey))
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	c.ClientCert, c.ClientKey = string(cert), string(key)
	return writeConnection(filepath.Join(output, "chaincode", "server"), c)
}

func readConnection(dir string) (Connection, error) {
	var c Connection
	if err := readJSON(filepath.Join(dir, connectionFile), &c); err != nil {
		return c, err
	}
	if c.Address == "" || !c.TLSRequired || c.RootCert == "" {
		return c, errors.New("connection.json names no address, no TLS or no root certificate")
	}
	return c, nil
}

func writeConnection(dir string, c Connection) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	data, err := json.Marshal(c) //nolint:gosec // the peer reads the key that it shows from this file
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, connectionFile), data, 0o600)
}

func readJSON(path string, dst any) error {
	data, err := os.ReadFile(path) //nolint:gosec // the peer names the folder
	if err != nil {
		return err
	}
	return json.Unmarshal(data, dst)
}

// Install puts the builder's programs into dir/bin: one copy of the running program and its names. The copy stays what it is
// when the program is built anew.
func Install(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(self) //nolint:gosec // this program
	if err != nil {
		return err
	}
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	program, partial := filepath.Join(bin, "huzheng-net"), filepath.Join(bin, ".huzheng-net")
	if err := os.WriteFile(partial, data, 0o700); err != nil { //nolint:gosec // a program must be executable
		return err
	}
	if err := os.Rename(partial, program); err != nil {
		return err
	}
	for _, name := range Programs() {
		if err := os.Symlink(filepath.Base(program), filepath.Join(bin, name)); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}
