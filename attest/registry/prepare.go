package registry

import (
	"bytes"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Prepared is a command of which everything was done that needs no state: it was read, and perhaps its signature was
// checked with a key that somebody expects the state to hold. It can be made long before the command's turn, beside
// others, and changes nothing about what the command does: whether a signature fits follows from the signature, the
// message and the key alone, and a check with another key than the state's counts for nothing. Not safe for concurrent use.
type Prepared struct {
	raw    []byte
	signed *Signed
	err    error // of Parse

	key       *attest.PublicKey // that the signature was checked with; nil: it was not
	signature error             // what came of it
}

// Prepare reads a command. What is wrong with it Machine.Apply returns. The bytes must not change afterwards.
func Prepare(command []byte) *Prepared {
	p := &Prepared{raw: command}
	p.signed, p.err = Parse(command)
	return p
}

// Signer is the id of the key that claims to have signed; empty where the command cannot be read.
func (p *Prepared) Signer() string {
	if p.err != nil {
		return ""
	}
	return p.signed.Key
}

// Check checks the signature with key, which the state will hold for the signer, if the caller is right.
func (p *Prepared) Check(key *attest.PublicKey) {
	if p.err == nil && key != nil {
		p.key, p.signature = key, p.signed.jws.Verify(key)
	}
}

// verify is whether key made the signature. Only a check with that same key, to the byte, is not made again.
func (p *Prepared) verify(key *attest.PublicKey) error {
	if p.key.Equal(key) {
		return p.signature
	}
	return p.signed.jws.Verify(key)
}

// of reports whether p was made of command.
func (p *Prepared) of(command []byte) bool { return bytes.Equal(p.raw, command) }

// Registers visits the keys that the command asks to register, with their ids. Nothing says that it may.
func (p *Prepared) Registers(visit func(id string, key *attest.PublicKey)) {
	if p.err != nil {
		return
	}
	switch c := p.signed.Command.(type) {
	case *RotateKey:
		if c.Add != nil {
			visit(KeyID(c.Owner, c.Add.Name), c.Add.Public)
		}
	case *RegisterAuthority:
		visit(KeyID(c.Authority.Code, c.Key.Name), c.Key.Public)
	case *ProposeRegion:
		c.Founder.registers(visit)
	case *Found:
		if charter, _, err := readCharter(c.Signatures); err == nil {
			for i := range charter.Founders {
				charter.Founders[i].registers(visit)
			}
		}
	}
}

func (f *Founder) registers(visit func(id string, key *attest.PublicKey)) {
	for i := range f.Keys {
		visit(KeyID(f.Region.Code, f.Keys[i].Name), f.Keys[i].Public)
	}
}
