package genesis_test

import (
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/genesis"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

type object = map[string]any

func describe(t *testing.T, topo topology.Topology, orderer genesis.Orderer) object {
	t.Helper()
	files := layout.Network{Dir: "/net"}
	if orderer == nil {
		orderer = func(code string) layout.Identity { return files.Region(code).Identity("orderer") }
	}
	text, err := genesis.Configtx(topo, files, orderer)
	require.NoError(t, err)
	var doc struct {
		Profiles map[string]object `yaml:"Profiles"`
	}
	require.NoError(t, yaml.Unmarshal(text, &doc))
	return doc.Profiles["Regions"]
}

func TestBFT(t *testing.T) {
	channel := describe(t, topology.Default(), nil)
	require.Equal(t, object{"V2_0": true, "V3_0": true}, channel["Capabilities"], "V3_0 for BFT, V2_0 for clients that know no later one")
	orderer := channel["Orderer"].(object)
	require.Equal(t, "BFT", orderer["OrdererType"])
	require.NotContains(t, orderer, "Addresses", "V3_0 refuses global addresses")
	require.NotContains(t, orderer, "EtcdRaft")
	consenters := orderer["ConsenterMapping"].([]any)
	require.Len(t, consenters, 4)
	require.Equal(t, object{
		"ID": uint64(2), "Host": "127.0.0.1", "Port": uint64(17161), "MSPID": "SichuanMSP",
		"Identity":      "/net/regions/510000/orderer/msp/signcerts/cert.pem",
		"ClientTLSCert": "/net/regions/510000/orderer/tls/cert.pem",
		"ServerTLSCert": "/net/regions/510000/orderer/tls/cert.pem",
	}, consenters[1])
	org := orderer["Organizations"].([]any)[0].(object)
	require.Equal(t, []any{"127.0.0.1:17061"}, org["OrdererEndpoints"])
	require.Equal(t, object{"Type": "Signature", "Rule": "OR('GuangdongMSP.orderer')"}, org["Policies"].(object)["Writers"])
}

func TestRaft(t *testing.T) {
	topo := topology.Default()
	topo.Consensus = topology.Raft
	orderer := describe(t, topo, nil)["Orderer"].(object)
	require.Equal(t, "etcdraft", orderer["OrdererType"])
	require.NotContains(t, orderer, "ConsenterMapping")
	require.NotContains(t, orderer, "SmartBFT")
	require.Len(t, orderer["EtcdRaft"].(object)["Consenters"], 4)
}

func TestRenewedOrdererIsDescribedByItsNextCertificates(t *testing.T) {
	orderer := describe(t, topology.Default(), func(code string) layout.Identity {
		return layout.Identity{Dir: "/next/" + code}
	})["Orderer"].(object)
	require.Equal(t, "/next/440000/tls/cert.pem", orderer["ConsenterMapping"].([]any)[0].(object)["ServerTLSCert"])
}
