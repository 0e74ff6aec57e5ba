package index

import (
	"math"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// standing is what the regions' statements say about this index. It follows from the state and the notes alone, so that it
// is the same after a restart. Guarded by Index.mu.
type standing struct {
	statements map[string]*statement // by region
	regions    int
	agreement

	frozen error // a statement contradicts ours
	oldest oldest
}

// statement is a region's latest statement and how it compares with ours.
type statement struct {
	registry.Statement
	compared, agrees bool
}

// agreement is where f+1 regions stand.
type agreement struct {
	agreeing []string // sorted
	next     uint64   // 1 + the highest block that f+1 regions agree on; 0: none yet
}

// oldest is the first block with content that f+1 regions have not agreed on.
type oldest struct {
	known   bool
	number  uint64
	applied int64
}

// digestAt is our D(n); held is false above our height.
type digestAt func(number uint64) (digest [32]byte, held bool, err error)

// compare looks at a statement again, unless that was done. It can be compared once we hold the block that it is about.
func (s *statement) compare(ours digestAt) error {
	if s.compared {
		return nil
	}
	digest, held, err := ours(s.Height)
	if err != nil || !held {
		return err
	}
	s.compared, s.agrees = true, digest == s.Digest
	return nil
}

// agree finds where f+1 of the regions stand, f = (n−1)/3.
func agree(statements map[string]*statement, regions int) agreement {
	var heights []uint64
	for _, s := range statements {
		if s.agrees {
			heights = append(heights, s.Height)
		}
	}
	slices.Sort(heights)
	slices.Reverse(heights)
	var a agreement
	if quorum := (regions-1)/3 + 1; regions > 0 && len(heights) >= quorum {
		a.next = heights[quorum-1] + 1
	}
	for region, s := range statements {
		if s.agrees && (a.next == 0 || s.Height >= a.next-1) {
			a.agreeing = append(a.agreeing, region)
		}
	}
	slices.Sort(a.agreeing)
	return a
}

// contradicted is WITNESS_FROZEN where a statement disagrees, naming the regions that made one.
func contradicted(statements map[string]*statement) error {
	var against []string
	for region, s := range statements {
		if s.compared && !s.agrees {
			against = append(against, region)
		}
	}
	if len(against) == 0 {
		return nil
	}
	slices.Sort(against)
	return attest.Errorf(attest.CodeWitnessFrozen, "the statements of %s contradict ours", strings.Join(against, ", "))
}

// load reads everything anew.
func (s *standing) load(x *Index) error {
	*s = standing{statements: map[string]*statement{}}
	if err := s.members(x); err != nil {
		return err
	}
	return s.settle(x)
}

// members reads the consortium and the statements of its regions.
func (s *standing) members(x *Index) error {
	c, err := x.view.Consortium()
	if err != nil || c == nil {
		return err
	}
	s.regions = len(c.Regions)
	for _, region := range c.Regions {
		if s.statements[region] == nil {
			if err := s.read(x, region); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *standing) read(x *Index, region string) error {
	r, err := x.view.records.find(registry.KeyWitness(region))
	if err != nil || r.value == nil {
		return err
	}
	return s.note(region, r.value)
}

func (s *standing) note(region string, value []byte) error {
	st, err := registry.DecodeWitness(value)
	if err != nil {
		return err
	}
	s.statements[region] = &statement{Statement: *st}
	return nil
}

// update follows a block that has just become visible, perhaps with others behind it: what it wrote is taken from it.
func (s *standing) update(x *Index, e *effects) error {
	if e.traffic && !s.oldest.known {
		s.oldest = oldest{known: true, number: e.number, applied: e.note.applied}
	}
	changed := false
	prefix := registry.KeyWitness("")
	for i := range e.writes {
		w := &e.writes[i]
		if region, ok := strings.CutPrefix(w.Key, prefix); ok {
			changed = true
			if err := s.note(region, e.records[w.Key].value); err != nil {
				return err
			}
		}
	}
	if _, ok := e.records[registry.KeyConsortium]; ok {
		changed = true
		if err := s.members(x); err != nil {
			return err
		}
	}
	if !changed && !s.waiting() {
		return nil
	}
	return s.settle(x)
}

// waiting reports whether a statement is about a block that we do not hold yet.
func (s *standing) waiting() bool {
	for _, st := range s.statements {
		if !st.compared {
			return true
		}
	}
	return false
}

// settle compares what can be compared and draws the conclusions.
func (s *standing) settle(x *Index) error {
	for _, st := range s.statements {
		if err := st.compare(x.digestAt); err != nil {
			return err
		}
	}
	s.agreement = agree(s.statements, s.regions)
	s.frozen = contradicted(s.statements)
	if s.oldest.known && s.oldest.number >= s.next {
		return nil
	}
	return s.search(x)
}

// search finds the oldest block with content from the agreed height on.
func (s *standing) search(x *Index) error {
	s.oldest = oldest{}
	if x.at.traffic <= s.next {
		return nil // the last one is below
	}
	for number := s.next; number < x.at.next; number++ {
		n, err := readNote(x.db, number)
		if err != nil {
			return err
		}
		if n.traffic {
			s.oldest = oldest{known: true, number: number, applied: n.applied}
			return nil
		}
	}
	return nil
}

// digestAt is the index's own D(n).
func (x *Index) digestAt(number uint64) ([32]byte, bool, error) {
	if number >= x.at.next {
		return [32]byte{}, false, nil
	}
	n, err := readNote(x.db, number)
	return n.digest, err == nil, err
}

// Stated is one more than the height of a region's last witness statement; 0: it has made none.
func (x *Index) Stated(region string) uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if st := x.standing.statements[region]; st != nil {
		return st.Height + 1
	}
	return 0
}

// since is how many seconds ago then was at now, never negative.
func since(now, then int64) int64 {
	if then == math.MinInt64 {
		return math.MaxInt64
	}
	return max(0, now-then)
}

// ledger is the evidence that the standing gives at now. Height is 0 for an empty index as well: it holds no record then
// that could be judged.
func (x *Index) ledger(now int64) attest.Ledger {
	s := &x.standing
	l := attest.Ledger{
		Height:       max(x.at.next, 1) - 1,
		Digest:       x.at.digest,
		Age:          since(now, x.heard.Load()),
		Frozen:       x.frozen() != nil,
		Regions:      s.regions,
		Agreeing:     slices.Clone(s.agreeing),
		AgreedHeight: max(s.next, 1) - 1,
	}
	if s.oldest.known {
		l.Lag = since(now, s.oldest.applied)
	}
	return l
}
