package registry

import (
	"encoding/base64"
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
)

// MaxStatus is how many certificates one command may speak of.
const MaxStatus = 1000

// Reinstated is the state of an entry that ends an open suspension.
const Reinstated = "reinstated"

// reasons are the state codes that a change may give, as deployed; 01 有效 belongs to reinstating alone.
var reasons = []string{"01", "02", "03", "04", "05", "06", "99"}

func (s *SetStatus) apply(c *call) (Event, error) {
	if err := s.permit(c); err != nil {
		return Event{}, err
	}
	if len(s.Entries) == 0 || len(s.Entries) > MaxStatus {
		return Event{}, invalid("entries", "are none, or more than 1000")
	}
	for i := range s.Entries {
		if i > 0 && !s.Entries[i-1].before(&s.Entries[i]) {
			return Event{}, invalid("entries", "are not in ascending order of list and index, or repeat one")
		}
		if err := s.set(c, &s.Entries[i]); err != nil {
			return Event{}, err
		}
	}
	return Event{Name: NameSetStatus, Key: c.operation()}, c.mark()
}

func (e *StatusEntry) before(o *StatusEntry) bool {
	return e.List < o.List || e.List == o.List && e.Index < o.Index
}

// permit allows the authority itself while it is active, and its region once it is not.
func (s *SetStatus) permit(c *call) error {
	a, err := c.authority(s.Authority)
	if err != nil {
		return err
	}
	if a.State == attest.AuthorityActive {
		if c.signer == nil || c.signer.Code != a.Code {
			return attest.Errorf(attest.CodeNotPermitted, "status is set by the authority that issued")
		}
		return nil
	}
	if a.Region != c.region {
		return attest.Errorf(attest.CodeNotPermitted, "another region answers for the authority")
	}
	return c.require(attest.UseGovern)
}

func (s *SetStatus) set(c *call, e *StatusEntry) error {
	if err := e.check(); err != nil {
		return err
	}
	key := KeyStatus(s.Authority, e.List, e.Index)
	value, err := c.state.Get(key)
	if err != nil {
		return err
	}
	var intervals []attest.Interval
	if value != nil {
		if intervals, err = DecodeStatus(value); err != nil {
			return err
		}
	}
	if intervals, err = e.extend(intervals); err != nil {
		return err
	}
	return c.state.Put(key, encodeStatus(intervals))
}

// states are what an entry may put a certificate in.
var states = []string{string(attest.StatusSuspended), string(attest.StatusRevoked), string(attest.StatusSuperseded), Reinstated}

func (e *StatusEntry) check() error {
	if !slices.Contains(states, e.State) {
		return invalid("state", "is not suspended, revoked, superseded or reinstated")
	}
	if e.Index >= attest.StatusListSize {
		return attest.Errorf(attest.CodeStatusIndexRange, "a list has %d entries", attest.StatusListSize)
	}
	if e.From <= 0 || e.From >= 1<<40 {
		return invalid("from", "is not a time in Unix seconds")
	}
	if !slices.Contains(reasons, e.Reason) || (e.Reason == "01") != (e.State == Reinstated) {
		return invalid("reason", "is not a state code that fits the state")
	}
	return e.checkSuccessor()
}

func (e *StatusEntry) checkSuccessor() error {
	if (e.Successor != "") != (e.State == string(attest.StatusSuperseded)) {
		return invalid("successor", "belongs to a superseded certificate, and to no other")
	}
	if e.Successor == "" {
		return nil
	}
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(e.Successor); err != nil || len(raw) != 32 || len(e.Successor) != 43 {
		return invalid("successor", "is not a commitment in base64url")
	}
	return nil
}

// maxIntervals bounds a record: a certificate that was suspended and reinstated that often needs a new certificate. It
// never stands in the way of an end, which is the last interval there is.
const maxIntervals = 256

// extend adds what the entry says to a certificate's history, which is never rewritten: a suspension may be ended or
// turn into an end; an end is final.
func (e *StatusEntry) extend(intervals []attest.Interval) ([]attest.Interval, error) {
	var open *attest.Interval
	if n := len(intervals); n > 0 && intervals[n-1].Until == 0 {
		open = &intervals[n-1]
	}
	if err := e.follows(open, len(intervals)); err != nil {
		return nil, err
	}
	if open != nil {
		open.Until = max(e.From, open.From+1)
	}
	if e.State == Reinstated {
		return intervals, nil
	}
	return append(intervals, attest.Interval{State: attest.StatusState(e.State), From: e.From, Reason: e.Reason, Successor: e.Successor}), nil
}

// follows checks that the change can come after the open interval, nil for none, of a history of so many.
func (e *StatusEntry) follows(open *attest.Interval, recorded int) error {
	refused := func(why string) error { return attest.Errorf(attest.CodeStatusTransition, "%s", why) }
	suspends := e.State == string(attest.StatusSuspended)
	if open == nil {
		switch {
		case e.State == Reinstated:
			return refused("the certificate is not suspended")
		case suspends && recorded >= maxIntervals:
			return refused("the certificate was suspended too often")
		}
		return nil
	}
	switch {
	case open.State != attest.StatusSuspended:
		return refused("the certificate is " + string(open.State) + "; that is final")
	case suspends:
		return refused("the certificate is suspended")
	case e.From < open.From:
		return attest.Errorf(attest.CodeDatesReversed, "the change lies before the suspension it follows")
	}
	return nil
}
