package nodeconf_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/nodeconf"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

type object = map[string]any

var files = layout.Network{Dir: "/net"}

// defaults is a program folder with small files of defaults.
func defaults(t *testing.T) fabricbin.Programs {
	t.Helper()
	p := fabricbin.Programs{Dir: t.TempDir()}
	require.NoError(t, os.WriteFile(p.Path(fabricbin.PeerConfig), []byte("peer:\n  keepalive: {interval: 7200s}\n  listenAddress: 0.0.0.0:7051\nvm: {endpoint: unix:///docker.sock}\n"), 0o600))
	require.NoError(t, os.WriteFile(p.Path(fabricbin.OrdererConfig), []byte("General:\n  Keepalive: {ServerInterval: 7200s}\n"), 0o600))
	return p
}

func parse(t *testing.T, text []byte, err error) object {
	t.Helper()
	require.NoError(t, err)
	var o object
	require.NoError(t, yaml.Unmarshal(text, &o))
	return o
}

// strings lists every string in a document.
func strings(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case object:
		var all []string
		for _, member := range v {
			all = append(all, strings(member)...)
		}
		return all
	case []any:
		var all []string
		for _, element := range v {
			all = append(all, strings(element)...)
		}
		return all
	}
	return nil
}

func TestNothingListensOnEveryInterface(t *testing.T) {
	topo := topology.Default()
	r := topo.Regions[1]
	peer, err := nodeconf.Peer(defaults(t), topo, r, files)
	p := parse(t, peer, err)
	orderer, err := nodeconf.Orderer(defaults(t), r, files)
	o := parse(t, orderer, err)
	server, err := nodeconf.CA(topo, r, files, "secret")
	ca := parse(t, server, err)
	for _, doc := range []object{p, o, ca} {
		for _, s := range strings(doc) {
			require.NotContains(t, s, "0.0.0.0")
		}
	}
	require.Equal(t, "127.0.0.1:17151", p["peer"].(object)["listenAddress"])
	require.Equal(t, "127.0.0.1", ca["address"])
	require.Equal(t, true, ca["tls"].(object)["enabled"])
	require.Equal(t, true, o["Admin"].(object)["TLS"].(object)["ClientAuthRequired"])
	require.Equal(t, "none", o["General"].(object)["BootstrapMethod"])
	require.Empty(t, p["vm"].(object)["endpoint"], "no container engine")
}

func TestGatewayKnowsItsOwnPeerFirst(t *testing.T) {
	topo := topology.Default()
	text, err := nodeconf.Gateway(topo, topo.Regions[2], files)
	require.NoError(t, err)
	var c nodeconf.Connection
	require.NoError(t, json.Unmarshal(text, &c))
	require.Len(t, c.Peers, 4)
	require.Equal(t, nodeconf.ConnectionPeer{
		Region: "500000", Name: "重庆", MSPID: "ChongqingMSP", Address: "127.0.0.1:17251", TLSRoot: "/net/regions/500000/msp/cacerts/ca.pem",
		Gateway: "127.0.0.1:17281",
	}, c.Peers[0])
	require.Equal(t, "/net/regions/500000/gateway/msp/keystore/key.pem", c.Key)
	require.Equal(t, c.Peers[0].Gateway, c.PeerListen)
}

func TestDefaultsOfTheReleaseStay(t *testing.T) {
	peer, err := nodeconf.Peer(defaults(t), topology.Default(), topology.Default().Regions[0], files)
	require.Equal(t, "7200s", parse(t, peer, err)["peer"].(object)["keepalive"].(object)["interval"])
	orderer, err := nodeconf.Orderer(defaults(t), topology.Default().Regions[0], files)
	require.Equal(t, "7200s", parse(t, orderer, err)["General"].(object)["Keepalive"].(object)["ServerInterval"])
}
