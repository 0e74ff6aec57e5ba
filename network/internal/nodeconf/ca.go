package nodeconf

import (
	"time"

	"github.com/goccy/go-yaml"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// Registrar is the name of the one identity that a CA starts with. It registers all others.
const Registrar = "registrar"

// CA writes a region's fabric-ca-server-config.yaml. The server issues for identities and, under the profile "tls", for TLS.
func CA(t topology.Topology, r topology.Region, files layout.Network, secret string) ([]byte, error) {
	region := files.Region(r.Code)
	cert, key := region.CATLS()
	life := time.Duration(t.Certificates.Node).String()
	return yaml.Marshal(map[string]any{
		"port":    r.Ports.CA,
		"address": r.Listen, // the server's own default is every interface
		"tls":     map[string]any{"enabled": true, "certfile": cert, "keyfile": key},
		"ca": map[string]any{
			"name": "ca." + r.Code, "certfile": region.Root(), "keyfile": region.RootKey(),
			"reenrollIgnoreCertExpiry": true, // a node that was away until its certificate expired can still renew it
		},
		"registry": map[string]any{
			"maxenrollments": -1,
			"identities": []map[string]any{{
				"name": Registrar, "pass": secret, "type": "client", "affiliation": "", "attrs": map[string]any{
					"hf.Registrar.Roles": "client,peer,orderer,admin", "hf.Registrar.Attributes": "*", "hf.Revoker": true, "hf.GenCRL": true,
				},
			}},
		},
		"affiliations": map[string]any{},
		"db":           map[string]any{"type": "sqlite3", "datasource": "fabric-ca-server.db"},
		"signing": map[string]any{
			"default": map[string]any{"usage": []string{"digital signature"}, "expiry": life},
			"profiles": map[string]any{"tls": map[string]any{
				"usage": []string{"signing", "key encipherment", "server auth", "client auth", "key agreement"}, "expiry": life,
			}},
		},
		"bccsp": map[string]any{"default": "SW", "sw": map[string]any{
			"hash": "SHA2", "security": 256, "filekeystore": map[string]any{"keystore": "keystore"},
		}},
		"operations": map[string]any{"listenAddress": "127.0.0.1:0"},
		"metrics":    map[string]any{"provider": "disabled"},
	})
}
