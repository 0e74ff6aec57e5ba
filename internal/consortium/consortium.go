package consortium

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/embedded"
	"github.com/huzheng-ledger/huzheng/internal/follow"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// Ledger is what the gateways work on.
type Ledger interface {
	follow.Source
	follow.Prober
	Close() error
}

// Consortium is an open ledger with its gateways at work.
type Consortium struct {
	Ledger   Ledger             // closed with the consortium
	Gateways []*gateway.Gateway // in the order of the plan

	local bool // the ledger lies in this process
	stop  context.CancelFunc
	group *errgroup.Group
	peers *peers
}

// joins gives the ledger to one member's gateway. A repeat's position is looked up in the gateway's replica, which is told
// by opened once there is one.
type joins interface {
	member(m *Member) (as gateway.Ledger, genesis []byte, opened func(*gateway.Gateway))
}

// Found makes the stores of the plan's members, founds the consortium of them and leaves it at work. Every member's
// folder has to be empty. Where it fails the folders are left as they are, for whoever asked to remove.
func Found(ctx context.Context, p *Plan) (*Consortium, error) {
	if p.Connection != nil {
		return nil, errors.New("a network is founded by a charter that its regions sign apart")
	}
	founders := make([]registry.Founder, 0, len(p.Members))
	for i := range p.Members {
		m := &p.Members[i]
		f, err := gateway.Create(m.Place, p.Suite, m.Region)
		if err != nil {
			return nil, fmt.Errorf("region %s: %w", m.Region.Code, err)
		}
		founders = append(founders, *f)
	}
	ledger, err := embedded.Create(p.LedgerDir, p.ledgerOptions())
	if err != nil {
		return nil, err
	}
	c, err := p.open(ctx, ledger, ownLedger{ledger})
	if err != nil {
		return nil, err
	}
	// A charter names its founders in one order.
	slices.SortFunc(founders, func(a, b registry.Founder) int { return strings.Compare(a.Region.Code, b.Region.Code) })
	signing := slices.SortedFunc(slices.Values(c.Gateways), func(a, b *gateway.Gateway) int { return strings.Compare(a.Region(), b.Region()) })
	if err := gateway.Found(ctx, p.Network, p.Suite, founders, signing); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if err := c.CaughtUp(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Open opens what Found has made, or the one member's gateway on its network, and sets it to work, until Close. ctx bounds
// the work as well. A network does not have to answer for that.
func Open(ctx context.Context, p *Plan) (*Consortium, error) {
	if p.Connection != nil {
		return p.openNetwork(ctx)
	}
	ledger, err := embedded.Open(p.LedgerDir, p.ledgerOptions())
	if err != nil {
		return nil, err
	}
	return p.open(ctx, ledger, ownLedger{ledger})
}

func (p *Plan) ledgerOptions() embedded.Options {
	return embedded.Options{Store: pebblekv.Options{Cache: p.Cache, Logger: p.Logger}}
}

// open opens the gateways over a ledger, which it takes over.
func (p *Plan) open(ctx context.Context, ledger Ledger, by joins) (*Consortium, error) {
	c := &Consortium{Ledger: ledger, local: p.Connection == nil}
	var err error
	if c.peers, err = p.listenPeers(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	for i := range p.Members {
		m := &p.Members[i]
		as, genesis, opened := by.member(m)
		g, err := gateway.Open(gateway.Options{Place: m.Place, Region: m.Region.Code, Network: p.Network,
			Ledger: as, Genesis: genesis, BatchSize: p.BatchSize, BatchWait: p.BatchWait,
			WitnessEvery: p.WitnessEvery, API: p.api(m), Peers: c.peers.of(p, m), Throttle: p.Throttle, Pages: m.Pages,
			Clock: m.Clock, Cache: p.Cache, Logger: p.logger()})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("region %s: %w", m.Region.Code, err), c.Close())
		}
		opened(g)
		c.Gateways = append(c.Gateways, g)
	}
	// Work goes on while requests under way finish, and ends with Close: a gateway whose follower has stopped first could
	// not answer them.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	c.group = new(errgroup.Group)
	for _, g := range c.Gateways {
		c.group.Go(func() error { return g.Run(work) })
		l := c.peers.take(g.Region())
		c.group.Go(func() error { return g.ServePeers(work, l) })
	}
	return c, nil
}

// LedgerErr is why a ledger in this process takes nothing in any more; nil while it does, and always nil for a network,
// which other regions keep as well.
func (c *Consortium) LedgerErr() error {
	if !c.local {
		return nil
	}
	_, err := c.Ledger.Head(context.Background())
	return err
}

// Close ends the work and closes the gateways, then the ledger.
func (c *Consortium) Close() error {
	var errs []error
	if c.stop != nil {
		c.stop()
		errs = append(errs, c.group.Wait())
	}
	if c.peers != nil {
		errs = append(errs, c.peers.close())
	}
	for _, g := range c.Gateways {
		errs = append(errs, g.Close())
	}
	return errors.Join(append(errs, c.Ledger.Close())...)
}

// Gateway is the gateway of a region; nil where it is none of these.
func (c *Consortium) Gateway(region string) *gateway.Gateway {
	for _, g := range c.Gateways {
		if g.Region() == region {
			return g
		}
	}
	return nil
}

// CaughtUp returns once every gateway has applied what was on the ledger when it was called.
func (c *Consortium) CaughtUp(ctx context.Context) error {
	next, err := c.Ledger.Head(ctx)
	if err != nil || next == 0 {
		return err
	}
	for _, g := range c.Gateways {
		if err := g.WaitFor(ctx, next-1); err != nil {
			return err
		}
	}
	return nil
}

// Agreed returns once enough regions have stated that they agree with this gateway's view of everything that was on the
// ledger when it was called, so that a verdict may rest on it. Statements themselves are not waited for: nobody answers
// them.
func (c *Consortium) Agreed(ctx context.Context, g *gateway.Gateway) error {
	if err := c.CaughtUp(ctx); err != nil {
		return err
	}
	traffic := g.Index().Progress().Traffic // one more than the last block that carried anything else
	for {
		applied := g.Index().Next()
		l, err := g.Index().Ledger(g.Now().Unix())
		switch {
		case err != nil:
			return err
		case l.Frozen:
			return g.Index().Frozen()
		case len(l.Agreeing) > l.Tolerated() && l.AgreedHeight+1 >= traffic:
			return nil
		}
		// The next block can only be another statement, or more work: either way, look again.
		if err := g.WaitFor(ctx, applied); err != nil {
			return err
		}
	}
}

// freshPoll is how often a gateway that has just been opened is asked whether it has heard of the ledger.
const freshPoll = 5 * time.Millisecond

// Fresh returns once a gateway has applied what is on the ledger and has heard that this is so: before that it answers
// undetermined, as it should.
func (c *Consortium) Fresh(ctx context.Context, g *gateway.Gateway) error {
	if err := c.CaughtUp(ctx); err != nil {
		return err
	}
	tick := time.NewTicker(freshPoll)
	defer tick.Stop()
	for {
		l, err := g.Index().Ledger(g.Now().Unix())
		if err != nil || l.Age <= 1 {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
