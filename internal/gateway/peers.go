package gateway

import (
	"context"
	"net"
	"net/url"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/peer"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
)

// PeerPort is where a region's gateway answers other gateways, unless the configuration says otherwise.
const PeerPort = "9440"

// Peers says where other regions' gateways are and how they are asked. The zero value: at the host of their registered URL.
type Peers struct {
	Address func(region string) (hostPort string, ok bool) // before the registered one; may be nil
	Client  peer.ClientOptions                             // its limits; Identity and Address are filled in
}

// address of a region's gateway: the configured one, else the host of its registered URL.
func (g *Gateway) address(region string) (string, error) {
	if g.o.Peers.Address != nil {
		if hostPort, ok := g.o.Peers.Address(region); ok {
			return hostPort, nil
		}
	}
	r, err := g.index.Region(region)
	if err != nil {
		return "", err
	}
	if r == nil {
		return "", attest.Errorf(attest.CodeRegionUnknown, "the region is not a member of the consortium")
	}
	u, err := url.Parse(r.URL)
	if err != nil || u.Hostname() == "" {
		return "", attest.Errorf(attest.CodeRegionUnknown, "the region's registered URL names no host")
	}
	return net.JoinHostPort(u.Hostname(), PeerPort), nil
}

// ServePeers answers other regions' gateways on l until ctx is done. It closes l.
func (g *Gateway) ServePeers(ctx context.Context, l net.Listener) error {
	s := &peer.Server{Identity: g.identity, Home: peerHome{g}, Log: g.log, Refused: g.peerRefused}
	return s.Serve(ctx, l)
}

// PeerClient asks other regions' gateways.
func (g *Gateway) PeerClient() *peer.Client { return g.peers }

// homes is redemption.Homes: the own home at hand, the others over the wire.
type homes struct{ g *Gateway }

// Redeem implements redemption.Homes.
func (h homes) Redeem(ctx context.Context, home string, r *peer.Redeem) (*peer.Reserved, error) {
	if home == h.g.o.Region {
		return peerHome(h).Redeem(ctx, home, r)
	}
	return h.g.peers.Redeem(ctx, home, r)
}

// Consume implements redemption.Homes.
func (h homes) Consume(ctx context.Context, home string, u *peer.Use) error {
	if home == h.g.o.Region {
		return peerHome(h).Consume(ctx, home, u)
	}
	return h.g.peers.Consume(ctx, home, u)
}

// Release implements redemption.Homes.
func (h homes) Release(ctx context.Context, home string, u *peer.Use) error {
	if home == h.g.o.Region {
		return peerHome(h).Release(ctx, home, u)
	}
	return h.g.peers.Release(ctx, home, u)
}

// peerHome is peer.Home over this region's home of codes.
type peerHome struct{ g *Gateway }

// Redeem implements peer.Home. An office is taken for one only where the ledger says that the asking region answers for it.
func (h peerHome) Redeem(ctx context.Context, region string, r *peer.Redeem) (*peer.Reserved, error) {
	if r.Office != "" {
		a, err := h.g.index.Authority(r.Office)
		if err != nil {
			return nil, err
		}
		if a == nil || a.Region != region {
			r.Office = ""
		}
	}
	reserved, err := h.g.home.Redeem(ctx, &proofcode.Redemption{Operation: r.Operation, Code: r.Code, Caller: r.Caller, Scenario: r.Scenario,
		Audience: r.Audience, Nonce: r.Nonce, By: custody.UseBy{Region: region, Verifier: r.Verifier, Office: r.Office, Tenant: r.Tenant}})
	if err != nil {
		return nil, err
	}
	out := &peer.Reserved{Operation: r.Operation, Code: reserved.Code.String(), Number: reserved.Number, UseCause: reserved.UseCause, Scenario: reserved.Scenario}
	for _, item := range reserved.Items {
		out.Items = append(out.Items, peer.Item(item))
	}
	return out, nil
}

// Consume implements peer.Home.
func (h peerHome) Consume(ctx context.Context, region string, u *peer.Use) error {
	id, err := custody.ParseCodeID(u.Code)
	if err != nil {
		return attest.Errorf(attest.CodeRedemptionLapsed, "no use is reserved under this number")
	}
	return h.g.home.Consume(ctx, region, u.Operation, id, u.Number, u.Receipts)
}

// Release implements peer.Home.
func (h peerHome) Release(ctx context.Context, region string, u *peer.Use) error {
	id, err := custody.ParseCodeID(u.Code)
	if err != nil {
		return nil // nothing is reserved under it
	}
	return h.g.home.Release(ctx, region, u.Operation, id, u.Number)
}

// Report implements peer.Home.
func (h peerHome) Report(ctx context.Context, region string, reports []custody.Report) error {
	return h.g.home.Report(ctx, region, reports)
}

// Inclusion implements peer.Home.
func (h peerHome) Inclusion(_ context.Context, commitment [32]byte) ([]byte, error) {
	receipt, err := h.g.notary.Receipt(commitment)
	if err != nil {
		return nil, missing(err, "record")
	}
	return receipt.JSON(), nil
}

// Status implements peer.Home.
func (h peerHome) Status(_ context.Context, commitment [32]byte) (*peer.Hint, error) {
	c, err := h.g.vault.Certificate(commitment)
	if attest.CodeOf(err) == attest.CodeSubjectShredded {
		return nil, notFound("record")
	}
	if err != nil {
		return nil, missing(err, "record")
	}
	var hint peer.Hint
	err = h.g.index.Read(func(v registry.View) error {
		intervals, err := v.Status(c.Authority, c.Status.List, c.Status.Index)
		if at := attest.StatusAt(intervals, h.g.now().Unix()); at != nil {
			hint = peer.Hint{State: string(at.State), From: at.From, Until: at.Until}
		}
		return err
	})
	return &hint, err
}

// tell hands receipts to the region that issued what they are about, which may be the own one.
func (g *Gateway) tell(ctx context.Context, region string, reports []custody.Report) error {
	if region == g.o.Region {
		return g.home.Report(ctx, region, reports)
	}
	return g.peers.Report(ctx, region, reports)
}
