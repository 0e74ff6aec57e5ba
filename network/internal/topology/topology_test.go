package topology_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

func TestDefaultIsWhatAnEmptyRegionListOfFourMeans(t *testing.T) {
	def := topology.Default()
	require.NoError(t, def.Validate())
	require.Equal(t, []string{"440000", "510000", "500000", "430000"}, def.Codes())

	written, err := def.Marshal()
	require.NoError(t, err)
	read, err := topology.Parse(written)
	require.NoError(t, err)
	require.Equal(t, def, read, "what is written is what is read")

	short, err := topology.Parse([]byte(`
regions:
  - {code: "440000", name: 广东, msp: GuangdongMSP}
  - {code: "510000", name: 四川, msp: SichuanMSP}
  - {code: "500000", name: 重庆, msp: ChongqingMSP}
  - {code: "430000", name: 湖南, msp: HunanMSP}
`))
	require.NoError(t, err)
	require.Equal(t, def, short)
}

func TestMistakesAreAllNamed(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*topology.Topology)
		says []string
	}{
		"too few for bft": {func(t *topology.Topology) { t.Regions = t.Regions[:3] }, []string{"4 or more"}},
		"consensus":       {func(t *topology.Topology) { t.Consensus = "solo" }, []string{"bft or raft"}},
		"city for province": {func(t *topology.Topology) { t.Regions[0].Code = "440300" },
			[]string{"region 1 (440300)", "end in 0000"}},
		"same port": {func(t *topology.Topology) { t.Regions[1].Ports.Peer = t.Regions[0].Ports.Orderer },
			[]string{"region 2", "127.0.0.1:17061 is taken by 440000 orderer"}},
		"same msp": {func(t *topology.Topology) { t.Regions[3].MSPID = "SichuanMSP" }, []string{"msp SichuanMSP is taken by 510000"}},
		"two at once": {func(t *topology.Topology) { t.Regions[0].Name = ""; t.Regions[2].Host = "no host" },
			[]string{"region 1", "no name", "region 3", `"no host"`}},
		"short root": {func(t *topology.Topology) { t.Certificates.Root = t.Certificates.Node }, []string{"outlive"}},
		"network":    {func(t *topology.Topology) { t.Network = "net" }, []string{`network "net"`}},
		"url in the clear": {func(t *topology.Topology) { t.Regions[2].URL = "http://gw.cq.example" },
			[]string{"region 3", `url "http://gw.cq.example"`}},
		"same url": {func(t *topology.Topology) { t.Regions[1].URL = t.Regions[0].URL }, []string{"url https://gw.440000.example is taken by 440000"}},
		"size":     {func(t *topology.Topology) { t.Batch.PreferredBytes = "two" }, []string{`"two"`}},
	} {
		t.Run(name, func(t *testing.T) {
			topo := topology.Default()
			c.edit(&topo)
			err := topo.Validate()
			require.Error(t, err)
			for _, words := range c.says {
				require.ErrorContains(t, err, words)
			}
		})
	}
}

func TestGatewaysHavePlaceAndName(t *testing.T) {
	def := topology.Default()
	require.Equal(t, "huzheng", def.Network)
	require.Equal(t, 17180, def.Regions[1].Ports.Gateway)
	require.Equal(t, 17181, def.Regions[1].Ports.GatewayPeer)
	require.True(t, def.Regions[1].Local())
	require.Equal(t, "https://gw.510000.example", def.Regions[1].URL)

	apart := topology.Topology{Channel: "abc", Regions: []topology.Region{{Code: "440000", Host: "10.0.0.1", PortBase: 17000}}}
	apart.Fill()
	require.False(t, apart.Regions[0].Local())
	require.Equal(t, "https://10.0.0.1:17080", apart.Regions[0].URL)
	require.ErrorContains(t, apart.Validate(), `network ""`, "a channel's name that is too short is no id of a consortium")
}

func TestUnknownMembersAreRefused(t *testing.T) {
	_, err := topology.Parse([]byte("chanel: huzheng\n"))
	require.ErrorContains(t, err, "chanel")
}
