package consortium

import (
	"context"
	"errors"
	"fmt"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/embedded"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
)

// ownLedger is a ledger in this process, which every member shares.
type ownLedger struct{ *embedded.Ledger }

func (l ownLedger) member(m *Member) (gateway.Ledger, []byte, func(*gateway.Gateway)) {
	return seat{l.Ledger, l.As(MSP(m.Region.Code))}, nil, func(*gateway.Gateway) {}
}

// seat is the embedded ledger as one organisation sees it.
type seat struct {
	*embedded.Ledger
	as *embedded.Client
}

// Submit implements follow.Submitter.
func (s seat) Submit(ctx context.Context, command []byte) (registry.Outcome, error) {
	return s.as.Submit(ctx, command)
}

// openNetwork opens the one member's gateway on a Fabric network.
func (p *Plan) openNetwork(ctx context.Context) (*Consortium, error) {
	if len(p.Members) != 1 || p.Members[0].Region.Code != p.Connection.Region {
		return nil, errors.New("on a network the one gateway is that of the connection's region")
	}
	place := &place{genesis: p.Connection.Genesis, ready: make(chan struct{})}
	config := p.Connection.Config
	config.Logger = p.logger().With("region", p.Connection.Region)
	config.Locate = place.locate
	config.OnPeer = place.failed
	var err error
	if place.Client, err = fabric.Dial(config); err != nil {
		return nil, fmt.Errorf("region %s: %w", p.Connection.Region, err)
	}
	return p.open(ctx, place, place)
}

// place is a region's place on a Fabric network. The gateway that works on it is known a moment after it has begun to.
type place struct {
	*fabric.Client
	genesis [32]byte

	ready   chan struct{} // closed once gateway is set
	gateway *gateway.Gateway
}

func (p *place) member(*Member) (gateway.Ledger, []byte, func(*gateway.Gateway)) {
	return p, p.genesis[:], func(g *gateway.Gateway) {
		p.gateway = g
		close(p.ready)
	}
}

// Submit implements follow.Submitter. That a command is a repeat is what endorsers say: it counts, and its place is known,
// once the region's own replica shows it.
func (p *place) Submit(ctx context.Context, command []byte) (registry.Outcome, error) {
	out, err := p.Client.Submit(ctx, command)
	if err != nil || !out.Event.Repeat || out.Position != (registry.Position{}) {
		return out, err // block 0 is the channel's configuration and holds no command
	}
	select {
	case <-p.ready:
	case <-ctx.Done():
		return registry.Outcome{}, ctx.Err()
	}
	out.Position, err = p.gateway.Locate(ctx, out.Event.Key)
	return out, err
}

func (p *place) locate(key string) (registry.Position, bool) {
	select {
	case <-p.ready:
	default:
		return registry.Position{}, false
	}
	at, known, err := p.gateway.Index().First(key)
	return at, known && err == nil
}

func (p *place) failed(address string, _ error) {
	select {
	case <-p.ready:
		p.gateway.PeerFailed(address)
	default:
	}
}
