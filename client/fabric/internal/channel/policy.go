package channel

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

// policy decides whether a set of signers is enough. Every signer in it has signed, and stands in it once.
type policy interface {
	satisfied(by []*identity) bool
}

// maxDepth bounds how deep a policy nests, which a block from a stranger chooses.
const maxDepth = 16

// policyOf reads a policy of a group; an implicit one refers to the group's own groups.
func (c *Config) policyOf(group *common.ConfigGroup, name string) (policy, error) {
	p, ok := group.GetPolicies()[name]
	if !ok {
		return nil, fmt.Errorf("no policy %s", name)
	}
	switch kind := common.Policy_PolicyType(p.GetPolicy().GetType()); kind {
	case common.Policy_SIGNATURE:
		return c.signaturePolicy(p.GetPolicy().GetValue())
	case common.Policy_IMPLICIT_META:
		return c.metaPolicy(group, p.GetPolicy().GetValue())
	default:
		return nil, fmt.Errorf("policy %s is of a kind that is not known: %s", name, kind)
	}
}

// metaPolicy asks the policies of one name in the groups below.
type metaPolicy struct {
	threshold int
	below     []policy
}

func (c *Config) metaPolicy(group *common.ConfigGroup, raw []byte) (policy, error) {
	var definition common.ImplicitMetaPolicy
	if err := proto.Unmarshal(raw, &definition); err != nil {
		return nil, err
	}
	p := &metaPolicy{}
	for _, child := range group.GetGroups() {
		below, err := c.policyOf(child, definition.GetSubPolicy())
		if err != nil {
			continue // a group without such a policy satisfies none
		}
		p.below = append(p.below, below)
	}
	n := len(group.GetGroups())
	switch definition.GetRule() {
	case common.ImplicitMetaPolicy_ANY:
		p.threshold = 1
	case common.ImplicitMetaPolicy_ALL:
		p.threshold = n
	case common.ImplicitMetaPolicy_MAJORITY:
		p.threshold = n/2 + 1
	default:
		return nil, fmt.Errorf("implicit policy with the unknown rule %s", definition.GetRule())
	}
	if n == 0 {
		return nil, errors.New("implicit policy of a group without organisations: anybody would satisfy it")
	}
	return p, nil
}

func (p *metaPolicy) satisfied(by []*identity) bool {
	n := 0
	for _, below := range p.below {
		if below.satisfied(by) {
			n++
		}
	}
	return n >= p.threshold
}

// rule is a signature policy's expression over the signers. used marks those that already count for a part of it: one signer
// never counts for two.
type rule func(by []*identity, used []bool) bool

type signaturePolicy struct{ rule rule }

func (p *signaturePolicy) satisfied(by []*identity) bool { return p.rule(by, make([]bool, len(by))) }

func (c *Config) signaturePolicy(raw []byte) (policy, error) {
	var definition common.SignaturePolicyEnvelope
	if err := proto.Unmarshal(raw, &definition); err != nil {
		return nil, err
	}
	principals := make([]principal, len(definition.GetIdentities()))
	for i, p := range definition.GetIdentities() {
		var err error
		if principals[i], err = c.principal(p); err != nil {
			return nil, err
		}
	}
	r, err := compile(definition.GetRule(), principals, maxDepth)
	if err != nil {
		return nil, err
	}
	return &signaturePolicy{r}, nil
}

func compile(p *common.SignaturePolicy, principals []principal, depth int) (rule, error) {
	if depth == 0 {
		return nil, fmt.Errorf("signature policy nests deeper than %d", maxDepth)
	}
	switch t := p.GetType().(type) {
	case *common.SignaturePolicy_SignedBy:
		if t.SignedBy < 0 || int(t.SignedBy) >= len(principals) {
			return nil, fmt.Errorf("signature policy refers to principal %d of %d", t.SignedBy, len(principals))
		}
		return signedBy(principals[t.SignedBy]), nil
	case *common.SignaturePolicy_NOutOf_:
		rules := make([]rule, len(t.NOutOf.GetRules()))
		for i, part := range t.NOutOf.GetRules() {
			var err error
			if rules[i], err = compile(part, principals, depth-1); err != nil {
				return nil, err
			}
		}
		return outOf(int(t.NOutOf.GetN()), rules), nil
	default:
		return nil, errors.New("signature policy with an unknown part")
	}
}

// signedBy is satisfied by the first signer not yet used that the principal describes.
func signedBy(describes principal) rule {
	return func(by []*identity, used []bool) bool {
		for i, id := range by {
			if !used[i] && describes(id) {
				used[i] = true
				return true
			}
		}
		return false
	}
}

// outOf is satisfied by n of the rules, each with signers of its own.
func outOf(n int, rules []rule) rule {
	return func(by []*identity, used []bool) bool {
		satisfied := 0
		for _, r := range rules {
			trial := slices.Clone(used)
			if r(by, trial) {
				satisfied++
				copy(used, trial)
			}
		}
		return satisfied >= n
	}
}

// principal describes signers.
type principal func(id *identity) bool

func (c *Config) principal(p *msp.MSPPrincipal) (principal, error) {
	switch p.GetPrincipalClassification() {
	case msp.MSPPrincipal_ROLE:
		var role msp.MSPRole
		if err := proto.Unmarshal(p.GetPrincipal(), &role); err != nil {
			return nil, err
		}
		return func(id *identity) bool { return id.member.id == role.GetMspIdentifier() && id.hasRole(role.GetRole()) }, nil
	case msp.MSPPrincipal_IDENTITY:
		var serialized msp.SerializedIdentity
		if err := proto.Unmarshal(p.GetPrincipal(), &serialized); err != nil {
			return nil, err
		}
		wanted, err := c.identity(&serialized)
		if err != nil {
			return nil, err
		}
		return wanted.same, nil
	default:
		return nil, fmt.Errorf("principals of the kind %s are not known", p.GetPrincipalClassification())
	}
}
