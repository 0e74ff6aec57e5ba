package sdk

import (
	"crypto/sha256"
	"testing"

	"github.com/golang/protobuf/proto" //nolint:staticcheck // the SDK's own protobuf family
	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/stretchr/testify/require"
)

// capabilities serialises a set in the order given. Concatenated messages merge.
func capabilities(t *testing.T, names ...string) []byte {
	t.Helper()
	var all []byte
	for _, name := range names {
		one, err := proto.Marshal(&common.Capabilities{Capabilities: map[string]*common.Capability{name: {}}})
		require.NoError(t, err)
		all = append(all, one...)
	}
	return all
}

// block is a configuration block whose channel has these capabilities and this batch timeout.
func block(t *testing.T, sequence uint64, capabilities []byte, timeout string) []byte {
	t.Helper()
	marshal := func(m proto.Message) []byte {
		data, err := proto.Marshal(m)
		require.NoError(t, err)
		return data
	}
	config := &common.Config{Sequence: sequence, ChannelGroup: &common.ConfigGroup{
		Values: map[string]*common.ConfigValue{"Capabilities": {Value: capabilities, ModPolicy: "Admins"}},
		Groups: map[string]*common.ConfigGroup{"Orderer": {
			Values: map[string]*common.ConfigValue{"BatchTimeout": {Value: []byte(timeout), ModPolicy: "Admins"}},
		}},
	}}
	payload := &common.Payload{
		Header: &common.Header{ChannelHeader: marshal(&common.ChannelHeader{Type: int32(common.HeaderType_CONFIG), ChannelId: "huzheng"})},
		Data:   marshal(&common.ConfigEnvelope{Config: config}),
	}
	envelope := marshal(&common.Envelope{Payload: marshal(payload)})
	return marshal(&common.Block{Header: &common.BlockHeader{}, Data: &common.BlockData{Data: [][]byte{envelope}}, Metadata: &common.BlockMetadata{}})
}

func TestSameConfig(t *testing.T) {
	present := block(t, 7, capabilities(t, "V2_0", "V3_0"), "200ms")
	for name, c := range map[string]struct {
		other []byte
		same  bool
	}{
		"itself":                  {present, true},
		"maps in another order":   {block(t, 0, capabilities(t, "V3_0", "V2_0"), "200ms"), true},
		"one capability less":     {block(t, 7, capabilities(t, "V3_0"), "200ms"), false},
		"another batch timeout":   {block(t, 7, capabilities(t, "V3_0", "V2_0"), "2s"), false},
		"one capability in place": {block(t, 7, capabilities(t, "V2_0", "V9_9"), "200ms"), false},
	} {
		t.Run(name, func(t *testing.T) {
			same, err := SameConfig("huzheng", present, c.other)
			require.NoError(t, err)
			require.Equal(t, c.same, same)
		})
	}
	_, err := SameConfig("huzheng", []byte("no block"), present)
	require.Error(t, err)
}

func TestHeaderHash(t *testing.T) {
	// The DER of SEQUENCE { INTEGER 1, OCTET STRING 01, OCTET STRING 02 }.
	got, err := headerHash(&common.BlockHeader{Number: 1, PreviousHash: []byte{1}, DataHash: []byte{2}})
	require.NoError(t, err)
	want := sha256.Sum256([]byte{0x30, 9, 2, 1, 1, 4, 1, 1, 4, 1, 2})
	require.Equal(t, want[:], got)
	other, err := headerHash(&common.BlockHeader{Number: 2, PreviousHash: []byte{1}, DataHash: []byte{2}})
	require.NoError(t, err)
	require.NotEqual(t, got, other)
}
