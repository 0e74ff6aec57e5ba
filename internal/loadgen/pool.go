package loadgen

import (
	"context"
	"sync"
)

// Pool are callers of one URL, as many as are asking at a time. The one that came back last asks next, as in net/http's client: the
// others' connections stay quiet. Safe for concurrent use.
type Pool struct {
	address, token string

	mu   sync.Mutex
	idle []*Caller
}

// NewPool makes a pool without callers.
func NewPool(address, token string) *Pool { return &Pool{address: address, token: token} }

// Post sends a body and hands the answer's status and body to read, which keeps neither.
func (p *Pool) Post(ctx context.Context, body []byte, read func(status int, answer []byte) error) error {
	c := p.take()
	defer p.give(c)
	status, answer, err := c.Post(ctx, body)
	if err != nil {
		return err
	}
	return read(status, answer)
}

func (p *Pool) take() *Caller {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return New(p.address, p.token)
	}
	c := p.idle[n-1]
	p.idle = p.idle[:n-1]
	return c
}

func (p *Pool) give(c *Caller) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// Close gives the connections back. Nobody asks any more.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
}
