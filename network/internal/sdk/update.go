package sdk

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/golang/protobuf/proto" //nolint:staticcheck // the SDK's own protobuf family
	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/resmgmt"
	"github.com/hyperledger/fabric-sdk-go/pkg/fab/resource"
)

// SameConfig reports whether two configuration blocks configure a channel alike. Either may be the other's past or future; their
// numbers, times and signatures do not count.
func SameConfig(channel string, a, b []byte) (bool, error) {
	var block common.Block
	if err := proto.Unmarshal(a, &block); err != nil {
		return false, err
	}
	update, err := difference(channel, &block, b)
	return update == nil, err
}

// difference is the configuration update that leads from the current block to the described one, or nil.
func difference(channel string, current *common.Block, described []byte) (*common.ConfigUpdate, error) {
	var block common.Block
	if err := proto.Unmarshal(described, &block); err != nil {
		return nil, err
	}
	now, err1 := resource.ExtractConfigFromBlock(current)
	wanted, err2 := resource.ExtractConfigFromBlock(&block)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	wanted.Sequence = now.Sequence
	if err := alignCapabilities(now.ChannelGroup, wanted.ChannelGroup); err != nil {
		return nil, err
	}
	update, err := resmgmt.CalculateConfigUpdate(channel, now, wanted)
	if err != nil && strings.Contains(err.Error(), "no differences detected") {
		return nil, nil
	}
	return update, err
}

// alignCapabilities makes equal sets of capabilities equal bytes. They are maps, which are serialised in any order, while updates
// compare bytes; no other value of a configuration holds a map.
func alignCapabilities(now, wanted *common.ConfigGroup) error {
	const name = "Capabilities"
	if now == nil || wanted == nil {
		return nil
	}
	a, b := now.Values[name], wanted.Values[name]
	if a != nil && b != nil {
		var present, other common.Capabilities
		if err := errors.Join(proto.Unmarshal(a.Value, &present), proto.Unmarshal(b.Value, &other)); err != nil {
			return err
		}
		if proto.Equal(&present, &other) {
			b.Value = a.Value
		}
	}
	for key, group := range wanted.Groups {
		if err := alignCapabilities(now.Groups[key], group); err != nil {
			return err
		}
	}
	return nil
}

// envelope wraps a serialised update as the SDK reads one.
func envelope(channel string, update []byte) ([]byte, error) {
	data, err := proto.Marshal(&common.ConfigUpdateEnvelope{ConfigUpdate: update})
	if err != nil {
		return nil, err
	}
	header, err := proto.Marshal(&common.ChannelHeader{ChannelId: channel, Type: int32(common.HeaderType_CONFIG_UPDATE)})
	if err != nil {
		return nil, err
	}
	payload, err := proto.Marshal(&common.Payload{Header: &common.Header{ChannelHeader: header}, Data: data})
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&common.Envelope{Payload: payload})
}

// PackageID is the id that a peer gives a package: its label and the SHA-256 of its bytes.
func PackageID(label string, pkg []byte) string {
	sum := sha256.Sum256(pkg)
	return label + ":" + hex.EncodeToString(sum[:])
}

// configDigest hashes a configuration in the one serialisation that has its maps in order.
func configDigest(config *common.Config) ([]byte, error) {
	buffer := proto.NewBuffer(nil)
	buffer.SetDeterministic(true)
	if err := buffer.Marshal(config); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(buffer.Bytes())
	return sum[:], nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
