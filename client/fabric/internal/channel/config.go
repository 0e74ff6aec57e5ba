package channel

import (
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Names in a channel's configuration tree.
const (
	groupOrderer     = "Orderer"
	groupApplication = "Application"
	valueMSP         = "MSP"
	valueConsensus   = "ConsensusType"
	valueOrderers    = "Orderers"
	policyBlock      = "BlockValidation"
	consensusBFT     = "BFT"
)

// Config is what one configuration block says. It is immutable.
type Config struct {
	Channel  string
	Number   uint64 // of the block that holds it
	Sequence uint64 // 0 in the genesis block, one more with every change

	consenters map[uint32]*common.Consenter // by number; nil where orderers sign with a certificate alone
	members    map[string]*member           // by MSP ID
	validation policy
}

// Parse reads the configuration that block holds. ok is false where it is no configuration block. What the block claims is not
// verified: that is what the configuration before is for, and for the first one its pinned hash.
func Parse(block *common.Block) (config *Config, ok bool, err error) {
	if len(block.GetData().GetData()) != 1 {
		return nil, false, nil
	}
	payload, header, err := envelope(block.GetData().GetData()[0])
	if err != nil || common.HeaderType(header.GetType()) != common.HeaderType_CONFIG {
		return nil, false, nil // whatever else is wrong with it, its reader will say
	}
	var body common.ConfigEnvelope
	if err := proto.Unmarshal(payload.GetData(), &body); err != nil {
		return nil, true, refused("configuration: %v", err)
	}
	c := &Config{Channel: header.GetChannelId(), Number: block.GetHeader().GetNumber(), Sequence: body.GetConfig().GetSequence()}
	if err := c.read(body.GetConfig().GetChannelGroup()); err != nil {
		return nil, true, refused("configuration in block %d: %v", c.Number, err)
	}
	return c, true, nil
}

func envelope(raw []byte) (*common.Payload, *common.ChannelHeader, error) {
	var e common.Envelope
	if err := proto.Unmarshal(raw, &e); err != nil {
		return nil, nil, err
	}
	var p common.Payload
	if err := proto.Unmarshal(e.GetPayload(), &p); err != nil {
		return nil, nil, err
	}
	var h common.ChannelHeader
	if err := proto.Unmarshal(p.GetHeader().GetChannelHeader(), &h); err != nil {
		return nil, nil, err
	}
	return &p, &h, nil
}

func (c *Config) read(root *common.ConfigGroup) error {
	orderers, ok := root.GetGroups()[groupOrderer]
	if !ok {
		return fmt.Errorf("it has no group %s", groupOrderer)
	}
	if err := c.readMembers(orderers, root.GetGroups()[groupApplication]); err != nil {
		return err
	}
	if err := c.readConsenters(orderers); err != nil {
		return err
	}
	var err error
	c.validation, err = c.policyOf(orderers, policyBlock)
	return err
}

// readMembers reads the organisations of the groups. One that stands in both stands there in the same words.
func (c *Config) readMembers(groups ...*common.ConfigGroup) error {
	c.members = map[string]*member{}
	for _, group := range groups {
		for name, org := range group.GetGroups() {
			var config msp.MSPConfig
			if err := value(org, valueMSP, &config); err != nil {
				return fmt.Errorf("organisation %q: %w", name, err)
			}
			m, err := newMember(&config)
			if err != nil {
				return fmt.Errorf("organisation %q: %w", name, err)
			}
			if other := c.members[m.id]; other != nil && !proto.Equal(other.source, m.source) {
				return fmt.Errorf("organisation %q: its MSP %s stands there twice, in different words", name, m.id)
			}
			c.members[m.id] = m
		}
	}
	return nil
}

// readConsenters reads the numbered orderers, which sign by their number under SmartBFT.
func (c *Config) readConsenters(orderers *common.ConfigGroup) error {
	var consensus orderer.ConsensusType
	if err := value(orderers, valueConsensus, &consensus); err != nil {
		return err
	}
	if consensus.GetType() != consensusBFT {
		return nil
	}
	var list common.Orderers
	if err := value(orderers, valueOrderers, &list); err != nil {
		return err
	}
	c.consenters = map[uint32]*common.Consenter{}
	for _, consenter := range list.GetConsenterMapping() {
		if c.consenters[consenter.GetId()] != nil {
			return fmt.Errorf("two consenters are number %d", consenter.GetId())
		}
		c.consenters[consenter.GetId()] = consenter
	}
	return nil
}

// value reads one value of a group.
func value(group *common.ConfigGroup, name string, into proto.Message) error {
	v, ok := group.GetValues()[name]
	if !ok {
		return fmt.Errorf("no value %s", name)
	}
	if err := proto.Unmarshal(v.GetValue(), into); err != nil {
		return fmt.Errorf("value %s: %w", name, err)
	}
	return nil
}

func refused(format string, args ...any) error {
	return attest.Errorf(attest.CodeBlockFormat, format, args...)
}
