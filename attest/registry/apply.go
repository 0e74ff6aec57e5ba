package registry

import (
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Apply runs one command against the state and returns the one event that it causes. An error is an *attest.Error, and
// then nothing that was Put may be kept. A command whose operation was applied before, in the same bytes, succeeds with
// Event.Repeat and Puts nothing; in other bytes it is refused.
func Apply(state State, tx Tx, command []byte) (Event, error) {
	return (*Machine)(nil).Apply(state, tx, command, nil)
}

// call is one command on its way through the rules.
type call struct {
	state      State
	tx         Tx
	signed     *Signed
	ahead      *Prepared
	machine    *Machine
	consortium *Consortium
	key        *attest.Key // that signed
	region     string      // that answers for the signer
	signer     *authority  // nil where a region signed
}

// prepare establishes who speaks: the network, the registered key, the signature, the owner and its region.
func (c *call) prepare() (Event, bool, error) {
	var err error
	if c.consortium, err = recall(c, KeyConsortium, DecodeConsortium); err != nil {
		return Event{}, false, err
	}
	if c.consortium == nil {
		return Event{}, false, attest.Errorf(attest.CodeNotFounded, "the consortium has not been founded")
	}
	if c.signed.Network != c.consortium.Network {
		return Event{}, false, attest.Errorf(attest.CodeNetworkMismatch, "the command is for another network")
	}
	// A repeat needs no signature check: its bytes are those that were checked, and their key may have gone since.
	if event, repeated, err := c.repeated(); err != nil || repeated {
		return event, repeated, err
	}
	return Event{}, false, c.authenticate()
}

func (c *call) authenticate() error {
	key, err := recall(c, KeyKey(c.signed.Key), DecodeKey)
	switch {
	case err != nil:
		return err
	case key == nil:
		return attest.Errorf(attest.CodeKeyUnknown, "the key that signed is not registered")
	case key.CompromisedFrom != 0:
		return attest.Errorf(attest.CodeKeyCompromised, "the key that signed is marked compromised")
	case key.Retired:
		return attest.Errorf(attest.CodeKeyRetired, "the key that signed is retired")
	}
	if err := c.ahead.verify(key.Public); err != nil {
		return err
	}
	c.key = key
	return c.identify()
}

// identify finds who owns the key, and that the organisation that submits is that owner's region's.
func (c *call) identify() error {
	owner, _, _ := strings.Cut(c.key.ID, "#")
	c.region = owner
	if c.key.Use == attest.UseIssue {
		a, err := c.authority(owner)
		if err != nil {
			return err
		}
		c.signer, c.region = a, a.Region
	}
	region, err := recall(c, KeyRegion(c.region), DecodeRegion)
	if err != nil {
		return err
	}
	if region == nil {
		return attest.Errorf(attest.CodeRegionUnknown, "the signer's region is not a member")
	}
	if c.tx.Submitter != region.MSP {
		return attest.Errorf(attest.CodeSubmitterMismatch, "the submitting organisation is not the signer's region's")
	}
	return nil
}

func (c *call) digest() string { return b64(c.signed.Digest[:]) }

// put writes a record and gives the event that says so.
func (c *call) put(name, key string, value []byte) (Event, error) {
	return Event{Name: name, Key: key}, c.state.Put(key, value)
}

// require refuses a signer whose key is for another use.
func (c *call) require(use attest.KeyUse) error {
	if c.key.Use != use {
		return attest.Errorf(attest.CodeNotPermitted, "the command needs a key to %s", use)
	}
	return nil
}

// authority loads one that must exist.
func (c *call) authority(code string) (*authority, error) {
	a, err := recall(c, KeyAuthority(code), decodeAuthority)
	if err == nil && a == nil {
		err = attest.Errorf(attest.CodeAuthorityUnknown, "the authority is not registered")
	}
	return a, err
}

// load reads a record; nil where there is none.
func load[T any](s State, key string, decode func([]byte) (*T, error)) (*T, error) {
	value, err := s.Get(key)
	if err != nil || value == nil {
		return nil, err
	}
	return decode(value)
}
