package block_test

import (
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/block"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/channel"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/fabrictest"
)

// tries one block that would continue the chain, signed by these holders.
func tries(n *fabrictest.Network, chain *block.Chain, by ...*fabrictest.Holder) error {
	_, err := chain.Accept(n.Sealed(by, submit(n, "x")))
	return err
}

func TestAQuorumOfConsentersSigns(t *testing.T) {
	n := network(t, true)
	require.Equal(t, 3, n.Quorum())
	orderers := n.Orderers()
	stranger := fabrictest.NewOrg(t, "HunanMSP") // calls itself like a member
	for about, by := range map[string][]*fabrictest.Holder{
		"nobody":                    {},
		"one":                       orderers[:1],
		"two of four":               orderers[:2],
		"two, one of them twice":    {orderers[0], orderers[1], orderers[1], orderers[1]},
		"two and a client":          {orderers[0], orderers[1], n.Orgs[2].Client},
		"two and another orderer":   {orderers[0], orderers[1], n.Orgs[2].Issue("orderer", nil)},
		"two and a stranger":        {orderers[0], orderers[1], stranger.Orderer},
		"strangers":                 {stranger.Orderer, stranger.Orderer, stranger.Orderer},
		"all the members' clients":  {n.Orgs[0].Client, n.Orgs[1].Client, n.Orgs[2].Client, n.Orgs[3].Client},
		"all the members' admins":   {n.Orgs[0].Admin, n.Orgs[1].Admin, n.Orgs[2].Admin, n.Orgs[3].Admin},
		"all the members' peers":    {n.Orgs[0].Node, n.Orgs[1].Node, n.Orgs[2].Node, n.Orgs[3].Node},
		"all the members' own CAs":  {n.Orgs[0].Root, n.Orgs[1].Root, n.Orgs[2].Root, n.Orgs[3].Root},
		"orderers in the same name": {n.Orgs[0].Issue("orderer", nil), n.Orgs[1].Issue("orderer", nil), n.Orgs[2].Issue("orderer", nil)},
	} {
		err := tries(n, begin(t, n), by...)
		require.Equal(t, attest.CodeSignature, attest.CodeOf(err), "%s: %v", about, err)
	}
	for left := range orderers {
		by := slices.Delete(slices.Clone(orderers), left, left+1)
		require.NoError(t, tries(n, begin(t, n), by...), "all but %d", left)
		slices.Reverse(by)
		require.NoError(t, tries(n, begin(t, n), append(by, stranger.Orderer)...), "a signature too many does no harm")
	}
}

// TestAConsenterIsANumber: under SmartBFT a signature names its consenter by number, which must be its own.
func TestAConsenterIsANumber(t *testing.T) {
	n := network(t, true)
	good := n.Sealed(n.Orderers()[:3], submit(n, "x"))
	change := func(change func(*common.Metadata)) error {
		b := fabrictest.Clone(good)
		var signed common.Metadata
		require.NoError(t, proto.Unmarshal(b.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES], &signed))
		change(&signed)
		b.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = fabrictest.Marshal(&signed)
		_, err := begin(t, n).Accept(b)
		return err
	}
	require.NoError(t, change(func(*common.Metadata) {}))
	for about, spoil := range map[string]func(*common.Metadata){
		"the number of another": func(m *common.Metadata) {
			m.Signatures[2].IdentifierHeader = fabrictest.Marshal(&common.IdentifierHeader{Identifier: 4})
		},
		"a number that nobody has": func(m *common.Metadata) {
			m.Signatures[2].IdentifierHeader = fabrictest.Marshal(&common.IdentifierHeader{Identifier: 9})
		},
		"a header that cannot be read": func(m *common.Metadata) { m.Signatures[2].IdentifierHeader = []byte{0xff} },
		"another signature":            func(m *common.Metadata) { m.Signatures[2].Signature = m.Signatures[1].GetSignature() },
		"another last configuration": func(m *common.Metadata) {
			m.Value = fabrictest.Marshal(&common.OrdererBlockMetadata{LastConfig: &common.LastConfig{Index: 7}})
		},
	} {
		require.Equal(t, attest.CodeSignature, attest.CodeOf(change(spoil)), about)
	}
}

func TestUnderRaftAnyOrdererOfAMemberSigns(t *testing.T) {
	n := network(t, false)
	expired := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	}
	stranger := fabrictest.NewOrg(t, "HunanMSP")
	both := func(c *x509.Certificate) { c.Subject.OrganizationalUnit = []string{"orderer", "client"} }
	for about, by := range map[string]*fabrictest.Holder{
		"a client": n.Orgs[0].Client, "a peer": n.Orgs[0].Node, "an admin": n.Orgs[0].Admin, "the CA": n.Orgs[0].Root,
		"a stranger": stranger.Orderer, "nobody in particular": n.Orgs[0].Issue("", nil),
		"an orderer and a client in one": n.Orgs[0].Issue("orderer", both),
		"an orderer that is a CA":        n.Orgs[0].Issue("orderer", func(c *x509.Certificate) { c.IsCA = true }),
	} {
		err := tries(n, begin(t, n), by)
		require.Equal(t, attest.CodeSignature, attest.CodeOf(err), "%s: %v", about, err)
	}
	for about, by := range map[string]*fabrictest.Holder{
		"the first's": n.Orgs[0].Orderer, "the last's": n.Orgs[3].Orderer, "a new one": n.Orgs[1].Issue("orderer", nil),
		"one whose certificate has expired since": n.Orgs[1].Issue("orderer", expired),
	} {
		require.NoError(t, tries(n, begin(t, n), by), about)
	}
}

// TestARevokedOrdererDoesNotSign: a revocation list counts from the configuration that has it.
func TestARevokedOrdererDoesNotSign(t *testing.T) {
	n := network(t, false)
	revoked := n.Orgs[0].Issue("orderer", nil)
	chain := begin(t, n)
	require.NoError(t, tries(n, begin(t, n), revoked))
	list := n.Orgs[0].Revoke(revoked)
	n.Change = func(root *common.ConfigGroup) {
		for _, g := range root.GetGroups() {
			value := g.GetGroups()["HunanMSP"].GetValues()["MSP"]
			var config msp.MSPConfig
			var inner msp.FabricMSPConfig
			require.NoError(t, proto.Unmarshal(value.GetValue(), &config))
			require.NoError(t, proto.Unmarshal(config.GetConfig(), &inner))
			inner.RevocationList = [][]byte{list}
			config.Config = fabrictest.Marshal(&inner)
			value.Value = fabrictest.Marshal(&config)
		}
	}
	_, err := chain.Accept(n.Configure())
	require.NoError(t, err)
	require.Equal(t, attest.CodeSignature, attest.CodeOf(tries(n, chain, revoked)))
	require.NoError(t, tries(n, chain, n.Orgs[0].Orderer))
}

// TestConfigurationsAreFollowed: an orderer is replaced and an organisation joins. From the next block on the old set does not
// do, and the new one does.
func TestConfigurationsAreFollowed(t *testing.T) {
	n := network(t, true)
	chain := begin(t, n)
	_, err := chain.Accept(n.Order(submit(n, "before")))
	require.NoError(t, err)
	old := n.Orderers()

	n.Orgs[3].Orderer = n.Orgs[3].Issue("orderer", nil)
	b, err := chain.Accept(n.Configure()) // signed by the first three, who stay
	require.NoError(t, err)
	require.Equal(t, uint64(2), b.Config.Number)
	require.Equal(t, uint64(1), b.Config.Sequence)
	require.Equal(t, attest.CodeSignature, attest.CodeOf(tries(n, chain, old[1], old[2], old[3])))
	require.NoError(t, tries(n, chain, n.Orgs[1].Orderer, n.Orgs[2].Orderer, n.Orgs[3].Orderer))

	n = network(t, true)
	chain = begin(t, n)
	n.Orgs = append(n.Orgs, fabrictest.NewOrg(t, "GuizhouMSP"), fabrictest.NewOrg(t, "YunnanMSP"), fabrictest.NewOrg(t, "HubeiMSP"))
	require.Equal(t, 5, n.Quorum())
	_, err = chain.Accept(n.Configure())
	require.NoError(t, err)
	require.Equal(t, attest.CodeSignature, attest.CodeOf(tries(n, chain, n.Orderers()[:4]...)))
	require.NoError(t, tries(n, chain, n.Orderers()[2:]...))
}

// TestAConfigurationCannotBeSkipped: a peer that drops a configuration is found out by what the orderers sign beside the next
// block, and one that shows configurations out of order by their sequence.
func TestAConfigurationCannotBeSkipped(t *testing.T) {
	n := network(t, true)
	chain := begin(t, n)
	skipped := n.Configure()
	after := n.Order(submit(n, "after"))
	_, err := block.Resume(scope, genesisConfig(t, n), 1, fabrictest.Hash(skipped)).Accept(after)
	require.Equal(t, attest.CodeChainGap, attest.CodeOf(err))
	second := n.Configure()
	_, err = block.Resume(scope, genesisConfig(t, n), 2, fabrictest.Hash(after)).Accept(second)
	require.Equal(t, attest.CodeChainGap, attest.CodeOf(err))
	for _, b := range []*common.Block{skipped, after, second} {
		_, err = chain.Accept(b)
		require.NoError(t, err)
	}
}

// TestAPolicyThatCannotBeEvaluated is no policy that everybody satisfies.
func TestAPolicyThatCannotBeEvaluated(t *testing.T) {
	for about, change := range map[string]func(orderers *common.ConfigGroup){
		"of another kind":        func(g *common.ConfigGroup) { g.Policies["BlockValidation"].Policy.Type = int32(common.Policy_MSP) },
		"missing":                func(g *common.ConfigGroup) { delete(g.GetPolicies(), "BlockValidation") },
		"that cannot be read":    func(g *common.ConfigGroup) { g.Policies["BlockValidation"].Policy.Value = []byte{0xff} },
		"empty":                  func(g *common.ConfigGroup) { g.Policies["BlockValidation"].Policy.Value = nil },
		"of no organisation":     noOrganisation,
		"about a missing signer": missingSigner,
		"without consensus":      func(g *common.ConfigGroup) { delete(g.GetValues(), "ConsensusType") },
		"without members":        func(g *common.ConfigGroup) { delete(g.GetGroups()["HunanMSP"].GetValues(), "MSP") },
	} {
		n := network(t, true)
		n.Change = func(root *common.ConfigGroup) { change(root.GetGroups()["Orderer"]) }
		_, err := begin(t, n).Accept(n.Configure())
		require.Equal(t, attest.CodeBlockFormat, attest.CodeOf(err), "%s: %v", about, err)
	}
}

func noOrganisation(g *common.ConfigGroup) {
	g.Groups = nil
	g.Policies["BlockValidation"].Policy = &common.Policy{Type: int32(common.Policy_IMPLICIT_META),
		Value: fabrictest.Marshal(&common.ImplicitMetaPolicy{SubPolicy: "Writers", Rule: common.ImplicitMetaPolicy_ALL})}
}

func missingSigner(g *common.ConfigGroup) {
	g.Policies["BlockValidation"].Policy.Value = fabrictest.Marshal(&common.SignaturePolicyEnvelope{
		Rule: &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: 4}}})
}

func genesisConfig(t *testing.T, n *fabrictest.Network) *channel.Config {
	t.Helper()
	_, first, err := block.Genesis(scope, [32]byte(fabrictest.Hash(n.Block(0))), n.Block(0))
	require.NoError(t, err)
	return first.Config
}

// TestOneSignerCountsOnce: a policy that asks for two signers is not satisfied by one of them that fits twice.
func TestOneSignerCountsOnce(t *testing.T) {
	role := func(mspID string) *msp.MSPPrincipal {
		return &msp.MSPPrincipal{Principal: fabrictest.Marshal(&msp.MSPRole{MspIdentifier: mspID, Role: msp.MSPRole_ORDERER})}
	}
	by := func(i int32) *common.SignaturePolicy {
		return &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: i}}
	}
	outOf := func(n int32, rules ...*common.SignaturePolicy) *common.SignaturePolicy {
		return &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{NOutOf: &common.SignaturePolicy_NOutOf{N: n, Rules: rules}}}
	}
	n := network(t, false)
	hunan, second, guangdong := n.Orgs[0].Orderer, n.Orgs[0].Issue("orderer", nil), n.Orgs[1].Orderer
	for about, test := range map[string]struct {
		rule   *common.SignaturePolicy
		enough [][]*fabrictest.Holder
		few    [][]*fabrictest.Holder
	}{
		"twice the same organisation": {outOf(2, by(0), by(0)),
			[][]*fabrictest.Holder{{hunan, second}}, [][]*fabrictest.Holder{{hunan}, {hunan, hunan}, {hunan, guangdong}}},
		"both organisations": {outOf(2, by(0), by(1)),
			[][]*fabrictest.Holder{{hunan, guangdong}, {guangdong, second}}, [][]*fabrictest.Holder{{hunan, second}, {guangdong}}},
		// The inner part takes every signer that fits, needed or not: so Fabric evaluates it, and so it is evaluated here.
		"nested": {outOf(2, outOf(1, by(0), by(1)), by(0)),
			[][]*fabrictest.Holder{{hunan, second}, {guangdong, hunan, second}},
			[][]*fabrictest.Holder{{hunan}, {guangdong}, {guangdong, hunan}}},
		"none of one": {outOf(1), nil, [][]*fabrictest.Holder{{hunan, guangdong}}},
	} {
		net := fabrictest.NewNetworkOf(t, false, n.Orgs...)
		net.Change = func(root *common.ConfigGroup) {
			root.Groups["Orderer"].Policies["BlockValidation"].Policy = &common.Policy{Type: int32(common.Policy_SIGNATURE),
				Value: fabrictest.Marshal(&common.SignaturePolicyEnvelope{Rule: test.rule, Identities: []*msp.MSPPrincipal{role("HunanMSP"), role("GuangdongMSP")}})}
		}
		configured := func() *block.Chain {
			chain := begin(t, net)
			_, err := chain.Accept(net.Block(1))
			require.NoError(t, err)
			return chain
		}
		net.ConfigureBy(net.Orgs[2].Orderer)
		for _, signers := range test.enough {
			require.NoError(t, tries(net, configured(), signers...), about)
		}
		for _, signers := range test.few {
			require.Equal(t, attest.CodeSignature, attest.CodeOf(tries(net, configured(), signers...)), about)
		}
	}
}
