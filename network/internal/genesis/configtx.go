package genesis

import (
	"time"

	"github.com/goccy/go-yaml"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// profile is the name of the one channel profile in configtx.yaml.
const profile = "Regions"

// configtx mirrors the part of configtx.yaml that is used. The members' names are Fabric's own.
type configtx struct {
	Profiles map[string]channel `yaml:"Profiles"`
}

type channel struct {
	Policies     map[string]policy `yaml:"Policies"`
	Capabilities map[string]bool   `yaml:"Capabilities"`
	Orderer      orderer           `yaml:"Orderer"`
	Application  application       `yaml:"Application"`
}

type policy struct {
	Type string `yaml:"Type"`
	Rule string `yaml:"Rule"`
}

type application struct {
	Policies      map[string]policy `yaml:"Policies"`
	Capabilities  map[string]bool   `yaml:"Capabilities"`
	Organizations []organization    `yaml:"Organizations"`
}

type orderer struct {
	OrdererType      string            `yaml:"OrdererType"`
	BatchTimeout     string            `yaml:"BatchTimeout"`
	BatchSize        batchSize         `yaml:"BatchSize"`
	SmartBFT         *smartBFT         `yaml:"SmartBFT,omitempty"`
	ConsenterMapping []consenter       `yaml:"ConsenterMapping,omitempty"`
	EtcdRaft         *etcdRaft         `yaml:"EtcdRaft,omitempty"`
	Policies         map[string]policy `yaml:"Policies"`
	Capabilities     map[string]bool   `yaml:"Capabilities"`
	Organizations    []organization    `yaml:"Organizations"`
}

type batchSize struct {
	MaxMessageCount   uint32 `yaml:"MaxMessageCount"`
	AbsoluteMaxBytes  string `yaml:"AbsoluteMaxBytes"`
	PreferredMaxBytes string `yaml:"PreferredMaxBytes"`
}

type smartBFT struct {
	RequestBatchMaxCount      uint32 `yaml:"RequestBatchMaxCount"`
	RequestBatchMaxInterval   string `yaml:"RequestBatchMaxInterval"`
	RequestForwardTimeout     string `yaml:"RequestForwardTimeout"`
	RequestComplainTimeout    string `yaml:"RequestComplainTimeout"`
	RequestAutoRemoveTimeout  string `yaml:"RequestAutoRemoveTimeout"`
	RequestPoolSize           int    `yaml:"RequestPoolSize"`
	IncomingMessageBufferSize int    `yaml:"IncomingMessageBufferSize"`
	ViewChangeResendInterval  string `yaml:"ViewChangeResendInterval"`
	ViewChangeTimeout         string `yaml:"ViewChangeTimeout"`
	LeaderHeartbeatTimeout    string `yaml:"LeaderHeartbeatTimeout"`
	LeaderHeartbeatCount      int    `yaml:"LeaderHeartbeatCount"`
	CollectTimeout            string `yaml:"CollectTimeout"`
}

type etcdRaft struct {
	Consenters []consenter `yaml:"Consenters"`
	Options    raftOptions `yaml:"Options"`
}

type raftOptions struct {
	TickInterval         string `yaml:"TickInterval"`
	ElectionTick         int    `yaml:"ElectionTick"`
	HeartbeatTick        int    `yaml:"HeartbeatTick"`
	MaxInflightBlocks    int    `yaml:"MaxInflightBlocks"`
	SnapshotIntervalSize string `yaml:"SnapshotIntervalSize"`
}

type consenter struct {
	ID            uint32 `yaml:"ID,omitempty"`
	Host          string `yaml:"Host"`
	Port          int    `yaml:"Port"`
	MSPID         string `yaml:"MSPID,omitempty"`
	Identity      string `yaml:"Identity,omitempty"`
	ClientTLSCert string `yaml:"ClientTLSCert"`
	ServerTLSCert string `yaml:"ServerTLSCert"`
}

type organization struct {
	Name             string            `yaml:"Name"`
	ID               string            `yaml:"ID"`
	MSPDir           string            `yaml:"MSPDir"`
	Policies         map[string]policy `yaml:"Policies"`
	OrdererEndpoints []string          `yaml:"OrdererEndpoints,omitempty"`
	AnchorPeers      []anchorPeer      `yaml:"AnchorPeers,omitempty"`
}

type anchorPeer struct {
	Host string `yaml:"Host"`
	Port int    `yaml:"Port"`
}

// Orderer says where the certificates of a region's orderer are that the channel shall know it by.
type Orderer func(code string) layout.Identity

// Configtx writes configtx.yaml for the topology. It names the certificates of the regions by their paths.
func Configtx(t topology.Topology, files layout.Network, orderer Orderer) ([]byte, error) {
	return yaml.Marshal(configtx{Profiles: map[string]channel{profile: {
		Policies: metaPolicies(),
		// BFT needs V3_0. V2_0 stands beside it for clients that know no later one and would otherwise take the channel for one
		// without the chaincode life cycle.
		Capabilities: map[string]bool{"V2_0": true, "V3_0": true},
		Orderer:      ordererOf(t, files, orderer),
		Application:  applicationOf(t, files),
	}}})
}

// metaPolicies is what every level asks: anyone may read and write that a level below lets, a majority of regions changes it.
func metaPolicies() map[string]policy {
	return map[string]policy{
		"Readers": {"ImplicitMeta", "ANY Readers"},
		"Writers": {"ImplicitMeta", "ANY Writers"},
		"Admins":  {"ImplicitMeta", "MAJORITY Admins"},
	}
}

func applicationOf(t topology.Topology, files layout.Network) application {
	policies := metaPolicies()
	policies["Endorsement"] = policy{"ImplicitMeta", "MAJORITY Endorsement"}
	policies["LifecycleEndorsement"] = policy{"ImplicitMeta", "MAJORITY Endorsement"}
	a := application{Policies: policies, Capabilities: map[string]bool{"V2_5": true}}
	for _, r := range t.Regions {
		a.Organizations = append(a.Organizations, organization{
			Name: r.MSPID, ID: r.MSPID, MSPDir: files.Region(r.Code).MSP(),
			Policies: map[string]policy{
				"Readers":     signature(r, "member"),
				"Writers":     signature(r, "admin", "client"),
				"Admins":      signature(r, "admin"),
				"Endorsement": signature(r, "peer"),
			},
			AnchorPeers: []anchorPeer{{r.Host, r.Ports.Peer}},
		})
	}
	return a
}

func ordererOf(t topology.Topology, files layout.Network, identity Orderer) orderer {
	policies := metaPolicies()
	policies["BlockValidation"] = policy{"ImplicitMeta", "ANY Writers"} // under BFT, configtxgen puts a quorum of orderers here
	o := orderer{
		BatchTimeout: t.Batch.Timeout.String(),
		BatchSize:    batchSize{t.Batch.MaxMessages, t.Batch.AbsoluteBytes, t.Batch.PreferredBytes},
		Policies:     policies,
		Capabilities: map[string]bool{"V2_0": true},
	}
	for _, r := range t.Regions {
		o.Organizations = append(o.Organizations, organization{
			Name: r.MSPID, ID: r.MSPID, MSPDir: files.Region(r.Code).MSP(),
			Policies: map[string]policy{
				"Readers": signature(r, "member"),
				"Writers": signature(r, "orderer"),
				"Admins":  signature(r, "admin"),
			},
			OrdererEndpoints: []string{r.Address(r.Ports.Orderer)},
		})
	}
	if t.Consensus == topology.Raft {
		o.OrdererType, o.EtcdRaft = "etcdraft", raftOf(t, identity)
		return o
	}
	o.OrdererType, o.SmartBFT, o.ConsenterMapping = "BFT", smartBFTOf(t), consenters(t, identity, true)
	return o
}

func smartBFTOf(t topology.Topology) *smartBFT {
	return &smartBFT{
		RequestBatchMaxCount:      t.Batch.MaxMessages,
		RequestBatchMaxInterval:   t.Batch.Timeout.String(),
		RequestForwardTimeout:     t.BFT.RequestForward.String(),
		RequestComplainTimeout:    t.BFT.RequestComplain.String(),
		RequestAutoRemoveTimeout:  (3 * time.Minute).String(),
		RequestPoolSize:           100_000,
		IncomingMessageBufferSize: 200,
		ViewChangeResendInterval:  topology.Duration(time.Duration(t.BFT.ViewChange) / 2).String(),
		ViewChangeTimeout:         t.BFT.ViewChange.String(),
		LeaderHeartbeatTimeout:    t.BFT.LeaderHeartbeat.String(),
		LeaderHeartbeatCount:      10,
		CollectTimeout:            time.Second.String(),
	}
}

func raftOf(t topology.Topology, identity Orderer) *etcdRaft {
	return &etcdRaft{
		Consenters: consenters(t, identity, false),
		Options:    raftOptions{TickInterval: "500ms", ElectionTick: 10, HeartbeatTick: 1, MaxInflightBlocks: 5, SnapshotIntervalSize: "16 MB"},
	}
}

// consenters lists the orderers. BFT knows each by a number and by the certificate it signs with; Raft by TLS alone.
func consenters(t topology.Topology, identity Orderer, signing bool) []consenter {
	list := make([]consenter, len(t.Regions))
	for i, r := range t.Regions {
		id := identity(r.Code)
		list[i] = consenter{Host: r.Host, Port: r.Ports.Orderer, ClientTLSCert: id.TLSCert(), ServerTLSCert: id.TLSCert()}
		if signing {
			list[i].ID, list[i].MSPID, list[i].Identity = uint32(i+1), r.MSPID, id.Cert()
		}
	}
	return list
}

// signature is the policy that a holder of one of the roles in the region signs.
func signature(r topology.Region, roles ...string) policy {
	rule := ""
	for _, role := range roles {
		if rule != "" {
			rule += ","
		}
		rule += "'" + r.MSPID + "." + role + "'"
	}
	return policy{"Signature", "OR(" + rule + ")"}
}
