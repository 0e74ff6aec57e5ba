// Package layout says where each file of a network lies. Other packages join no paths of their own below these.
//
//	DIR/topology.yaml  state.json  lock        what the network is, what was started, who works on it
//	DIR/exchange/                              what the operators of other regions are handed, where each has a host of its own
//	DIR/channel/                               configuration of the channel and its genesis block
//	DIR/builder/bin/                           the peers' external chaincode builder
//	DIR/chaincode/<digest>/, gateway/<digest>/ programs of chaincode servers and gateways, by the SHA-256 of their bytes
//	DIR/charter/                               what the regions found their consortium with: entries, charter, signatures
//	DIR/logs/NODE.log                          what each node says
//	DIR/regions/CODE/msp/                      public: what the other regions are given
//	DIR/regions/CODE/ca/                       the region's root key and its CA
//	DIR/regions/CODE/{orderer,peer,chaincode,admin,gateway}/   an identity (msp, tls) and what its holder needs
//	DIR/regions/CODE/gateway/{data,data.keyring,master.key}    the gateway's stores, and apart from them what opens them
package layout

import "path/filepath"

// Network is the folder of one network.
type Network struct{ Dir string }

// Topology is the file with the network's topology, every default filled in.
func (n Network) Topology() string { return filepath.Join(n.Dir, "topology.yaml") }

// State is the file that remembers what was started and which chaincode runs.
func (n Network) State() string { return filepath.Join(n.Dir, "state.json") }

// Lock is held by the one huzheng-net that changes the network.
func (n Network) Lock() string { return filepath.Join(n.Dir, "lock") }

// Channel is the folder of configtx.yaml.
func (n Network) Channel() string { return filepath.Join(n.Dir, "channel") }

// Genesis is the channel's first block.
func (n Network) Genesis() string { return filepath.Join(n.Channel(), "genesis.block") }

// ConfigBlock is the configuration block that a region which joined later has entered the channel with.
func (n Network) ConfigBlock() string { return filepath.Join(n.Channel(), "config.block") }

// Exchange is a file that is handed to the operators of other regions.
func (n Network) Exchange(name string) string { return filepath.Join(n.Dir, "exchange", name) }

// Builder is the folder whose bin holds the external builder's programs.
func (n Network) Builder() string { return filepath.Join(n.Dir, "builder") }

// Chaincode is where the program of a chaincode server with this digest is kept.
func (n Network) Chaincode(digest string) string {
	return filepath.Join(n.Dir, "chaincode", digest, "chaincode")
}

// GatewayProgram is where the program of a gateway with this digest is kept.
func (n Network) GatewayProgram(digest string) string {
	return filepath.Join(n.Dir, "gateway", digest, "huzheng")
}

// Founder is a region's entry in the consortium: its public keys, its organisation, its gateway's URL.
func (n Network) Founder(code string) string { return n.charter(code + ".founder.json") }

// Charter is what the founding regions sign.
func (n Network) Charter() string { return n.charter("charter.json") }

// CharterSignature is a region's signature of the charter.
func (n Network) CharterSignature(code string) string { return n.charter(code + ".charter.sig") }

func (n Network) charter(name string) string { return filepath.Join(n.Dir, "charter", name) }

// Logs is the folder of the nodes' logs.
func (n Network) Logs() string { return filepath.Join(n.Dir, "logs") }

// Log is the log of one node.
func (n Network) Log(node string) string { return filepath.Join(n.Logs(), node+".log") }

// Region is the folder of one region.
func (n Network) Region(code string) Region {
	return Region{Dir: filepath.Join(n.Dir, "regions", code)}
}

// Region is the folder of one region.
type Region struct{ Dir string }

// MSP is the public membership folder of the region: its root certificate and which units mean which role.
func (r Region) MSP() string { return filepath.Join(r.Dir, "msp") }

// Root is the region's root certificate.
func (r Region) Root() string { return filepath.Join(r.MSP(), "cacerts", "ca.pem") }

// CA is the home of the region's CA server.
func (r Region) CA() string { return filepath.Join(r.Dir, "ca") }

// RootKey is the key of the region's root certificate. Nobody but the region's CA reads it.
func (r Region) RootKey() string { return filepath.Join(r.CA(), "ca-key.pem") }

// CATLS holds the certificate and key that the CA server shows to its clients.
func (r Region) CATLS() (cert, key string) {
	return filepath.Join(r.CA(), "tls-cert.pem"), filepath.Join(r.CA(), "tls-key.pem")
}

// Registrar is the file with the secret of the CA's registrar.
func (r Region) Registrar() string { return filepath.Join(r.CA(), "registrar.secret") }

// Gateway is the folder of the region's gateway.
func (r Region) Gateway() Gateway { return Gateway{Identity: r.Identity("gateway")} }

// Identity is the folder of one holder of certificates: orderer, peer, chaincode, admin or gateway.
func (r Region) Identity(name string) Identity { return Identity{Dir: filepath.Join(r.Dir, name)} }

// Identity is a folder with a membership certificate, a TLS certificate, and the keys of both.
type Identity struct{ Dir string }

// MSP is the local membership folder.
func (i Identity) MSP() string { return filepath.Join(i.Dir, "msp") }

// Cert is the membership certificate.
func (i Identity) Cert() string { return filepath.Join(i.MSP(), "signcerts", "cert.pem") }

// Key is the key of Cert.
func (i Identity) Key() string { return filepath.Join(i.MSP(), "keystore", "key.pem") }

// TLS is the folder of the TLS certificate, its key, and the region's root.
func (i Identity) TLS() string { return filepath.Join(i.Dir, "tls") }

// TLSCert is the TLS certificate, for servers and for clients.
func (i Identity) TLSCert() string { return filepath.Join(i.TLS(), "cert.pem") }

// TLSKey is the key of TLSCert.
func (i Identity) TLSKey() string { return filepath.Join(i.TLS(), "key.pem") }

// TLSRoot is the region's root certificate, beside the TLS certificate that it vouches for.
func (i Identity) TLSRoot() string { return filepath.Join(i.TLS(), "ca.pem") }

// Data is where the node keeps its ledger.
func (i Identity) Data() string { return filepath.Join(i.Dir, "data") }

// Gateway is the folder of a region's gateway: its identity on the channel, and its stores. What opens the stores lies beside them, so
// that a copy of the one does not carry the other.
type Gateway struct{ Identity }

// Connection is the file that tells the gateway how to reach the channel.
func (g Gateway) Connection() string { return filepath.Join(g.Dir, "connection.json") }

// Config is the gateway's configuration, which its program makes and reads.
func (g Gateway) Config() string { return filepath.Join(g.Data(), "huzheng.yaml") }

// Founder is the region's entry, where the gateway's program has made it.
func (g Gateway) Founder() string { return filepath.Join(g.Data(), "founder.json") }

// Keyring is the folder of the subjects' keys.
func (g Gateway) Keyring() string { return g.Data() + ".keyring" }

// MasterKey opens everything.
func (g Gateway) MasterKey() string { return filepath.Join(g.Dir, "master.key") }

// Unfinished is there while the stores are being made for the first time.
func (g Gateway) Unfinished() string { return g.Data() + ".unfinished" }

// Access is the file with the gateway's address and a key to its API, in a network for demonstration.
func (g Gateway) Access() string { return filepath.Join(g.Dir, "access.json") }
