package gateway

import (
	"context"
	"encoding/base64"
	"strings"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/web/ledger"
)

// ledgerPages is ledger.Reader over the region's index.
type ledgerPages struct {
	g      *Gateway
	latest *latestBatches
}

// latestBatches remembers the last batches: finding them visits all, which a stranger must not be able to have done often.
type latestBatches struct {
	mu    sync.Mutex
	found []*attest.Batch
	n     int
	count uint64    // of all batches when they were found
	at    time.Time // when
}

// latestEvery is how often the batches are visited at most.
const latestEvery = 2 * time.Second

// State implements ledger.Reader.
func (s ledgerPages) State(context.Context) (*ledger.State, error) {
	l, err := s.g.index.Ledger(s.g.now().Unix())
	if err != nil {
		return nil, err
	}
	out := &ledger.State{Network: s.g.o.Network, Region: s.g.o.Region, Height: l.Height, Batches: s.g.index.Batches(), Age: l.Age,
		Digest: text(l.Digest), BlockHash: base64.RawURLEncoding.EncodeToString(s.g.index.BlockHash()), Frozen: l.Frozen,
		Agreeing: l.Agreeing, AgreedAt: l.AgreedHeight}
	out.Regions, err = scan(s.g, registry.KeyRegion(""), registry.DecodeRegion, func(r *attest.Region) ledger.Region {
		return ledger.Region{Code: r.Code, Name: r.Name}
	})
	if err != nil {
		return nil, err
	}
	statements, err := scan(s.g, registry.KeyWitness(""), registry.DecodeWitness, func(w *registry.Statement) registry.Statement { return *w })
	for i := range out.Regions {
		r := &out.Regions[i]
		for _, w := range statements {
			if w.Region == r.Code {
				r.Stated, r.Height, r.Time = true, w.Height, w.Time
			}
		}
	}
	return out, err
}

// Latest implements ledger.Reader.
func (s ledgerPages) Latest(_ context.Context, n int) ([]*attest.Batch, error) {
	c := s.latest
	c.mu.Lock()
	defer c.mu.Unlock()
	now, count := s.g.now(), s.g.index.Batches()
	if c.n == n && (c.count == count || now.Sub(c.at) < latestEvery) {
		return c.found, nil
	}
	found, err := s.g.index.LatestBatches(n)
	if err != nil {
		return nil, err
	}
	c.found, c.n, c.count, c.at = found, n, count, now
	return found, nil
}

// Batch implements ledger.Reader.
func (s ledgerPages) Batch(_ context.Context, id string) (*attest.Batch, string, error) {
	b, err := s.g.index.Batch(id)
	if err != nil {
		return nil, "", err
	}
	if b == nil {
		return nil, "", notFound("batch")
	}
	owner, _, _ := strings.Cut(b.Key, "#")
	a, err := s.g.index.Authority(owner)
	if a == nil {
		return b, "", err
	}
	return b, a.Name, err
}
