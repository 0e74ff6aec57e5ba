package registry

import (
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
)

// apply founds the consortium. Nothing is registered yet, so the charter brings the keys that sign it: a governance
// key of every founder must have signed the same charter, and one of the first founder's signs the command itself.
func (f *Found) apply(c *call) (Event, error) {
	existing, err := load(c.state, KeyConsortium, DecodeConsortium)
	if err != nil {
		return Event{}, err
	}
	if existing != nil {
		if existing.Digest == c.digest() {
			return Event{Name: NameFound, Key: KeyConsortium, Repeat: true}, nil
		}
		return Event{}, attest.Errorf(attest.CodeAlreadyFounded, "the consortium has been founded")
	}
	charter, signatures, err := readCharter(f.Signatures)
	if err != nil {
		return Event{}, err
	}
	if err := checkCharter(c, charter, signatures); err != nil {
		return Event{}, err
	}
	regions := make([]string, 0, len(charter.Founders))
	for i := range charter.Founders {
		if err := admit(c.state, &charter.Founders[i]); err != nil {
			return Event{}, err
		}
		regions = append(regions, charter.Founders[i].Region.Code)
	}
	record := &Consortium{Network: charter.Network, Suite: charter.Suite, Regions: regions, Digest: c.digest()}
	return c.put(NameFound, KeyConsortium, record.encode())
}

func checkCharter(c *call, ch *Charter, signatures []*attest.JWS) error {
	if err := ch.Check(); err != nil {
		return err
	}
	if c.signed.Network != ch.Network {
		return attest.Errorf(attest.CodeNetworkMismatch, "the command is for another network than the charter")
	}
	if len(signatures) != len(ch.Founders) {
		return attest.Errorf(attest.CodeCharter, "not every founder has signed once")
	}
	member := false
	for i := range ch.Founders {
		if err := verifyBy(&ch.Founders[i], signatures[i]); err != nil {
			return err
		}
		member = member || ch.Founders[i].Region.MSP == c.tx.Submitter
	}
	if !member {
		return attest.Errorf(attest.CodeSubmitterMismatch, "the submitting organisation is not a founder's")
	}
	return verifyBy(&ch.Founders[0], c.signed.jws)
}

// verifyBy checks that one of the founder's governance keys, named by the kid, made the signature.
func verifyBy(f *Founder, j *attest.JWS) error {
	for i := range f.Keys {
		k := &f.Keys[i]
		if k.Use == attest.UseGovern && KeyID(f.Region.Code, k.Name) == j.KeyID {
			return j.Verify(k.Public)
		}
	}
	return attest.Errorf(attest.CodeCharter, "a signature is not by a governance key of the founder in its place")
}

// admit writes a region and its keys.
func admit(s State, f *Founder) error {
	for i := range f.Keys {
		if err := putKey(s, f.Region.Code, &f.Keys[i]); err != nil {
			return err
		}
	}
	return s.Put(KeyRegion(f.Region.Code), encodeRegionRecord(&f.Region))
}

func putKey(s State, owner string, k *NewKey) error {
	id := KeyID(owner, k.Name)
	return s.Put(KeyKey(id), encodeKey(&attest.Key{ID: id, Use: k.Use, Public: k.Public}))
}

func (p *ProposeRegion) apply(c *call) (Event, error) {
	if err := c.require(attest.UseGovern); err != nil {
		return Event{}, err
	}
	if err := checkFounder(&p.Founder); err != nil {
		return Event{}, err
	}
	return c.vote(&Proposal{Founder: p.Founder, Digest: c.digest()}, NameProposeRegion)
}

func (a *ApproveRegion) apply(c *call) (Event, error) {
	if err := c.require(attest.UseGovern); err != nil {
		return Event{}, err
	}
	key := KeyRegionProposal(a.Region, a.Digest)
	p, err := load(c.state, key, DecodeProposal)
	switch {
	case err != nil:
		return Event{}, err
	case p == nil:
		return Event{}, attest.Errorf(attest.CodeProposalUnknown, "nobody has made that proposal to admit that region")
	case slices.Contains(p.Approved, c.region):
		return Event{Name: NameApproveRegion, Key: key, Repeat: true}, nil
	}
	return c.vote(p, NameApproveRegion)
}

// vote adds the signer's region to those that approve, and admits once they are a majority of all regions.
func (c *call) vote(p *Proposal, event string) (Event, error) {
	if !p.Admitted {
		if err := c.mayJoin(&p.Founder.Region); err != nil {
			return Event{}, err
		}
	}
	p.Approved = insertSorted(p.Approved, c.region)
	if !p.Admitted && 2*len(p.Approved) > len(c.consortium.Regions) {
		p.Admitted = true
		if err := admit(c.state, &p.Founder); err != nil {
			return Event{}, err
		}
		c.consortium.Regions = insertSorted(c.consortium.Regions, p.Founder.Region.Code)
		if err := c.state.Put(KeyConsortium, c.consortium.encode()); err != nil {
			return Event{}, err
		}
		event = EventRegionAdmitted
	}
	return c.put(event, KeyRegionProposal(p.Founder.Region.Code, p.Digest), p.encode())
}

// mayJoin refuses a region that is a member, and one that would share a member's organisation.
func (c *call) mayJoin(r *attest.Region) error {
	if slices.Contains(c.consortium.Regions, r.Code) {
		return attest.Errorf(attest.CodeRegionExists, "the region is a member")
	}
	for _, code := range c.consortium.Regions {
		member, err := load(c.state, KeyRegion(code), DecodeRegion)
		if err != nil {
			return err
		}
		if member != nil && member.MSP == r.MSP {
			return invalid("msp", "is the organisation of a member")
		}
	}
	return nil
}

// EventRegionAdmitted is the event of the vote that made a majority.
const EventRegionAdmitted = "region-admitted"

func insertSorted(list []string, s string) []string {
	i, found := slices.BinarySearch(list, s)
	if found {
		return list
	}
	return slices.Insert(slices.Clone(list), i, s)
}
