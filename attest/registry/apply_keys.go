package registry

import (
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// apply adds a key, retires one, or both: in one command, so that a rotation leaves no moment without a key.
func (r *RotateKey) apply(c *call) (Event, error) {
	if err := c.require(attest.UseGovern); err != nil {
		return Event{}, err
	}
	if r.Add == nil && r.Retire == "" {
		return Event{}, invalid("rotation", "neither adds nor retires a key")
	}
	if err := c.answersFor(r.Owner); err != nil {
		return Event{}, err
	}
	if err := r.checkAdd(c); err != nil {
		return Event{}, err
	}
	// The key to retire is read before the new one is written: retiring the key that is being added must be refused alike
	// whether or not a state shows a command its own writes.
	retired, err := r.retire(c)
	if err != nil {
		return Event{}, err
	}
	if err := r.write(c, retired); err != nil {
		return Event{}, err
	}
	return Event{Name: NameRotateKey, Key: c.operation()}, c.mark()
}

func (r *RotateKey) write(c *call, retired *attest.Key) error {
	if r.Add != nil {
		if err := putKey(c.state, r.Owner, r.Add); err != nil {
			return err
		}
	}
	if retired == nil {
		return nil
	}
	return c.state.Put(KeyKey(retired.ID), encodeKey(retired))
}

// checkAdd checks the new key and that its name was never used.
func (r *RotateKey) checkAdd(c *call) error {
	if r.Add == nil {
		return nil
	}
	uses := []attest.KeyUse{attest.UseIssue}
	if r.Owner == c.region {
		uses = []attest.KeyUse{attest.UseGovern, attest.UseGateway}
	}
	if err := checkNewKey(r.Add, uses...); err != nil {
		return err
	}
	existing, err := c.state.Get(KeyKey(KeyID(r.Owner, r.Add.Name)))
	if err != nil {
		return err
	}
	if existing != nil {
		return attest.Errorf(attest.CodeKeyExists, "the owner has a key of that name; a name is never used again")
	}
	return nil
}

// retire is the key to retire as it will be, nil for none. A region's governance key cannot end itself without a
// successor in the same command: nobody could speak for the region any more.
func (r *RotateKey) retire(c *call) (*attest.Key, error) {
	if r.Retire == "" {
		return nil, nil
	}
	owner, _, _ := strings.Cut(r.Retire, "#")
	key, err := load(c.state, KeyKey(r.Retire), DecodeKey)
	switch {
	case err != nil:
		return nil, err
	case key == nil || owner != r.Owner:
		return nil, attest.Errorf(attest.CodeKeyUnknown, "the key to retire is not one of the owner's")
	case key.Retired:
		return nil, attest.Errorf(attest.CodeKeyRetired, "the key is retired")
	case key.ID == c.key.ID && (r.Add == nil || r.Add.Use != attest.UseGovern):
		return nil, attest.Errorf(attest.CodeKeyLast, "a governance key retires itself only in favour of another")
	}
	key.Retired = true
	return key, nil
}

// apply voids what a key anchored from a block on. A later mark may only move the cut to an earlier block.
func (m *MarkCompromised) apply(c *call) (Event, error) {
	if err := c.require(attest.UseGovern); err != nil {
		return Event{}, err
	}
	owner, _, _ := strings.Cut(m.Key, "#")
	if err := c.answersFor(owner); err != nil {
		return Event{}, err
	}
	key, err := load(c.state, KeyKey(m.Key), DecodeKey)
	switch {
	case err != nil:
		return Event{}, err
	case key == nil:
		return Event{}, attest.Errorf(attest.CodeKeyUnknown, "the key is not registered")
	case m.From == 0:
		return Event{}, invalid("from", "is a block number of at least 1")
	case key.ID == c.key.ID:
		return Event{}, attest.Errorf(attest.CodeNotPermitted, "a key cannot be marked by itself")
	case key.CompromisedFrom != 0 && m.From >= key.CompromisedFrom:
		return Event{}, attest.Errorf(attest.CodeKeyCompromised, "the key is marked from an earlier block")
	}
	key.CompromisedFrom = m.From
	if err := c.state.Put(KeyKey(key.ID), encodeKey(key)); err != nil {
		return Event{}, err
	}
	return Event{Name: NameMarkCompromised, Key: KeyKey(key.ID)}, c.mark()
}

// answersFor checks that owner is the signer's region or one of its authorities.
func (c *call) answersFor(owner string) error {
	if owner == c.region {
		return nil
	}
	a, err := c.authority(owner)
	if err != nil {
		return err
	}
	if a.Region != c.region {
		return attest.Errorf(attest.CodeNotPermitted, "another region answers for that owner")
	}
	return nil
}
