package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/follow"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/metrics"
	"github.com/huzheng-ledger/huzheng/internal/notary"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
	"github.com/huzheng-ledger/huzheng/internal/peer"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/redemption"
	"github.com/huzheng-ledger/huzheng/internal/refusal"
	"github.com/huzheng-ledger/huzheng/internal/report"
	"github.com/huzheng-ledger/huzheng/internal/vault"
	"github.com/huzheng-ledger/huzheng/internal/verify"
)

// Ledger orders commands for one organisation and hands out blocks: the embedded ledger or a Fabric network.
type Ledger interface {
	follow.Source
	follow.Submitter
}

// Options of a gateway. Place, Region, Network and Ledger are needed.
type Options struct {
	Place
	Region  string // division code
	Network string // id of the consortium, pinned: a ledger of another one is refused
	Genesis []byte // hash of block 0, pinned; nil: the first that comes
	Ledger  Ledger

	BatchSize    int           // leaves that close a batch; 0: notary's default
	BatchWait    time.Duration // age that closes a batch; 0: notary's default
	WitnessEvery time.Duration // after traffic; 0: follow's default
	Policy       attest.Policy // zero: attest.DefaultPolicy
	API          api.Config    // zero: api.DefaultConfig; Credentials, Metrics and Log are filled in
	Font         string        // TrueType file with Chinese glyphs, for prints; empty: one of the system's
	Peers        Peers         // where other regions' gateways are
	Throttle     Throttle      // of codes that cannot be used
	Cache        *pebblekv.Cache
	Pages        *Pages           // nil: no web pages
	Clock        func() time.Time // nil: time.Now
	Logger       *slog.Logger     // nil: slog.Default
}

// Gateway is one region's open gateway. Run keeps it working; Serve answers HTTP beside it.
type Gateway struct {
	o        Options
	log      *slog.Logger
	vault    *vault.Vault
	index    *index.Index
	keys     *keys.Store
	govKey   inForce
	gwKey    inForce
	follower *follow.Follower
	witness  *follow.Witness
	notary   *notary.Notary
	verifier *verify.Verifier
	metrics  *metrics.Registry
	creds    *credentials.Store
	server   *api.Server
	imports  *imports // of the office's pages; nil: there are none

	identity *peer.Identity
	peers    *peer.Client
	home     *proofcode.Home
	redeemer *redemption.Service
	reporter *report.Reporter
	refusals *refusal.Recorder

	rotating sync.Mutex // one rotation at a time
}

// Open opens the stores of a gateway that Create has made. Codes: STORE_MISSING, STORE_LOCKED, STORE_CORRUPT, the MASTER
// codes. What an earlier run left open is submitted again at once; call Run for the rest.
func Open(o Options) (*Gateway, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	g := &Gateway{o: o, log: o.Logger.With("region", o.Region), metrics: metrics.New(o.Region)}
	if err := g.open(); err != nil {
		return nil, errors.Join(err, g.closeStores())
	}
	return g, nil
}

func (g *Gateway) open() error {
	for _, step := range []func() error{g.openStores, g.openKeys, g.assemble, g.openCodes, g.openAPI} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (g *Gateway) openKeys() error {
	var err error
	if g.keys, err = keys.OpenStore(g.o.KeysDir(), g.o.Master); err != nil {
		return err
	}
	return g.chooseKeys()
}

func (g *Gateway) openStores() error {
	var err error
	g.vault, err = vault.Open(vault.Options{Dir: g.o.VaultDir(), Keyring: g.o.Keyring, Master: g.o.Master, Cache: g.o.Cache,
		Logger: g.log})
	if err != nil {
		return err
	}
	g.refusals = refusal.New(g.vault, g.o.Clock, g.log)
	g.index, err = index.Open(g.o.IndexDir(), index.Options{Genesis: g.o.Genesis, Clock: g.o.Clock, Logger: g.log,
		Store: pebblekv.Options{Cache: g.o.Cache, Logger: g.log}})
	if err != nil {
		return err
	}
	g.creds, err = credentials.Open(g.o.CredentialsFile(), g.o.Clock)
	return err
}

func (g *Gateway) assemble() error {
	g.follower = follow.New(follow.Options{Source: g.o.Ledger, Replica: g.index, Clock: g.o.Clock, Logger: g.log})
	g.witness = follow.NewWitness(follow.WitnessOptions{Network: g.o.Network, Signer: g.gwKey.signer, Submitter: g.o.Ledger,
		Progress: g.index.Progress, Changed: g.follower.Changed, Stated: func() uint64 { return g.index.Stated(g.o.Region) }, Interval: g.o.WitnessEvery, Logger: g.log})
	g.verifier = verify.New(verify.Options{Region: g.o.Region, Replica: g.index, Gateway: g.gwKey.signer,
		Recorder: recorder{g}, Random: rand.Reader, Policy: g.o.Policy, Clock: g.o.Clock})
	var err error
	g.notary, err = notary.New(notary.Deps{Store: g.vault, Submitter: g.o.Ledger, Signers: g.keys, View: g.index,
		Network: g.o.Network, Region: g.o.Region, Salts: rand.Reader, Now: g.o.Clock, Logger: g.log},
		notary.Options{BatchSize: uint64(max(0, g.o.BatchSize)), BatchWait: g.o.BatchWait,
			OnAnchored: g.anchored})
	return err
}

func (g *Gateway) openAPI() error {
	cfg := g.o.API
	if cfg.RequestTimeout == 0 {
		cfg = api.DefaultConfig()
	}
	cfg.Credentials, cfg.Metrics, cfg.Log, cfg.Now, cfg.Suite = g.creds, g.metrics, g.log, g.o.Clock, g.vault.Suite()
	cfg.Refused = g.callRefused
	if g.o.Pages != nil {
		pages, err := g.pages(&cfg)
		if err != nil {
			return err
		}
		cfg.Pages = pages
	}
	verifier := &verifications{verifier: g.verifier, regions: g.members, observe: g.observe}
	var err error
	g.server, err = api.New(cfg, api.Services{
		Issuer: issuer{g}, Status: statuses{g}, Documents: documents{g}, Datasets: datasets{g}, Agreements: agreements{g},
		Governance: governance{g},
		Verifier:   verifier, Receipts: receipts{g}, Printer: prints{g}, Codes: codes{g, verifier},
		Ledger: ledgerReader{g}, Trust: &trust{g: g, lists: map[string]signedList{}}, Readiness: readiness{g},
	})
	return err
}

// Run follows the ledger, states what was applied, and measures, until ctx is done; then it returns nil. The notary works
// from Open to Close. A replica that contradicts the ledger does not end it: the gateway goes on answering undetermined.
func (g *Gateway) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return g.background(ctx, "follower", g.follower.Run) })
	group.Go(func() error { return g.background(ctx, "witness", g.witness.Run) })
	group.Go(func() error { return g.background(ctx, "metrics", g.measure) })
	group.Go(func() error { return g.background(ctx, "reports", g.reporter.Run) })
	group.Go(func() error { return g.background(ctx, "refusals", g.refusals.Run) })
	return group.Wait()
}

// background runs a part until ctx is done. One that ends earlier is reported and leaves the others at work.
func (g *Gateway) background(ctx context.Context, part string, run func(context.Context) error) error {
	err := run(ctx)
	if ctx.Err() == nil {
		g.log.Error("a part of the gateway has ended", "part", part, "code", attest.CodeOf(err), "error", err)
	}
	return nil
}

// Serve answers HTTP on l until ctx is done and the requests under way are answered.
func (g *Gateway) Serve(ctx context.Context, l net.Listener) error { return g.server.Serve(ctx, l) }

// Close closes the stores. Run and Serve have to have returned.
func (g *Gateway) Close() error { return g.closeStores() }

func (g *Gateway) closeStores() error {
	var errs []error
	if g.imports != nil {
		g.imports.close()
	}
	if g.peers != nil {
		g.peers.Close()
	}
	if g.notary != nil {
		errs = append(errs, g.notary.Close())
	}
	if g.index != nil {
		errs = append(errs, g.index.Close())
	}
	if g.vault != nil {
		if g.refusals != nil {
			g.refusals.Close()
		}
		errs = append(errs, g.vault.Close())
	}
	return errors.Join(errs...)
}

// The parts, for commands that work on a gateway in their own process.

// Region is the division code of the gateway's region.
func (g *Gateway) Region() string { return g.o.Region }

// Index is the region's replica.
func (g *Gateway) Index() *index.Index { return g.index }

// Vault is the region's vault.
func (g *Gateway) Vault() *vault.Vault { return g.vault }

// Notary issues and anchors.
func (g *Gateway) Notary() *notary.Notary { return g.notary }

// Verifier judges.
func (g *Gateway) Verifier() *verify.Verifier { return g.verifier }

// Credentials are the API keys.
func (g *Gateway) Credentials() *credentials.Store { return g.creds }

// Handler is the API, for a listener of the caller's.
func (g *Gateway) Handler() *api.Server { return g.server }

// WaitFor returns once the replica holds the block.
func (g *Gateway) WaitFor(ctx context.Context, block uint64) error {
	return g.follower.WaitFor(ctx, block)
}

// PeerFailed counts a failure of a peer that the ledger's blocks came from.
func (g *Gateway) PeerFailed(address string) { g.metrics.PeerFailed(address) }

// locateTime is how long a record that the ledger is said to hold may take to reach the region's own replica.
const locateTime = 30 * time.Second

// Locate returns where a record of the ledger was written first, once the region's own replica shows it: OUTCOME_UNKNOWN
// where that takes too long, as a record may be on the ledger that whoever told of it is ahead of us with, or made up.
func (g *Gateway) Locate(ctx context.Context, key string) (registry.Position, error) {
	late := time.NewTimer(locateTime)
	defer late.Stop()
	for {
		changed := g.follower.Changed() // before the look: what comes in between is seen in the next round
		place, known, err := g.index.First(key)
		if err != nil || known {
			return place, err
		}
		select {
		case <-changed:
		case <-late.C:
			return registry.Position{}, attest.Errorf(attest.CodeOutcomeUnknown, "the ledger is said to hold the record, and this region's replica does not show it")
		case <-ctx.Done():
			return registry.Position{}, ctx.Err()
		}
	}
}

// Now is the gateway's own time.
func (g *Gateway) Now() time.Time { return g.o.Clock() }

func (g *Gateway) now() time.Time { return g.o.Clock() }

func (g *Gateway) members() int {
	c, err := g.index.Consortium()
	if err != nil || c == nil {
		return 0
	}
	return len(c.Regions)
}

// Snapshot writes the replica as a trust snapshot, signed by the gateway's key.
func (g *Gateway) Snapshot(w io.Writer) error {
	return g.index.Export(w, func(header []byte) ([]byte, error) {
		return attest.SignJWS(g.gwKey.signer(), TypeSnapshot, header)
	})
}

// TypeSnapshot is the JWS typ of the signature in a trust snapshot; its payload is the snapshot's header.
const TypeSnapshot = "huzheng-snapshot+jwt"

// submit puts a command on the ledger and waits until the region's own replica shows it.
func (g *Gateway) submit(ctx context.Context, c registry.Command, s attest.Signer) error {
	command, err := registry.Sign(g.o.Network, c, s)
	if err != nil {
		return err
	}
	out, err := g.o.Ledger.Submit(ctx, command)
	if err != nil {
		return err
	}
	return g.follower.WaitFor(ctx, out.Position.Block)
}

// govern submits a command with the region's governance key.
func (g *Gateway) govern(ctx context.Context, c registry.Command) error {
	return g.submit(ctx, c, g.govKey.signer())
}
