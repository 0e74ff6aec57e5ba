package proofcode

import (
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// The bounds of a code, in seconds and uses.
const (
	MinLife  = 30
	MaxLife  = 24 * 60 * 60
	MaxUses  = 100
	MaxShown = 16 // certificates

	ShortLife   = 10 * 60 // of the short form: it can be guessed at, if not with hope
	ReserveLife = 60      // of a reservation without a verdict
	RepeatLife  = 5 * 60  // how long the same redemption is shown the same again

	maxReleased = 16 // remembered of each code
)

// State is what a code is worth.
type State string

// The states of a code.
const (
	Active    State = "active"
	UsedUp    State = "used_up"
	Expired   State = "expired"
	Cancelled State = "cancelled"
)

// The rules below are pure: a code, what is asked of it, and the home's time. Time never runs backwards for one code, so
// that a clock that is set back revives nothing.

func moment(c *custody.ProofCode, now int64) int64 { return max(now, c.Seen) }

// StateAt tells what a code is worth at now.
func StateAt(c *custody.ProofCode, now int64) State {
	consumed, _ := counts(c, moment(c, now))
	switch {
	case c.Cancelled != 0:
		return Cancelled
	case consumed >= c.Uses:
		return UsedUp
	case moment(c, now) >= c.Expires:
		return Expired
	}
	return Active
}

// Remaining is how many uses are left to agree on: neither consumed nor reserved.
func Remaining(c *custody.ProofCode, now int64) int {
	consumed, reserved := counts(c, moment(c, now))
	return max(0, c.Uses-consumed-reserved)
}

func counts(c *custody.ProofCode, now int64) (consumed, reserved int) {
	for i := range c.Holds {
		switch h := &c.Holds[i]; {
		case h.State == custody.HoldConsumed:
			consumed++
		case h.State == custody.HoldReserved && now < h.Until:
			reserved++
		}
	}
	return consumed, reserved
}

// Lapse gives back what was reserved and not consumed in time, for good, and returns it. Every change begins with it.
func Lapse(c *custody.ProofCode, now int64) (lapsed []custody.Hold) {
	c.Seen = moment(c, now)
	for i := range c.Holds {
		if h := &c.Holds[i]; h.State == custody.HoldReserved && c.Seen >= h.Until {
			h.State = custody.HoldReleased
			lapsed = append(lapsed, *h)
		}
	}
	forget(c)
	return lapsed
}

// forget drops the oldest of many uses that were given back. Their numbers are not given again, so that none can be consumed.
func forget(c *custody.ProofCode) {
	released := 0
	for i := len(c.Holds) - 1; i >= 0; i-- {
		if c.Holds[i].State != custody.HoldReleased {
			continue
		}
		if released++; released > maxReleased {
			c.Holds = slices.Delete(c.Holds, i, i+1)
		}
	}
}

// Attempt is a redemption on its way in.
type Attempt struct {
	Operation [32]byte
	Scenario  string
	By        custody.UseBy
}

// Reserve takes one use for an attempt, or says why not. The same operation finds its own use again, reserved or consumed.
// Lapse comes first.
func Reserve(c *custody.ProofCode, a *Attempt, now int64) (*custody.Hold, attest.Code) {
	if h := held(c, a.Operation); h != nil && h.State == custody.HoldReserved ||
		h != nil && h.State == custody.HoldConsumed && c.Seen < h.At+RepeatLife {
		return h, ""
	}
	if why := refusal(c, a, now); why != "" {
		return nil, why
	}
	c.Next++
	c.Holds = append(c.Holds, custody.Hold{Operation: a.Operation, Number: c.Next, State: custody.HoldReserved, At: c.Seen,
		Until: min(c.Seen+ReserveLife, c.Expires), Verifier: a.By})
	return &c.Holds[len(c.Holds)-1], ""
}

func refusal(c *custody.ProofCode, a *Attempt, now int64) attest.Code {
	switch {
	case c.Cancelled != 0:
		return attest.CodeProofCodeCancelled
	case StateAt(c, now) == UsedUp:
		return attest.CodeProofCodeUsedUp
	case c.Seen >= c.Expires:
		return attest.CodeProofCodeExpired
	case !admits(&c.Audience, &a.By):
		return attest.CodeProofCodeAudience
	case a.Scenario != "" && a.Scenario != c.Scenario:
		return attest.CodeProofCodeScenario
	case Remaining(c, now) == 0:
		return attest.CodeProofCodeUsedUp
	}
	return ""
}

func admits(audience *custody.Audience, by *custody.UseBy) bool {
	switch audience.Kind {
	case custody.AudienceAny:
		return true
	case custody.AudienceRegion:
		return audience.Region == by.Region
	case custody.AudienceOffice:
		return audience.Office == by.Office
	case custody.AudienceIntegrator:
		return audience.Region == by.Region && audience.Tenant == by.Tenant
	}
	return false
}

// held is the newest use of an operation.
func held(c *custody.ProofCode, operation [32]byte) *custody.Hold {
	for i := len(c.Holds) - 1; i >= 0; i-- {
		if c.Holds[i].Operation == operation {
			return &c.Holds[i]
		}
	}
	return nil
}

// Consume makes a reserved use count. The same outcome once more is a success that changes nothing. Lapse comes first, so
// that a use that was given back is REDEMPTION_LAPSED whatever came to it. Errors: REDEMPTION_LAPSED, OPERATION_CONFLICT.
func Consume(c *custody.ProofCode, operation [32]byte, number uint64, outcome [32]byte) (changed bool, err error) {
	i := slices.IndexFunc(c.Holds, func(h custody.Hold) bool { return h.Number == number && h.Operation == operation })
	if i < 0 {
		return false, attest.Errorf(attest.CodeRedemptionLapsed, "no use is reserved under this number")
	}
	switch h := &c.Holds[i]; {
	case h.State == custody.HoldConsumed && h.Outcome == outcome:
		return false, nil
	case h.State == custody.HoldConsumed:
		return false, attest.Errorf(attest.CodeOperationConflict, "the use was consumed by another outcome")
	case h.State != custody.HoldReserved:
		return false, attest.Errorf(attest.CodeRedemptionLapsed, "the use has been given back")
	default:
		h.State, h.Outcome = custody.HoldConsumed, outcome
		return true, nil
	}
}

// Release gives a reserved use back. What is consumed stays so; what is given back already is a success.
func Release(c *custody.ProofCode, operation [32]byte, number uint64) (released *custody.Hold) {
	for i := range c.Holds {
		if h := &c.Holds[i]; h.Number == number && h.Operation == operation && h.State == custody.HoldReserved {
			h.State = custody.HoldReleased
			return h
		}
	}
	return nil
}

// Cancel ends what is unused of a code. A use that is reserved may still be consumed: it has been shown.
func Cancel(c *custody.ProofCode, now int64) {
	if c.Cancelled == 0 {
		c.Cancelled = max(1, moment(c, now))
	}
}
