package fabrictest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"google.golang.org/protobuf/proto"
)

// Names of every test network.
const (
	Channel   = "provinces"
	Chaincode = "huzheng"
)

// Network is a channel of organisations, each with an orderer.
type Network struct {
	T    testing.TB
	BFT  bool // SmartBFT: a quorum of orderers signs a block; else Raft: one does
	Orgs []*Org
	// Change changes the next configuration before it becomes a block.
	Change func(root *common.ConfigGroup)

	mu       sync.Mutex
	blocks   []*common.Block
	config   uint64 // number of the last configuration block
	sequence uint64
	changed  chan struct{} // closed and replaced with every block
	state    state
}

// NewNetwork makes a channel of new organisations with its genesis block.
func NewNetwork(t testing.TB, bft bool, mspIDs ...string) *Network {
	t.Helper()
	var orgs []*Org
	for _, id := range mspIDs {
		orgs = append(orgs, NewOrg(t, id))
	}
	return NewNetworkOf(t, bft, orgs...)
}

// NewNetworkOf makes a channel of these organisations.
func NewNetworkOf(t testing.TB, bft bool, orgs ...*Org) *Network {
	t.Helper()
	n := &Network{T: t, BFT: bft, Orgs: orgs, changed: make(chan struct{}), state: newState()}
	n.append(n.seal(0, nil, [][]byte{n.ConfigTx(0)}, nil))
	return n
}

// Quorum is how many orderers sign a block.
func (n *Network) Quorum() int {
	if !n.BFT {
		return 1
	}
	count := len(n.Orgs)
	f := (count - 1) / 3
	return (count + f + 2) / 2 // ⌈(n+f+1)/2⌉
}

// Orderers are all of them.
func (n *Network) Orderers() []*Holder {
	var out []*Holder
	for _, o := range n.Orgs {
		out = append(out, o.Orderer)
	}
	return out
}

// ConfigTx is the transaction that configures the channel as the network is now.
func (n *Network) ConfigTx(sequence uint64) []byte {
	orderers, application := group(), group()
	for _, o := range n.Orgs {
		inOrderer, inApplication := group(), group()
		set(inOrderer, "MSP", n.msp(o))
		set(inApplication, "MSP", n.msp(o))
		allow(inOrderer, "Writers", common.Policy_SIGNATURE, role(o.MSPID, msp.MSPRole_ORDERER))
		orderers.Groups[o.MSPID], application.Groups[o.MSPID] = inOrderer, inApplication
	}
	set(orderers, "ConsensusType", &orderer.ConsensusType{Type: map[bool]string{true: "BFT", false: "etcdraft"}[n.BFT]})
	if n.BFT {
		set(orderers, "Orderers", n.consenters())
		allow(orderers, "BlockValidation", common.Policy_SIGNATURE, n.quorum())
	} else {
		allow(orderers, "BlockValidation", common.Policy_IMPLICIT_META,
			Marshal(&common.ImplicitMetaPolicy{SubPolicy: "Writers", Rule: common.ImplicitMetaPolicy_ANY}))
	}
	root := group()
	root.Groups["Orderer"], root.Groups["Application"] = orderers, application
	if n.Change != nil {
		n.Change(root)
	}
	payload := Marshal(&common.Payload{
		Header: &common.Header{ChannelHeader: Marshal(&common.ChannelHeader{Type: int32(common.HeaderType_CONFIG), ChannelId: Channel})},
		Data:   Marshal(&common.ConfigEnvelope{Config: &common.Config{Sequence: sequence, ChannelGroup: root}}),
	})
	return Marshal(&common.Envelope{Payload: payload, Signature: []byte("an orderer's")})
}

func group() *common.ConfigGroup {
	return &common.ConfigGroup{Groups: map[string]*common.ConfigGroup{}, Values: map[string]*common.ConfigValue{},
		Policies: map[string]*common.ConfigPolicy{}}
}

func set(g *common.ConfigGroup, name string, value proto.Message) {
	g.Values[name] = &common.ConfigValue{Value: Marshal(value)}
}

func allow(g *common.ConfigGroup, name string, kind common.Policy_PolicyType, value []byte) {
	g.Policies[name] = &common.ConfigPolicy{Policy: &common.Policy{Type: int32(kind), Value: value}}
}

func (n *Network) msp(o *Org) *msp.MSPConfig {
	unit := func(name string) *msp.FabricOUIdentifier {
		return &msp.FabricOUIdentifier{OrganizationalUnitIdentifier: name}
	}
	return &msp.MSPConfig{Config: Marshal(&msp.FabricMSPConfig{
		Name: o.MSPID, RootCerts: [][]byte{o.Root.PEM},
		FabricNodeOus: &msp.FabricNodeOUs{Enable: true, ClientOuIdentifier: unit("client"), PeerOuIdentifier: unit("peer"),
			AdminOuIdentifier: unit("admin"), OrdererOuIdentifier: unit("orderer")},
	})}
}

func (n *Network) consenters() *common.Orderers {
	list := &common.Orderers{}
	for i, o := range n.Orgs {
		list.ConsenterMapping = append(list.ConsenterMapping,
			&common.Consenter{Id: uint32(i + 1), MspId: o.MSPID, Identity: o.Orderer.PEM})
	}
	return list
}

// quorum is the policy that configtxgen writes for SmartBFT: so many of the consenters themselves.
func (n *Network) quorum() []byte {
	var rules []*common.SignaturePolicy
	var identities []*msp.MSPPrincipal
	for i, o := range n.Orgs {
		rules = append(rules, &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: int32(i)}})
		identities = append(identities,
			&msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_IDENTITY, Principal: o.Orderer.Serialized()})
	}
	return Marshal(&common.SignaturePolicyEnvelope{Rule: outOf(n.Quorum(), rules...), Identities: identities})
}

func outOf(n int, rules ...*common.SignaturePolicy) *common.SignaturePolicy {
	return &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{
		NOutOf: &common.SignaturePolicy_NOutOf{N: int32(n), Rules: rules}}} //nolint:gosec // a handful
}

func role(mspID string, r msp.MSPRole_MSPRoleType) []byte {
	return Marshal(&common.SignaturePolicyEnvelope{
		Rule: outOf(1, &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: 0}}),
		Identities: []*msp.MSPPrincipal{{PrincipalClassification: msp.MSPPrincipal_ROLE,
			Principal: Marshal(&msp.MSPRole{MspIdentifier: mspID, Role: r})}},
	})
}

// Configure orders the configuration of the network as it is now, signed by the first orderers that make a quorum.
func (n *Network) Configure() *common.Block { return n.ConfigureBy(n.Orderers()[:n.Quorum()]...) }

// ConfigureBy orders it, signed by these.
func (n *Network) ConfigureBy(by ...*Holder) *common.Block {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sequence++
	b := n.seal(uint64(len(n.blocks)), n.tip(), [][]byte{n.ConfigTx(n.sequence)}, []byte{0})
	n.config = b.GetHeader().GetNumber()
	n.sign(b, by)
	n.append(b)
	return b
}

func (n *Network) append(b *common.Block) {
	n.blocks = append(n.blocks, b)
	close(n.changed)
	n.changed = make(chan struct{})
}

// Block is a block of the chain.
func (n *Network) Block(number int) *common.Block {
	n.mu.Lock()
	defer n.mu.Unlock()
	if number >= len(n.blocks) {
		panic(fmt.Sprintf("no block %d", number))
	}
	return n.blocks[number]
}

// Height is how many blocks there are.
func (n *Network) Height() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return uint64(len(n.blocks))
}

// wait returns a channel that is closed with the next block.
func (n *Network) wait() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changed
}
