package faults_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/client/fabric/peertest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

var (
	seed = flag.Uint64("faults.seed", 1, "what every schedule of faults follows from")
)

// The bounds of promise 7: how long after its revocation was acknowledged a certificate may still be called valid somewhere.
const (
	usual = 5 * time.Second
	hard  = 60 * time.Second
)

// ownAgain is how soon a gateway goes back to its own peer, which is where the tests lie.
const ownAgain = time.Second

// world is a network with a proxy between each gateway and each peer.
type world struct {
	*fabricnet.World
	t     *testing.T
	rng   *rand.Rand
	links map[link]*peertest.Proxy
}

// link is the way from a region's gateway to a region's peer.
type link struct{ gateway, peer string }

var serial atomic.Int64 // of certificates and operations, over all tests

// newWorld starts the network that the tests share, and its gateways.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, rng: rand.New(rand.NewPCG(*seed, 0)), links: map[link]*peertest.Proxy{}}
	network := fabricnet.Up(t)
	t.Logf("seed %d", *seed)
	w.World = fabricnet.Found(t, network, fabricnet.Options{Connect: func(c *fabric.Connection) { w.connect(network, c) }})
	return w
}

// connect leads a gateway's connections through its proxies.
func (w *world) connect(n *fabricnet.Network, c *fabric.Connection) {
	peers := map[string]string{} // address → region
	for _, r := range fabricnet.Regions {
		peers[n.Connection(r.Code).Peer.Address] = r.Code
	}
	through := func(e fabric.Endpoint) fabric.Endpoint {
		region, known := peers[e.Address]
		if !known {
			return e // a province that has joined since
		}
		at := link{c.Region, region}
		if w.links[at] == nil {
			certificate, key := n.PeerTLS(region)
			w.links[at] = peertest.Start(w.t, e, certificate, key)
		}
		return w.links[at].Endpoint()
	}
	c.Return = ownAgain
	c.Peer = through(c.Peer)
	for i, e := range c.Others {
		c.Others[i] = through(e)
	}
}

// own is the way from a region's gateway to its own peer.
func (w *world) own(region string) *peertest.Proxy { return w.links[link{region, region}] }

// picked are the gateways of two regions, of which the second follows its own peer.
func (w *world) picked(t *testing.T) (issuer, verifier *fabricnet.Gateway) {
	t.Helper()
	order := w.rng.Perm(len(w.Gateways))
	issuer, verifier = w.Gateways[order[0]], w.Gateways[order[1]]
	require.Eventually(t, w.own(verifier.Code).Shows, 30*time.Second, 20*time.Millisecond, "%s does not follow its own peer", verifier.Code)
	return issuer, verifier
}

// certificate is one that was issued and anchored, with what its issuer says of it.
type certificate struct {
	api.IssuedCertificate
	issuer *fabricnet.Gateway
	n      int
}

func (w *world) issue(t *testing.T, g *fabricnet.Gateway) certificate {
	t.Helper()
	r := g.For(t)
	n := int(serial.Add(1))
	issued := r.Issue(fmt.Sprintf("issue-%08d", n), r.NewCertificate(sample.TypeConstructor, n))
	return certificate{issued[0], g, n}
}

// present discloses a certificate to a verifier.
func (c certificate) present(t *testing.T, to *fabricnet.Gateway) api.VerificationRequest {
	t.Helper()
	return c.issuer.For(t).Present(c.ID, to.Region, fmt.Sprintf("nonce-%016d", serial.Add(1)))
}

// set changes the certificate's status and returns when that was acknowledged.
func (c certificate) set(t *testing.T, state api.StatusEntryState, reason api.StatusEntryReason) time.Time {
	t.Helper()
	c.issuer.For(t).SetStatus(fmt.Sprintf("status-%08d", serial.Add(1)), api.StatusEntry{Certificate: c.ID, State: state, Reason: reason})
	return time.Now()
}

func (c certificate) revoke(t *testing.T) time.Time {
	t.Helper()
	return c.set(t, "revoked", "04")
}

// about picks the changes of the certificate's status.
func (c certificate) about(command []byte) bool {
	signed, err := registry.Parse(command)
	if err != nil {
		return false
	}
	status, ok := signed.Command.(*registry.SetStatus)
	return ok && status.Authority == c.authority() && slices.ContainsFunc(status.Entries, func(e registry.StatusEntry) bool {
		return int64(e.List) == c.StatusList && int64(e.Index) == c.StatusIndex
	})
}

func (c certificate) authority() string {
	return string(c.issuer.Authority(sample.TypeConstructor).Code)
}

// becomes waits until a gateway says so of the certificate.
func (w *world) becomes(t *testing.T, c certificate, by *fabricnet.Gateway, want api.Result) {
	t.Helper()
	request := c.present(t, by)
	deadline := time.NewTimer(hard)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		v := by.For(t).Verify(request)
		if v.Result == want {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			require.Equal(t, want, v.Result, "%s of a certificate of %s: %s %+v\n%s", by.Code, c.issuer.Code, v.Code, v.Checks, by.Log.Last(10))
		}
	}
}

// traffic has other regions issue something, so that blocks come and statements are made.
func (w *world) traffic(t *testing.T) {
	t.Helper()
	for _, g := range w.Gateways {
		w.issue(t, g)
	}
}
