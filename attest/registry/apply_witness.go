package registry

import "github.com/huzheng-ledger/huzheng/attest"

// apply records a region's latest statement. Statements only go forward: a height is never restated with another digest.
func (s *Witness) apply(c *call) (Event, error) {
	if err := c.require(attest.UseGateway); err != nil {
		return Event{}, err
	}
	key := KeyWitness(c.region)
	last, err := load(c.state, key, DecodeWitness)
	switch {
	case err != nil:
		return Event{}, err
	case last != nil && last.Height == s.Height && last.Digest == s.Digest:
		return Event{Name: NameWitness, Key: key, Repeat: true}, nil
	case last != nil && s.Height <= last.Height:
		return Event{}, attest.Errorf(attest.CodeWitnessBackwards, "the region has stated a later block")
	}
	return c.put(NameWitness, key, encodeStatement(&Statement{Region: c.region, Height: s.Height, Digest: s.Digest,
		Time: c.tx.Time}))
}
