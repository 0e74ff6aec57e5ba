package registry

import (
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// repeated looks for what the command left when it was applied: the record that it made, or the mark of its operation.
func (c *call) repeated() (Event, bool, error) {
	var p proof
	switch command := c.signed.Command.(type) {
	case recorded:
		p = command.proof(c)
	case marked:
		p = proof{key: c.operation(), read: func(mark []byte) (string, error) { return string(mark), nil },
			conflict: attest.CodeOperationConflict}
	default:
		return Event{}, false, nil
	}
	value, err := c.state.Get(p.key)
	if err != nil || value == nil {
		return Event{}, false, err
	}
	digest, err := p.read(value)
	switch {
	case err != nil:
		return Event{}, false, err
	case digest != c.digest():
		return Event{}, false, attest.Errorf(p.conflict, "another command did that already")
	}
	return Event{Name: c.signed.Command.Name(), Key: p.key, Repeat: true}, true, nil
}

// recorded commands make a record once and for all, under a key of their own, that keeps their digest.
type recorded interface {
	Command
	proof(c *call) proof
}

// proof is where the digest of an applied command stands, how it is read there, and what a command with other bytes is
// refused with.
type proof struct {
	key      string
	read     func(value []byte) (string, error)
	conflict attest.Code
}

func (p *ProposeRegion) proof(c *call) proof {
	return proof{key: KeyRegionProposal(p.Founder.Region.Code, c.digest()), conflict: attest.CodeOperationConflict,
		read: func(value []byte) (string, error) {
			p, err := DecodeProposal(value)
			if err != nil {
				return "", err
			}
			return p.Digest, nil
		}}
}

func (r *RegisterAuthority) proof(*call) proof {
	return proof{key: KeyAuthority(r.Authority.Code), conflict: attest.CodeAuthorityExists,
		read: func(value []byte) (string, error) {
			a, err := decodeAuthority(value)
			if err != nil {
				return "", err
			}
			return a.digest, nil
		}}
}

func (r *RegisterType) proof(*call) proof {
	return proof{key: KeyType(r.Type.Code, r.Type.Version), conflict: attest.CodeTypeExists,
		read: func(value []byte) (string, error) {
			_, digest, err := decodeType(value)
			return digest, err
		}}
}

func (a *Anchor) proof(*call) proof {
	return proof{key: KeyBatch(a.ID), conflict: attest.CodeBatchExists,
		read: func(value []byte) (string, error) {
			b, err := DecodeBatch(value)
			if err != nil {
				return "", err
			}
			return b64(b.Digest[:]), nil
		}}
}

func (p *ProposeAgreement) proof(*call) proof {
	return proof{key: KeyAgreement(p.Agreement.ID, p.Agreement.Version), conflict: attest.CodeAgreementExists,
		read: func(value []byte) (string, error) {
			_, digest, err := DecodeAgreement(value)
			return digest, err
		}}
}

// marked commands have an operation id of their own: nothing else in the state would tell a repeat from a new one.
type marked interface {
	Command
	marks()
}

func (r *RotateKey) marks()         {}
func (m *MarkCompromised) marks()   {}
func (s *SetScope) marks()          {}
func (s *SetAuthorityState) marks() {}
func (s *SetStatus) marks()         {}
func (n *WithdrawAgreement) marks() {}

// mark leaves the operation's mark.
func (c *call) mark() error {
	if err := checkText("op", c.signed.Command.Operation(), 8, 64); err != nil {
		return err
	}
	return c.state.Put(c.operation(), []byte(c.digest()))
}

// operation is the key of the operation's mark.
func (c *call) operation() string {
	owner, _, _ := strings.Cut(c.signed.Key, "#")
	return KeyOperation(owner, c.signed.Command.Operation())
}
