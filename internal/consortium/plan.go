package consortium

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// Member is one region of the plan.
type Member struct {
	gateway.Place
	Region attest.Region
	// ClientAddress tells whom a request without a credential comes from; nil: as Plan.API says.
	ClientAddress func(*http.Request) string
	Pages         *gateway.Pages // nil: no web pages
	// PeerListen is where the member answers other regions' gateways; empty: a free port of the loopback.
	PeerListen string
	// PeerAddresses are where other regions' gateways are, before the addresses of this plan's own members and the registered.
	PeerAddresses map[string]string
	Clock         func() time.Time // nil: time.Now
}

// api is how the member's API behaves.
func (p *Plan) api(m *Member) api.Config {
	c := p.API
	if m.ClientAddress == nil {
		return c
	}
	if c.RequestTimeout == 0 {
		c = api.DefaultConfig()
	}
	c.ClientAddress = m.ClientAddress
	return c
}

// Plan says where everything lies and how it works. Network, Members and one of LedgerDir and Connection are needed.
type Plan struct {
	Network string
	Suite   attest.Suite // Found only

	LedgerDir  string             // of the embedded ledger
	Connection *fabric.Connection // the one member's place on a Fabric network
	Members    []Member

	BatchSize    int           // leaves that close a batch; 0: the notary's default
	BatchWait    time.Duration // age that closes a batch; 0: the notary's default
	WitnessEvery time.Duration // 0: the follower's default
	API          api.Config    // zero: api.DefaultConfig
	Peers        gateway.Peers // Address is filled in
	Throttle     gateway.Throttle
	Cache        *pebblekv.Cache
	Logger       *slog.Logger // nil: slog.Default
}

func (p *Plan) logger() *slog.Logger {
	if p.Logger == nil {
		return slog.Default()
	}
	return p.Logger
}

// MSP is the organisation that a region's gateway submits to an embedded ledger as.
func MSP(region string) string { return "R" + region }
