package gatewaytest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/client/embedded"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// Network is the consortium's id.
const Network = "huzheng-test"

// Regions with a world of two and of four.
const (
	Guangdong = "440000"
	Sichuan   = "510000"
	Hunan     = "430000"
	Chongqing = "500000"
)

// Options of a world. The zero value is one of Guangdong and Sichuan in the std suite that logs nothing.
type Options struct {
	Dir       string   // where everything lies; empty: a folder of the test
	Regions   []string // province codes; the first one proposes the agreement
	Suite     attest.Suite
	Logger    *slog.Logger
	BatchWait time.Duration                        // 0: 5 ms
	Witness   time.Duration                        // 0: 10 ms
	API       func(cfg *api.Config)                // changes the defaults; may be nil
	Clock     func(region string) func() time.Time // of a region's gateway; nil: time.Now
	Throttle  gateway.Throttle
	Peers     gateway.Peers
	Pages     *gateway.Pages // of every gateway; nil: no web pages
}

func (o Options) withDefaults() Options {
	if len(o.Regions) == 0 {
		o.Regions = []string{Guangdong, Sichuan}
	}
	if o.Suite == "" {
		o.Suite = attest.SuiteStd
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.BatchWait == 0 {
		o.BatchWait = 5 * time.Millisecond
	}
	if o.Witness == 0 {
		o.Witness = 10 * time.Millisecond
	}
	return o
}

// World is a founded consortium at work, until its test ends.
type World struct {
	Dir     string // everything that is on the disk
	Plan    *consortium.Plan
	Regions []*Region

	t          testing.TB
	consortium *consortium.Consortium
}

// Region is one province: its gateway, and a client of it that may do everything.
type Region struct {
	Code        string
	URL         string
	Token       string // API key with every scope, for every authority of the region
	Gateway     *gateway.Gateway
	Client      *apitest.Client
	Authorities []sample.Authority

	t     testing.TB
	stop  context.CancelFunc
	ended chan error
}

// Found makes a world with the sample types and authorities and one agreement, AgreementID, in force between all.
func Found(t testing.TB, o Options) *World {
	t.Helper()
	o = o.withDefaults()
	w := &World{Dir: o.Dir, t: t}
	if w.Dir == "" {
		w.Dir = t.TempDir()
	}
	config := api.DefaultConfig()
	config.Address = api.Rate{PerSecond: 1e6, Burst: 1e6}
	if o.API != nil {
		o.API(&config)
	}
	w.Plan = &consortium.Plan{Network: Network, Suite: o.Suite, LedgerDir: filepath.Join(w.Dir, "ledger"),
		BatchWait: o.BatchWait, WitnessEvery: o.Witness, API: config, Peers: o.Peers, Throttle: o.Throttle, Logger: o.Logger}
	for _, code := range o.Regions {
		m := w.member(code)
		m.Pages = o.Pages
		if o.Clock != nil {
			m.Clock = o.Clock(code)
		}
		w.Plan.Members = append(w.Plan.Members, m)
	}
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	var err error
	w.consortium, err = consortium.Found(t.Context(), w.Plan)
	require.NoError(t, err)
	w.serve()
	w.establishTrust()
	return w
}

// MasterSecret is a region's master key in every world.
func MasterSecret(region string) []byte {
	secret := sha256.Sum256([]byte("master key of " + region))
	return secret[:]
}

func (w *World) member(code string) consortium.Member {
	w.t.Helper()
	province, ok := gbt.Province(code)
	require.True(w.t, ok)
	master, err := keys.NewMaster(MasterSecret(code))
	require.NoError(w.t, err)
	return consortium.Member{
		Place:  gateway.Place{Dir: filepath.Join(w.Dir, code), Keyring: filepath.Join(w.Dir, code+".keyring"), Master: master},
		Region: attest.Region{Code: code, Name: province.Chinese, MSP: consortium.MSP(code), URL: "https://gw." + code + ".example"},
	}
}

// serve opens a loopback port for every gateway. A region that was there before keeps its token and its test.
func (w *World) serve() {
	w.t.Helper()
	before := w.Regions
	w.Regions = nil
	for i, g := range w.consortium.Gateways {
		var r *Region
		if before != nil {
			r = before[i]
		}
		w.Regions = append(w.Regions, Adopt(w.t, g, r))
	}
}

// Adopt has a gateway that a test opened itself answer on the loopback, until Stop. before is the region as it was when the
// gateway was open the last time: its token and authorities stay; nil: it gets a new token.
func Adopt(t testing.TB, g *gateway.Gateway, before *Region) *Region {
	t.Helper()
	r := &Region{Code: g.Region(), Gateway: g, t: t, ended: make(chan error, 1)}
	if before != nil {
		r.Token, r.Authorities = before.Token, before.Authorities
	} else {
		r.Token = r.Grant(credentials.Grant{Tenant: "窗口" + r.Code, Authorities: []string{credentials.AnyAuthority}, Scopes: credentials.Scopes()})
	}
	serving, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.URL = listen(serving, t, g, r.ended)
	r.Client = apitest.At(t, r.URL).As(r.Token)
	return r
}

// Stop ends HTTP, once what is under way is answered.
func (r *Region) Stop() error {
	r.stop()
	return <-r.ended
}

// listen has a gateway answer on a loopback port until ctx is done.
func listen(ctx context.Context, t testing.TB, g *gateway.Gateway, ended chan<- error) (url string) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { ended <- g.Serve(ctx, l) }()
	return "http://" + l.Addr().String()
}

// Serve has a gateway that a test opened itself answer on the loopback, and returns a client of it.
func Serve(t testing.TB, g *gateway.Gateway) *apitest.Client {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	url := listen(ctx, t, g, ended)
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return apitest.At(t, url)
}

// EstablishTrust registers the sample types and authorities and puts AgreementID into force between all. caughtUp returns
// once every region has what was on the ledger when it was called.
func EstablishTrust(t testing.TB, regions []*Region, caughtUp func()) {
	t.Helper()
	ctx := t.Context()
	types, err := sample.Types()
	require.NoError(t, err)
	for _, s := range types {
		require.NoError(t, regions[0].Gateway.AddType(ctx, s.CertificateType()))
	}
	caughtUp()
	var codes []string
	for _, r := range regions {
		require.NoError(t, r.addAuthorities(ctx))
		codes = append(codes, r.Code)
	}
	slices.Sort(codes)
	agree(t, regions, caughtUp, Agreement(codes))
}

func (w *World) establishTrust() {
	w.t.Helper()
	EstablishTrust(w.t, w.Regions, w.caughtUp)
}

func (w *World) caughtUp() {
	w.t.Helper()
	require.NoError(w.t, w.consortium.CaughtUp(w.t.Context()))
}

func (r *Region) addAuthorities(ctx context.Context) error {
	var err error
	if r.Authorities, err = sample.Authorities(r.Code); err != nil {
		return err
	}
	for _, s := range r.Authorities {
		a := attest.Authority{Code: string(s.Code), Name: s.Name, Division: s.Division, Parent: string(s.Parent)}
		for _, t := range s.Types {
			a.Types = append(a.Types, string(t))
		}
		if err := r.Gateway.AddAuthority(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// Close ends HTTP, the gateways and the ledger. Closing twice is fine.
func (w *World) Close() error {
	if w.consortium == nil {
		return nil
	}
	c := w.consortium
	w.consortium = nil
	var errs []error
	for _, r := range w.Regions {
		if err := r.Stop(); err != nil {
			errs = append(errs, fmt.Errorf("region %s: %w", r.Code, err))
		}
	}
	return errors.Join(append(errs, c.Close())...)
}

// Reopen closes the world and opens it from the disk, with the same API keys on other ports.
func (w *World) Reopen() {
	w.t.Helper()
	require.NoError(w.t, w.Close())
	var err error
	w.consortium, err = consortium.Open(w.t.Context(), w.Plan)
	require.NoError(w.t, err)
	w.serve()
	w.Settle()
}

// Settle returns once every gateway has applied what is on the ledger, has heard that this is all, and rests on a height
// that enough regions agree on.
func (w *World) Settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	for _, r := range w.Regions {
		require.NoError(w.t, w.consortium.Fresh(ctx, r.Gateway))
		require.NoError(w.t, w.consortium.Agreed(ctx, r.Gateway))
	}
}

// Blocks is how many blocks the ledger has.
func (w *World) Blocks() uint64 {
	w.t.Helper()
	next, err := w.consortium.Ledger.Head(w.t.Context())
	require.NoError(w.t, err)
	return next
}

// Ledger is the ledger that the regions share.
func (w *World) Ledger() *embedded.Ledger {
	w.t.Helper()
	ledger, ok := w.consortium.Ledger.(*embedded.Ledger)
	require.True(w.t, ok)
	return ledger
}

// Consortium is what is at work.
func (w *World) Consortium() *consortium.Consortium { return w.consortium }

// Region is the one with that code.
func (w *World) Region(code string) *Region {
	w.t.Helper()
	for _, r := range w.Regions {
		if r.Code == code {
			return r
		}
	}
	require.Fail(w.t, "no such region in this world")
	return nil
}

// EmptyIndex makes a replica that has applied nothing, where there is none.
func EmptyIndex(dir string) error {
	x, err := index.Create(dir, index.Options{})
	if err != nil {
		return err
	}
	return x.Close()
}

// Grant makes an API key.
func (r *Region) Grant(g credentials.Grant) (token string) {
	r.t.Helper()
	token, _, err := r.Gateway.Credentials().Add(g)
	require.NoError(r.t, err)
	return token
}

// For is the same region for another test, a subtest of its own.
func (r *Region) For(t testing.TB) *Region {
	other := *r
	other.t, other.Client = t, r.Client.For(t)
	return &other
}
