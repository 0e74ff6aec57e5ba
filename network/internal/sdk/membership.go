package sdk

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/golang/protobuf/proto" //nolint:staticcheck // the SDK's own protobuf family
	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/hyperledger/fabric-protos-go/msp"
	"github.com/hyperledger/fabric-protos-go/peer"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/resmgmt"
	"github.com/hyperledger/fabric-sdk-go/pkg/fab/resource"
)

// Membership is one change of who belongs to a channel: one of Join, Leave and Renew.
type Membership struct {
	MSPID string
	Join  []byte   // a block that describes the region alone: it becomes a member
	Leave bool     // it is a member no more
	Renew *Orderer // its orderer is known by these certificates from now on
}

// View is a channel's configuration, as far as provinces agree on it.
type View struct {
	Channel  string
	Number   uint64 // of the block
	Sequence uint64 // how often the configuration has been changed
	BFT      bool
	Members  []Member // in the order of their orderers
}

// Member is a region in a channel.
type Member struct {
	MSPID   string
	Root    []byte // PEM
	Orderer Orderer
	Anchor  string // its peer's address
}

// Member finds a region by its MSP ID.
func (v View) Member(mspID string) (Member, bool) {
	i := slices.IndexFunc(v.Members, func(m Member) bool { return m.MSPID == mspID })
	if i < 0 {
		return Member{}, false
	}
	return v.Members[i], true
}

// ReadBlock reads a configuration block.
func ReadBlock(data []byte) (View, error) {
	block, config, err := readBlock(data)
	if err != nil {
		return View{}, err
	}
	channel, err := channelOf(block)
	if err != nil {
		return View{}, err
	}
	list, bft, err := readConsenters(config.ChannelGroup.Groups[groupOrderer])
	if err != nil {
		return View{}, err
	}
	v := View{Channel: channel, Number: block.Header.GetNumber(), Sequence: config.Sequence, BFT: bft}
	for _, c := range list {
		m := Member{MSPID: c.MSPID, Orderer: Orderer{Host: c.Host, Port: c.Port, Identity: c.Identity, TLS: c.ServerTLS}}
		org := config.ChannelGroup.Groups[groupApplication].GetGroups()[c.MSPID]
		if m.Root, err = rootOf(org); err != nil {
			return View{}, fmt.Errorf("%s: %w", c.MSPID, err)
		}
		if m.Anchor, err = anchorOf(org); err != nil {
			return View{}, fmt.Errorf("%s: %w", c.MSPID, err)
		}
		v.Members = append(v.Members, m)
	}
	return v, nil
}

func readBlock(data []byte) (*common.Block, *common.Config, error) {
	var block common.Block
	if err := proto.Unmarshal(data, &block); err != nil {
		return nil, nil, fmt.Errorf("no block: %w", err)
	}
	if len(block.GetData().GetData()) == 0 {
		return nil, nil, errors.New("no configuration block: it is empty")
	}
	config, err := resource.ExtractConfigFromBlock(&block)
	if err != nil {
		return nil, nil, fmt.Errorf("no configuration block: %w", err)
	}
	if config.GetChannelGroup() == nil {
		return nil, nil, errors.New("no configuration block")
	}
	return &block, config, nil
}

func channelOf(block *common.Block) (string, error) {
	var envelope common.Envelope
	var payload common.Payload
	var header common.ChannelHeader
	err := errors.Join(proto.Unmarshal(block.Data.Data[0], &envelope), proto.Unmarshal(envelope.Payload, &payload),
		proto.Unmarshal(payload.GetHeader().GetChannelHeader(), &header))
	if err == nil && header.ChannelId == "" {
		err = errors.New("the block names no channel")
	}
	return header.ChannelId, err
}

// rootOf reads the one root of an organisation.
func rootOf(org *common.ConfigGroup) ([]byte, error) {
	var outer msp.MSPConfig
	var config msp.FabricMSPConfig
	if err := proto.Unmarshal(org.GetValues()["MSP"].GetValue(), &outer); err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(outer.Config, &config); err != nil {
		return nil, err
	}
	if len(config.RootCerts) != 1 {
		return nil, fmt.Errorf("%d roots instead of one", len(config.RootCerts))
	}
	return config.RootCerts[0], nil
}

func anchorOf(org *common.ConfigGroup) (string, error) {
	var anchors peer.AnchorPeers
	if err := proto.Unmarshal(org.GetValues()["AnchorPeers"].GetValue(), &anchors); err != nil || len(anchors.AnchorPeers) == 0 {
		return "", err
	}
	return address(anchors.AnchorPeers[0].Host, uint32(anchors.AnchorPeers[0].Port)), nil //nolint:gosec // a port
}

// Prepare computes the serialised update that leads from the configuration in a block to the one with the change. It is nil where
// the channel says so already. Two who prepare the same change of the same configuration get the same update.
func Prepare(channel string, block []byte, m Membership) ([]byte, error) {
	_, now, err := readBlock(block)
	if err != nil {
		return nil, err
	}
	wanted, ok := proto.Clone(now).(*common.Config)
	if !ok {
		return nil, errors.New("no configuration")
	}
	if err := m.apply(wanted); err != nil {
		return nil, err
	}
	update, err := resmgmt.CalculateConfigUpdate(channel, now, wanted)
	if err != nil && strings.Contains(err.Error(), "no differences detected") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	buffer := proto.NewBuffer(nil)
	buffer.SetDeterministic(true)
	err = buffer.Marshal(update)
	return buffer.Bytes(), err
}

// SameUpdate reports whether two serialised updates say the same.
func SameUpdate(a, b []byte) bool {
	var x, y common.ConfigUpdate
	return proto.Unmarshal(a, &x) == nil && proto.Unmarshal(b, &y) == nil && proto.Equal(&x, &y)
}

func (m Membership) apply(config *common.Config) error {
	application, orderers := config.ChannelGroup.Groups[groupApplication], config.ChannelGroup.Groups[groupOrderer]
	if application == nil || orderers == nil {
		return errors.New("the configuration has no members or no orderers")
	}
	list, bft, err := readConsenters(orderers)
	if err != nil {
		return err
	}
	switch {
	case m.Join != nil:
		list, err = m.join(application, orderers, list, bft)
	case m.Leave:
		list = m.leave(application, orderers, list)
	case m.Renew != nil:
		err = m.renew(list, bft)
	default:
		err = errors.New("no change")
	}
	if err != nil {
		return err
	}
	return writeConsenters(orderers, list, bft)
}

// join adds the region as the block describes it. A member under the same root is one already.
func (m Membership) join(application, orderers *common.ConfigGroup, list []*consenter, bft bool) ([]*consenter, error) {
	_, described, err := readBlock(m.Join)
	if err != nil {
		return nil, err
	}
	from := described.ChannelGroup.Groups
	member, order := from[groupApplication].GetGroups()[m.MSPID], from[groupOrderer].GetGroups()[m.MSPID]
	theirs, theirBFT, err := readConsenters(from[groupOrderer])
	own, ok := consenterOf(theirs, m.MSPID)
	if err != nil || member == nil || order == nil || !ok || theirBFT != bft {
		return nil, errors.Join(err, fmt.Errorf("the description of %s is not one of this channel", m.MSPID))
	}
	if present := application.Groups[m.MSPID]; present != nil {
		return list, sameRoot(m.MSPID, present, member)
	}
	if err := unusedRoot(application, member); err != nil {
		return nil, err
	}
	application.Groups[m.MSPID], orderers.Groups[m.MSPID] = member, order
	if bft {
		own.ID = nextID(list)
	}
	return append(list, own), nil
}

func sameRoot(mspID string, present, described *common.ConfigGroup) error {
	a, err1 := rootOf(present)
	b, err2 := rootOf(described)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fmt.Errorf("the channel knows %s under another root", mspID)
	}
	return nil
}

// unusedRoot refuses a root that a member has: two names for one CA would count twice in every majority.
func unusedRoot(application, described *common.ConfigGroup) error {
	root, err := rootOf(described)
	if err != nil {
		return err
	}
	for _, mspID := range slices.Sorted(maps.Keys(application.Groups)) {
		present, err := rootOf(application.Groups[mspID])
		if err != nil {
			return err
		}
		if bytes.Equal(present, root) {
			return fmt.Errorf("this is the root of %s", mspID)
		}
	}
	return nil
}

func (m Membership) leave(application, orderers *common.ConfigGroup, list []*consenter) []*consenter {
	delete(application.Groups, m.MSPID)
	delete(orderers.Groups, m.MSPID)
	return slices.DeleteFunc(list, func(c *consenter) bool { return c.MSPID == m.MSPID })
}

func (m Membership) renew(list []*consenter, bft bool) error {
	c, ok := consenterOf(list, m.MSPID)
	if !ok {
		return fmt.Errorf("%s has no orderer in the channel", m.MSPID)
	}
	if c.shows(*m.Renew, bft) {
		return nil
	}
	c.ClientTLS, c.ServerTLS = m.Renew.TLS, m.Renew.TLS
	if bft {
		c.Identity = m.Renew.Identity
	}
	return nil
}
