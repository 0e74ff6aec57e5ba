package peertest

import (
	"math/rand/v2"
	"sync"
)

// The calls of a submission, by their full methods.
const (
	Endorse = "/gateway.Gateway/Endorse"
	Submit  = "/gateway.Gateway/Submit"
	Status  = "/gateway.Gateway/CommitStatus"
)

// Where in a call a cut strikes: the peer has not seen it, or its answer is lost.
const (
	before = "before"
	after  = "after"
)

// Cuts ends connections at calls of a submission, as a seed has it.
type Cuts struct {
	chance float64

	mu      sync.Mutex
	rng     *rand.Rand
	counted map[string]int
}

// NewCuts strikes each call with that chance before the peer sees it, and with the same after it has answered.
func NewCuts(seed uint64, chance float64) *Cuts {
	return &Cuts{chance: chance, rng: rand.New(rand.NewPCG(seed, 0)), counted: map[string]int{}} //nolint:gosec // a seeded test
}

// Cut begins to cut; nil ends it.
func (p *Proxy) Cut(c *Cuts) { p.cuts.Store(c) }

// Struck is how many calls were cut, by "before" or "after" and the method.
func (c *Cuts) Struck() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	for k, n := range c.counted {
		out[k] = n
	}
	return out
}

func (c *Cuts) strikes(method, where string) bool {
	if c == nil || !isSubmission(method) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rng.Float64() >= c.chance {
		return false
	}
	c.counted[where+" "+method]++
	return true
}

func isSubmission(method string) bool {
	return method == Endorse || method == Submit || method == Status
}
