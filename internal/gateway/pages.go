package gateway

import (
	"context"
	"net/http"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/paper"
	"github.com/huzheng-ledger/huzheng/internal/qr"
	"github.com/huzheng-ledger/huzheng/internal/session"
	"github.com/huzheng-ledger/huzheng/internal/signin"
	"github.com/huzheng-ledger/huzheng/internal/throttle"
	"github.com/huzheng-ledger/huzheng/web/citizen"
	"github.com/huzheng-ledger/huzheng/web/ledger"
	"github.com/huzheng-ledger/huzheng/web/office"
	"github.com/huzheng-ledger/huzheng/web/public"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/upload"
)

// Pages is how a gateway serves web pages.
type Pages struct {
	SignIn *signin.Config // nil: nobody signs in
	Limits session.Limits // zero: the defaults
	// BaseURL is where browsers reach the gateway; empty: the loopback alone.
	BaseURL string
	// Secure says that browsers come by TLS that a proxy in front ends.
	Secure bool
	// Public bounds verifications without sign-in, for each address; zero: DefaultPublicRate.
	Public api.Rate
}

// DefaultPublicRate lets a person verify what lies on a table, and nobody try codes.
var DefaultPublicRate = api.Rate{PerSecond: 0.5, Burst: 20}

// frameRate bounds the frames of cameras that are read, for each address: what a few cameras behind one address send.
var frameRate = api.Rate{PerSecond: 10, Burst: 30}

// pages puts the web pages together: each section with what it needs of this gateway.
func (g *Gateway) pages(cfg *api.Config) (http.Handler, error) {
	o := g.o.Pages
	province, _ := gbt.Province(g.o.Region)
	shellOptions := shell.Options{Region: g.o.Region, Name: province.Chinese, Log: g.log, Now: g.o.Clock, Offices: offices{g},
		Limits: o.Limits, BaseURL: o.BaseURL, Secure: o.Secure, Refused: g.pageRefused}
	if o.SignIn != nil {
		var err error
		if shellOptions.SignIn, err = signin.New(*o.SignIn); err != nil {
			return nil, err
		}
	}
	rate := o.Public
	if rate == (api.Rate{}) {
		rate = DefaultPublicRate
	}
	limiter := throttle.New(rate, g.o.Clock)
	address := cfg.ClientAddress
	scans := throttle.New(frameRate, g.o.Clock)
	frames := func(r *http.Request) bool { return scans.Take(address(r), 1) == 0 }
	desk := g.openDisputes()
	pictures := photos{qr.NewReader(photosAtOnce)}
	return shell.New(shellOptions,
		public.New(public.Deps{Verifier: publicVerifier{g}, Redeemer: publicRedeemer{publicVerifier{g}}, Address: address,
			Decoder: pictures, Extractor: extractor{},
			Allow: func(r *http.Request) bool { return limiter.Take(address(r), 1) == 0 }, Frames: frames}),
		citizen.New(citizen.Deps{Wallet: wallet{g}, Codes: citizenCodes{wallet{g}}, Eraser: wallet{g},
			Disputes: citizenDisputes{wallet{g}, desk}, Now: g.o.Clock}),
		office.New(g.officeDeps(pictures, frames, desk)),
		ledger.New(ledgerPages{g, &latestBatches{}}),
	)
}

// photosAtOnce bounds the photos that are read at the same time, each of which may take many megabytes.
const photosAtOnce = 2

// photos is upload.Decoder over internal/qr.
type photos struct{ *qr.Reader }

// Decode implements upload.Decoder.
func (s photos) Decode(ctx context.Context, image []byte) ([]string, error) {
	return s.ReadAll(ctx, image, qr.PortableEnough)
}

// extractor is upload.Extractor over internal/paper.
type extractor struct{}

// Extract implements upload.Extractor.
func (extractor) Extract(pdf []byte) (*upload.Material, error) {
	a, err := paper.Extract(pdf)
	if err != nil {
		return nil, err
	}
	return &upload.Material{Presentation: upload.Presentation{SDJWT: a.Presentation, Receipt: a.Inclusion}, Verification: a.Verification}, nil
}

// offices is shell.Offices over the region's index.
type offices struct{ g *Gateway }

// Office implements shell.Offices.
func (s offices) Office(_ context.Context, uscc string) (string, error) {
	a, err := s.g.index.Authority(uscc)
	if err != nil || a == nil || a.Region != s.g.o.Region || a.State == attest.AuthorityDissolved {
		return "", err
	}
	return a.Name, nil
}
