package sdk

import (
	"encoding/json"

	"github.com/hyperledger/fabric-sdk-go/pkg/common/providers/core"
	"github.com/hyperledger/fabric-sdk-go/pkg/core/config"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/nodeconf"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

type object = map[string]any

// configuration describes the whole network to the SDK. store is where it keeps keys and certificates that it makes itself.
func configuration(t topology.Topology, files layout.Network, store string) core.ConfigProvider {
	peers, orderers, organizations, channelPeers := object{}, object{}, object{}, object{}
	for _, r := range t.Regions {
		root := object{"path": files.Region(r.Code).Root()}
		peer, orderer := PeerName(r.Code), ordererName(r.Code)
		peers[peer] = object{"url": r.Address(r.Ports.Peer), "tlsCACerts": root}
		orderers[orderer] = object{"url": r.Address(r.Ports.Orderer), "tlsCACerts": root}
		channelPeers[peer] = object{"endorsingPeer": true, "chaincodeQuery": true, "ledgerQuery": true, "eventSource": true}
		organizations[r.Code] = object{"mspid": r.MSPID, "peers": []string{peer}, "cryptoPath": "none"}
	}
	names := make([]string, 0, len(orderers))
	for _, code := range t.Codes() {
		names = append(names, ordererName(code))
	}
	return provide(object{
		"client":   client(t.Regions[0].Code, store),
		"channels": object{t.Channel: object{"orderers": names, "peers": channelPeers}},
		"peers":    peers, "orderers": orderers, "organizations": organizations,
	})
}

// caConfiguration describes one region's CA to the SDK, with the registrar's secret.
func caConfiguration(r topology.Region, region layout.Region, secret, store string) core.ConfigProvider {
	ca := caName(r.Code)
	return provide(object{
		"client":        client(r.Code, store),
		"organizations": object{r.Code: object{"mspid": r.MSPID, "cryptoPath": "none", "certificateAuthorities": []string{ca}}},
		"certificateAuthorities": object{ca: object{
			"url": "https://" + r.Address(r.Ports.CA), "caName": ca, "tlsCACerts": object{"path": region.Root()},
			"registrar": object{"enrollId": nodeconf.Registrar, "enrollSecret": secret},
		}},
	})
}

func client(organization, store string) object {
	return object{
		"organization":    organization,
		"logging":         object{"level": "critical"}, // what goes wrong comes back as an error
		"credentialStore": object{"path": store, "cryptoStore": object{"path": store}},
		"BCCSP": object{"security": object{
			"enabled": true, "default": object{"provider": "SW"}, "hashAlgorithm": "SHA2", "softVerify": true, "level": 256,
		}},
		"tlsCerts": object{"systemCertPool": false},
		"peer":     object{"timeout": object{"connection": "5s", "response": "30s"}},
		// An orderer takes a transaction at once. One that does not stands still, and another one is asked.
		"orderer": object{"timeout": object{"connection": "5s", "response": "10s"}},
		"global":  object{"timeout": object{"query": "30s", "execute": "60s", "resmgmt": "60s"}},
	}
}

// provide hands a configuration to the SDK as JSON, whose keys are strings even where they look like numbers.
func provide(o object) core.ConfigProvider {
	return func() ([]core.ConfigBackend, error) {
		data, err := json.Marshal(o)
		if err != nil {
			return nil, err
		}
		return config.FromRaw(data, "json")()
	}
}

// PeerName is the name under which a region's peer is a target.
func PeerName(code string) string { return "peer." + code }

func ordererName(code string) string { return "orderer." + code }

func caName(code string) string { return "ca." + code }
