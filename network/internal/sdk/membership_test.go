package sdk

import (
	"os"
	"testing"
	"time"

	"github.com/golang/protobuf/proto" //nolint:staticcheck // the SDK's own protobuf family
	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/genesis"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/progress"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// five is five provinces' public certificates in a folder, and Fabric's programs to describe them with.
type five struct {
	t        *testing.T
	files    layout.Network
	programs fabricbin.Programs
	topology topology.Topology
}

func newFive(t *testing.T, consensus topology.Consensus) *five {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Fabric's configtxgen, which is built first")
	}
	cache := os.Getenv("HUZHENG_NET_CACHE")
	if cache == "" {
		var err error
		cache, err = fabricbin.DefaultCache()
		require.NoError(t, err)
	}
	programs, err := fabricbin.Ensure(t.Context(), cache, progress.New(os.Stderr, time.Now))
	require.NoError(t, err)
	f := &five{t: t, files: layout.Network{Dir: t.TempDir()}, programs: programs, topology: topology.Default()}
	f.topology.Consensus = consensus
	f.topology.Regions = append(f.topology.Regions, topology.Region{Code: "520000", Name: "贵州", MSPID: "GuizhouMSP"})
	f.topology.Fill()
	for _, r := range f.topology.Regions {
		root, err := pki.NewRoot("ca."+r.Code, r.MSPID, time.Now(), time.Hour)
		require.NoError(t, err)
		require.NoError(t, pki.WriteMSP(f.files.Region(r.Code).MSP(), root.Cert))
		f.orderer(f.files.Region(r.Code).Identity("orderer"), root, r)
	}
	return f
}

func (f *five) orderer(id layout.Identity, root pki.Pair, r topology.Region) {
	f.t.Helper()
	for _, path := range []string{id.Cert(), id.TLSCert()} {
		pair, err := pki.IssueServer(root, "orderer."+r.Code, []string{r.Host}, time.Now(), time.Minute)
		require.NoError(f.t, err)
		require.NoError(f.t, pki.WriteFile(path, pair.Cert))
	}
}

// describe is the block that describes some of the five, with the orderer of the one named renewed.
func (f *five) describe(renewed string, which ...int) []byte {
	f.t.Helper()
	some := f.topology
	some.Regions = nil
	for _, i := range which {
		some.Regions = append(some.Regions, f.topology.Regions[i])
	}
	block, err := genesis.Block(f.t.Context(), f.programs, some, f.files, func(code string) layout.Identity {
		if code == renewed {
			return f.files.Region("520000").Identity("orderer") // any other certificates
		}
		return f.files.Region(code).Identity("orderer")
	})
	require.NoError(f.t, err)
	return block
}

// changed is the configuration of a block after a change, as a block.
func changed(t *testing.T, before []byte, m Membership) []byte {
	t.Helper()
	block, config, err := readBlock(before)
	require.NoError(t, err)
	require.NoError(t, m.apply(config))
	var envelope common.Envelope
	var payload common.Payload
	require.NoError(t, proto.Unmarshal(block.Data.Data[0], &envelope))
	require.NoError(t, proto.Unmarshal(envelope.Payload, &payload))
	marshal := func(m proto.Message) []byte {
		data, err := proto.Marshal(m)
		require.NoError(t, err)
		return data
	}
	payload.Data = marshal(&common.ConfigEnvelope{Config: config})
	envelope.Payload = marshal(&payload)
	block.Data.Data[0] = marshal(&envelope)
	return marshal(block)
}

// TestAChangeIsWhatADescriptionOfTheWholeSays: what is edited into a configuration here is, byte for byte, what Fabric's own program
// makes of the whole: members, consenters and, under BFT, the policy for blocks.
func TestAChangeIsWhatADescriptionOfTheWholeSays(t *testing.T) {
	compared := 0
	for _, consensus := range []topology.Consensus{topology.BFT, topology.Raft} {
		f := newFive(t, consensus)
		four, all := f.describe("", 0, 1, 2, 3), f.describe("", 0, 1, 2, 3, 4)
		read := func(block []byte, i int) Member {
			v, err := ReadBlock(block)
			require.NoError(t, err)
			require.Equal(t, consensus == topology.BFT, v.BFT)
			require.Equal(t, f.topology.Channel, v.Channel)
			return v.Members[i]
		}
		other := read(all, 4).Orderer
		for name, c := range map[string]struct {
			before, after []byte
			change        Membership
		}{
			"the fifth joins":       {four, all, Membership{MSPID: "GuizhouMSP", Join: f.describe("", 4)}},
			"the last leaves":       {all, four, Membership{MSPID: "GuizhouMSP", Leave: true}},
			"the first is renewed":  {four, f.describe("440000", 0, 1, 2, 3), Membership{MSPID: "GuangdongMSP", Renew: &other}},
			"one joined already":    {all, all, Membership{MSPID: "GuizhouMSP", Join: f.describe("", 4)}},
			"nobody leaves":         {four, four, Membership{MSPID: "GuizhouMSP", Leave: true}},
			"the fifth, as it was":  {all, all, Membership{MSPID: "GuizhouMSP", Renew: &other}},
			"the fifth comes again": {changed(t, all, Membership{MSPID: "GuizhouMSP", Leave: true}), all, Membership{MSPID: "GuizhouMSP", Join: f.describe("", 4)}},
		} {
			t.Run(string(consensus)+", "+name, func(t *testing.T) {
				same, err := SameConfig(f.topology.Channel, changed(t, c.before, c.change), c.after)
				require.NoError(t, err)
				require.True(t, same)
				update, err := Prepare(f.topology.Channel, c.before, c.change)
				require.NoError(t, err)
				unchanged, err := SameConfig(f.topology.Channel, c.before, c.after)
				require.NoError(t, err)
				require.Equal(t, unchanged, update == nil, "no update where there is nothing to change")
				again, err := Prepare(f.topology.Channel, c.before, c.change)
				require.NoError(t, err)
				require.Equal(t, update, again, "whoever prepares it gets the same bytes")
				compared++
			})
		}
	}
	t.Logf("compared %d changes with descriptions of the whole", compared)
	require.Equal(t, 14, compared)
}

// TestOrderersKeepTheirNumbers: the others know a BFT orderer by its number, so that one that leaves must not move the rest up, and
// one that comes must not get a number that is taken.
func TestOrderersKeepTheirNumbers(t *testing.T) {
	f := newFive(t, topology.BFT)
	numbers := func(block []byte) map[string]uint32 {
		_, config, err := readBlock(block)
		require.NoError(t, err)
		list, _, err := readConsenters(config.ChannelGroup.Groups[groupOrderer])
		require.NoError(t, err)
		ids := map[string]uint32{}
		for _, c := range list {
			ids[c.MSPID] = c.ID
		}
		return ids
	}
	left := changed(t, f.describe("", 0, 1, 2, 3, 4), Membership{MSPID: "SichuanMSP", Leave: true})
	require.Equal(t, map[string]uint32{"GuangdongMSP": 1, "ChongqingMSP": 3, "HunanMSP": 4, "GuizhouMSP": 5}, numbers(left))
	back := changed(t, left, Membership{MSPID: "SichuanMSP", Join: f.describe("", 1)})
	require.Equal(t, uint32(6), numbers(back)["SichuanMSP"])
}

func TestOneRootCountsOnce(t *testing.T) {
	f := newFive(t, topology.BFT)
	four := f.describe("", 0, 1, 2, 3)
	f.topology.Regions[4].MSPID = "TwinMSP"
	root, err := os.ReadFile(f.files.Region("440000").Root())
	require.NoError(t, err)
	require.NoError(t, pki.WriteMSP(f.files.Region("520000").MSP(), root))
	_, err = Prepare(f.topology.Channel, four, Membership{MSPID: "TwinMSP", Join: f.describe("", 4)})
	require.ErrorContains(t, err, "this is the root of GuangdongMSP")

	f.topology.Regions[4].MSPID = "SichuanMSP"
	_, err = Prepare(f.topology.Channel, four, Membership{MSPID: "SichuanMSP", Join: f.describe("", 4)})
	require.ErrorContains(t, err, "another root")
	_, err = Prepare(f.topology.Channel, four, Membership{MSPID: "NobodyMSP", Renew: &Orderer{}})
	require.ErrorContains(t, err, "no orderer in the channel")
	_, err = Prepare(f.topology.Channel, four, Membership{MSPID: "HunanMSP"})
	require.ErrorContains(t, err, "no change")
	for _, data := range [][]byte{nil, []byte("no block"), four[:len(four)/2]} {
		_, err = ReadBlock(data)
		require.Error(t, err)
	}
}
