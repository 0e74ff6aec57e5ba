package fabricnet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

// NetworkID is the consortium's id.
const NetworkID = "huzheng-fabric-test"

// settleTime is how long everything may take to come to rest.
const settleTime = 3 * time.Minute

// Options of a world.
type Options struct {
	Witness time.Duration  // a region states what it applied this long after traffic; 0: 500 ms
	Batch   time.Duration  // closes a batch; 0: 50 ms
	Pages   *gateway.Pages // of every gateway; nil: no web pages
	// Connect changes a region's connection before it is used; may be nil. It is called again when a gateway is opened again.
	Connect func(c *fabric.Connection)
}

// World is a consortium on a network, with every region's gateway at work until the test ends.
type World struct {
	*Network
	Gateways []*Gateway // in the order of Regions

	t       testing.TB
	o       Options
	dir     string
	network string // the consortium's id
	stores  func(code string) gateway.Place
}

// Gateway is one region's gateway on the network, with a client of its API.
type Gateway struct {
	*gatewaytest.Region
	Ledger *fabric.Client // of the test's own, as the region
	Log    *Log

	world  *World
	region Region
	open   *consortium.Consortium // of the one; nil: closed
}

// Found makes a consortium of the network's regions, with the sample types and authorities and one agreement between all.
func Found(t testing.TB, n *Network, o Options) *World {
	t.Helper()
	if o.Witness == 0 {
		o.Witness = 500 * time.Millisecond
	}
	if o.Batch == 0 {
		o.Batch = batchWait
	}
	w := &World{Network: n, t: t, o: o, dir: t.TempDir(), network: NetworkID}
	w.stores = w.own
	var founders []registry.Founder
	for _, r := range Regions {
		founder, err := gateway.Create(w.place(r.Code), attest.SuiteStd,
			attest.Region{Code: r.Code, Name: r.Name, MSP: r.MSP, URL: "https://gw." + r.Code + ".example"})
		require.NoError(t, err)
		founders = append(founders, *founder)
	}
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	var signing []*gateway.Gateway
	for _, g := range w.openAll() {
		signing = append(signing, g.Gateway)
	}
	slices.SortFunc(founders, func(a, b registry.Founder) int { return strings.Compare(a.Region.Code, b.Region.Code) })
	require.NoError(t, gateway.Found(t.Context(), NetworkID, attest.SuiteStd, founders, signing))
	w.establishTrust()
	return w
}

func (w *World) openAll() []*Gateway {
	w.t.Helper()
	for _, r := range Regions {
		g := &Gateway{world: w, region: r, Log: newLog()}
		w.Gateways = append(w.Gateways, g)
		g.Open()
	}
	return w.Gateways
}

func (w *World) establishTrust() {
	w.t.Helper()
	w.CaughtUp()
	var regions []*gatewaytest.Region
	for _, g := range w.Gateways {
		regions = append(regions, g.Region)
	}
	gatewaytest.EstablishTrust(w.t, regions, w.CaughtUp)
	w.Settle()
}

// place is where a region's stores lie.
func (w *World) place(code string) gateway.Place {
	w.t.Helper()
	return w.stores(code)
}

// own is a place in the world's folder.
func (w *World) own(code string) gateway.Place {
	w.t.Helper()
	master, err := keys.NewMaster(gatewaytest.MasterSecret(code))
	require.NoError(w.t, err)
	return gateway.Place{Dir: filepath.Join(w.dir, code), Keyring: filepath.Join(w.dir, code+".keyring"), Master: master}
}

// Open opens the gateway, as a program that starts does. The address of its API is another one each time.
func (g *Gateway) Open() {
	w := g.world
	w.t.Helper()
	c := w.Connection(g.region.Code)
	c.Logger = slog.New(g.Log)
	if w.o.Connect != nil {
		w.o.Connect(&c)
	}
	var err error
	g.Ledger, err = fabric.Dial(c.Config)
	require.NoError(w.t, err)
	g.open, err = open(context.Background(), w.network, w.place(g.region.Code), &c, w.o, slog.New(g.Log))
	require.NoError(w.t, err)
	g.Region = gatewaytest.Adopt(w.t, g.open.Gateways[0], g.Region)
}

// batchWait is the default of Options.Batch.
const batchWait = 50 * time.Millisecond

// open opens a region's gateway on its network, at work.
func open(ctx context.Context, network string, place gateway.Place, c *fabric.Connection, o Options, log *slog.Logger,
) (*consortium.Consortium, error) {
	config := api.DefaultConfig()
	config.Address = api.Rate{PerSecond: 1e6, Burst: 1e6}
	config.Credential = config.Address
	return consortium.Open(ctx, &consortium.Plan{Network: network, Connection: c, BatchWait: o.Batch, WitnessEvery: o.Witness,
		Members: []consortium.Member{{Place: place, Region: attest.Region{Code: c.Region}, Pages: o.Pages,
			PeerListen: c.PeerListen, PeerAddresses: c.Gateways}}, API: config, Logger: log})
}

// Close ends the gateway in an orderly way. Closing twice is fine.
func (g *Gateway) Close() error {
	if g.open == nil {
		return nil
	}
	err := errors.Join(g.Stop(), g.open.Close(), g.Ledger.Close())
	g.open = nil
	if err != nil {
		return fmt.Errorf("region %s: %w", g.Code, err)
	}
	return nil
}

// Reopen closes the gateway and opens it again.
func (g *Gateway) Reopen() {
	g.world.t.Helper()
	require.NoError(g.world.t, g.Close())
	g.Open()
}

// Signer is a key of the gateway's store, as of somebody who holds its disk and its master key.
func (g *Gateway) Signer(id string) attest.Signer {
	g.world.t.Helper()
	place := g.world.place(g.Code)
	store, err := keys.OpenStore(place.KeysDir(), place.Master)
	require.NoError(g.world.t, err)
	signer, err := store.Signer(id)
	require.NoError(g.world.t, err)
	return signer
}

// Rebuild puts an empty index in the place of the gateway's, as fsck --rebuild-index does, and opens it again.
func (g *Gateway) Rebuild() {
	g.world.t.Helper()
	require.NoError(g.world.t, g.Close())
	place := g.world.place(g.Code)
	require.NoError(g.world.t, os.RemoveAll(place.IndexDir()))
	require.NoError(g.world.t, gatewaytest.EmptyIndex(place.IndexDir()))
	g.Open()
}

// Close ends every gateway.
func (w *World) Close() error {
	for _, g := range w.Gateways {
		if err := g.Close(); err != nil {
			return err
		}
	}
	return nil
}

// CaughtUp returns once every gateway has applied what was on the ledger when it was called.
func (w *World) CaughtUp() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	var next uint64
	for _, g := range w.Gateways {
		next = max(next, g.peerHead(ctx))
	}
	for _, g := range w.Gateways {
		require.NoError(w.t, g.Gateway.WaitFor(ctx, next-1), g.Code)
	}
}

// peerHead is how many blocks the gateway's own peer has, once it answers.
func (g *Gateway) peerHead(ctx context.Context) uint64 {
	g.world.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		next, err := g.Ledger.PeerHead(ctx)
		if err == nil {
			return next
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.NoError(g.world.t, err, g.region.Code)
		}
	}
}

// Settle returns once every gateway has everything that is on the ledger, has heard that this is all, and rests on a height
// that enough regions agree on: it judges.
func (w *World) Settle() {
	w.t.Helper()
	w.CaughtUp()
	for _, g := range w.Gateways {
		g.Judges(settleTime)
	}
}

// Judges waits until the gateway's verdicts rest on the ledger again.
func (g *Gateway) Judges(limit time.Duration) {
	t := g.world.t
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		l, err := g.Gateway.Index().Ledger(time.Now().Unix())
		require.NoError(t, err)
		traffic := g.Gateway.Index().Progress().Traffic
		if !l.Frozen && l.Age <= 2 && len(l.Agreeing) > l.Tolerated() && l.AgreedHeight+1 >= traffic {
			return
		}
		require.True(t, time.Now().Before(deadline), "%s does not judge after %v: %+v, traffic %d, frozen %v\n%s", g.Code, limit, l,
			traffic, g.Gateway.Index().Frozen(), g.Log.Last(12))
		time.Sleep(10 * time.Millisecond)
	}
}

// At is the gateway of a region.
func (w *World) At(code string) *Gateway {
	w.t.Helper()
	i := slices.IndexFunc(w.Gateways, func(g *Gateway) bool { return g.region.Code == code })
	require.GreaterOrEqual(w.t, i, 0, code)
	return w.Gateways[i]
}
