package consortium

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/huzheng-ledger/huzheng/internal/gateway"
)

// peers are the listeners on which the members answer other regions' gateways: of this process or of any other, it is the
// same wire.
type peers struct {
	open map[string]net.Listener // by region, until they are served
	at   map[string]string
}

func (p *Plan) listenPeers(ctx context.Context) (*peers, error) {
	out := &peers{open: map[string]net.Listener{}, at: map[string]string{}}
	for i := range p.Members {
		m := &p.Members[i]
		address := m.PeerListen
		if address == "" {
			address = "127.0.0.1:0"
		}
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("region %s: peer: %w", m.Region.Code, err), out.close())
		}
		out.open[m.Region.Code], out.at[m.Region.Code] = l, l.Addr().String()
	}
	return out, nil
}

// of says where a member finds the others.
func (s *peers) of(p *Plan, m *Member) gateway.Peers {
	out := p.Peers
	configured := out.Address
	out.Address = func(region string) (string, bool) {
		if configured != nil {
			if at, ok := configured(region); ok {
				return at, true
			}
		}
		if at, ok := m.PeerAddresses[region]; ok {
			return at, true
		}
		at, ok := s.at[region]
		return at, ok
	}
	return out
}

// take hands a listener over to who serves it.
func (s *peers) take(region string) net.Listener {
	l := s.open[region]
	delete(s.open, region)
	return l
}

func (s *peers) close() error {
	var errs []error
	for _, l := range s.open {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// PeerAddress is where a member answers other regions' gateways.
func (c *Consortium) PeerAddress(region string) string { return c.peers.at[region] }
