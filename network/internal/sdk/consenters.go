package sdk

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/golang/protobuf/proto" //nolint:staticcheck // the SDK's own protobuf family
	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/hyperledger/fabric-protos-go/msp"
	"github.com/hyperledger/fabric-protos-go/orderer"
	"github.com/hyperledger/fabric-protos-go/orderer/etcdraft"
)

// Names in a channel's configuration.
const (
	groupApplication = "Application"
	groupOrderer     = "Orderer"
	valueOrderers    = "Orderers"
	valueConsensus   = "ConsensusType"
	policyBlocks     = "BlockValidation"
)

// Orderer is a region's orderer as the channel knows it. Certificates are PEM.
type Orderer struct {
	Host     string
	Port     uint32
	Identity []byte // what it signs with; BFT only
	TLS      []byte // what it shows, as server and as client
}

// consenter is Fabric's common.Consenter, which the SDK's protobuf family is too old to have.
type consenter struct {
	ID        uint32 `protobuf:"varint,1,opt,name=id,proto3"`
	Host      string `protobuf:"bytes,2,opt,name=host,proto3"`
	Port      uint32 `protobuf:"varint,3,opt,name=port,proto3"`
	MSPID     string `protobuf:"bytes,4,opt,name=msp_id,json=mspId,proto3"`
	Identity  []byte `protobuf:"bytes,5,opt,name=identity,proto3"`
	ClientTLS []byte `protobuf:"bytes,6,opt,name=client_tls_cert,json=clientTlsCert,proto3"`
	ServerTLS []byte `protobuf:"bytes,7,opt,name=server_tls_cert,json=serverTlsCert,proto3"`
}

// Reset implements proto.Message.
func (c *consenter) Reset() { *c = consenter{} }

// String implements proto.Message.
func (c *consenter) String() string { return fmt.Sprintf("%s at %s:%d", c.MSPID, c.Host, c.Port) }

// ProtoMessage implements proto.Message.
func (*consenter) ProtoMessage() {}

// consenterMapping is Fabric's common.Orderers.
type consenterMapping struct {
	Consenters []*consenter `protobuf:"bytes,1,rep,name=consenter_mapping,json=consenterMapping,proto3"`
}

// Reset implements proto.Message.
func (m *consenterMapping) Reset() { *m = consenterMapping{} }

// String implements proto.Message.
func (m *consenterMapping) String() string { return fmt.Sprint(m.Consenters) }

// ProtoMessage implements proto.Message.
func (*consenterMapping) ProtoMessage() {}

// readConsenters lists the orderers that agree on blocks. Raft knows no owner of one: it is the region whose orderer's address
// it has.
func readConsenters(group *common.ConfigGroup) (list []*consenter, bft bool, err error) {
	if value := group.GetValues()[valueOrderers]; value != nil {
		var mapping consenterMapping
		err := proto.Unmarshal(value.Value, &mapping)
		return mapping.Consenters, true, err
	}
	metadata, _, err := readRaft(group)
	if err != nil {
		return nil, false, err
	}
	owners, err := ordererOwners(group)
	if err != nil {
		return nil, false, err
	}
	for _, c := range metadata.Consenters {
		list = append(list, &consenter{
			Host: c.Host, Port: c.Port, MSPID: owners[address(c.Host, c.Port)], ClientTLS: c.ClientTlsCert, ServerTLS: c.ServerTlsCert,
		})
	}
	return list, false, nil
}

func address(host string, port uint32) string { return fmt.Sprintf("%s:%d", host, port) }

// ordererOwners maps the addresses of orderers to the MSP IDs of their regions.
func ordererOwners(group *common.ConfigGroup) (map[string]string, error) {
	owners := map[string]string{}
	for mspID, org := range group.GetGroups() {
		var addresses common.OrdererAddresses
		if err := proto.Unmarshal(org.Values["Endpoints"].GetValue(), &addresses); err != nil {
			return nil, err
		}
		for _, a := range addresses.Addresses {
			owners[a] = mspID
		}
	}
	return owners, nil
}

func readRaft(group *common.ConfigGroup) (*etcdraft.ConfigMetadata, *orderer.ConsensusType, error) {
	value := group.GetValues()[valueConsensus]
	if value == nil {
		return nil, nil, errors.New("the configuration says nothing of consensus")
	}
	var consensus orderer.ConsensusType
	if err := proto.Unmarshal(value.Value, &consensus); err != nil {
		return nil, nil, err
	}
	if consensus.Type != "etcdraft" {
		return nil, nil, fmt.Errorf("consensus %q, which this program does not know", consensus.Type)
	}
	var metadata etcdraft.ConfigMetadata
	err := proto.Unmarshal(consensus.Metadata, &metadata)
	return &metadata, &consensus, err
}

// writeConsenters replaces the orderers that agree on blocks and, under BFT, the policy that says whose signatures make a block
// good: it names each orderer by its certificate.
func writeConsenters(group *common.ConfigGroup, list []*consenter, bft bool) error {
	if !bft {
		return writeRaft(group, list)
	}
	value, err := proto.Marshal(&consenterMapping{Consenters: list})
	if err != nil {
		return err
	}
	policy, err := blockValidation(list)
	if err != nil {
		return err
	}
	if group.Policies[policyBlocks].GetPolicy() == nil {
		return errors.New("the configuration has no policy for blocks")
	}
	group.Values[valueOrderers].Value = value
	group.Policies[policyBlocks].Policy = &common.Policy{Type: int32(common.Policy_SIGNATURE), Value: policy}
	return nil
}

func writeRaft(group *common.ConfigGroup, list []*consenter) error {
	metadata, consensus, err := readRaft(group)
	if err != nil {
		return err
	}
	metadata.Consenters = nil
	for _, c := range list {
		metadata.Consenters = append(metadata.Consenters, &etcdraft.Consenter{
			Host: c.Host, Port: c.Port, ClientTlsCert: c.ClientTLS, ServerTlsCert: c.ServerTLS,
		})
	}
	if consensus.Metadata, err = proto.Marshal(metadata); err != nil {
		return err
	}
	group.Values[valueConsensus].Value, err = proto.Marshal(consensus)
	return err
}

// blockValidation is the policy that Fabric derives from BFT consenters: signatures of so many of the n that any two such sets
// share one that does not lie, where f of n = 3f+1 may.
func blockValidation(list []*consenter) ([]byte, error) {
	n := len(list)
	quorum := (n + (n-1)/3 + 2) / 2
	envelope := &common.SignaturePolicyEnvelope{}
	rules := make([]*common.SignaturePolicy, n)
	for i, c := range list {
		rules[i] = &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: int32(i)}}
		identity, err := proto.Marshal(&msp.SerializedIdentity{Mspid: c.MSPID, IdBytes: c.Identity})
		if err != nil {
			return nil, err
		}
		envelope.Identities = append(envelope.Identities, &msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_IDENTITY, Principal: identity})
	}
	envelope.Rule = &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{
		NOutOf: &common.SignaturePolicy_NOutOf{N: int32(quorum), Rules: rules}, //nolint:gosec // a handful
	}}
	return proto.Marshal(envelope)
}

// consenterOf finds a region's orderer.
func consenterOf(list []*consenter, mspID string) (*consenter, bool) {
	i := slices.IndexFunc(list, func(c *consenter) bool { return c.MSPID == mspID })
	if i < 0 {
		return nil, false
	}
	return list[i], true
}

// nextID is a number that no orderer has. Numbers of orderers never change: the others know each by its own.
func nextID(list []*consenter) uint32 {
	var last uint32
	for _, c := range list {
		last = max(last, c.ID)
	}
	return last + 1
}

func (c *consenter) shows(o Orderer, bft bool) bool {
	return bytes.Equal(c.ServerTLS, o.TLS) && bytes.Equal(c.ClientTLS, o.TLS) && (!bft || bytes.Equal(c.Identity, o.Identity))
}
