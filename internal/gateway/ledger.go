package gateway

import (
	"context"
	"encoding/base64"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// ledgerReader is api.LedgerReader over the region's index.
type ledgerReader struct{ g *Gateway }

// scan decodes every record under a prefix and hands on what convert makes of it.
func scan[R, A any](g *Gateway, prefix string, decode func([]byte) (*R, error), convert func(*R) A) ([]A, error) {
	out := []A{}
	err := g.index.Scan(prefix, func(_ string, value []byte) error {
		r, err := decode(value)
		if err == nil {
			out = append(out, convert(r))
		}
		return err
	})
	return out, err
}

// Ledger implements api.LedgerReader.
func (s ledgerReader) Ledger(context.Context) (*api.Ledger, error) {
	l, err := s.g.index.Ledger(s.g.now().Unix())
	if err != nil {
		return nil, err
	}
	c, err := s.g.index.Consortium()
	if err != nil {
		return nil, err
	}
	out := &api.Ledger{Region: s.g.o.Region, Height: count(l.Height), Digest: text(l.Digest), Age: l.Age,
		Batches: count(s.g.index.Batches()), Witness: witness(l.Agreeing, l.AgreedHeight, l.Regions, l.Frozen)}
	if hash := s.g.index.BlockHash(); len(hash) > 0 {
		out.BlockHash = base64.RawURLEncoding.EncodeToString(hash)
	}
	if c != nil {
		out.Network = c.Network
	}
	out.Statements, err = scan(s.g, registry.KeyWitness(""), registry.DecodeWitness, func(w *registry.Statement) api.Statement {
		return api.Statement{Region: w.Region, Height: count(w.Height), Digest: text(w.Digest), Time: w.Time}
	})
	return out, err
}

// Batch implements api.LedgerReader.
func (s ledgerReader) Batch(_ context.Context, id string) (*api.Batch, error) {
	b, err := s.g.index.Batch(id)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, notFound("batch")
	}
	out := batch(b)
	return &out, nil
}

// Types implements api.LedgerReader.
func (s ledgerReader) Types(context.Context) ([]api.CertificateType, error) {
	return scan(s.g, registry.PrefixType, registry.DecodeType, certificateType)
}

// Regions implements api.LedgerReader.
func (s ledgerReader) Regions(context.Context) ([]api.Region, error) {
	return scan(s.g, registry.KeyRegion(""), registry.DecodeRegion, region)
}

// Authorities implements api.LedgerReader.
func (s ledgerReader) Authorities(context.Context) ([]api.Authority, error) {
	return scan(s.g, registry.KeyAuthority(""), registry.DecodeAuthority, authority)
}

// Authority implements api.LedgerReader.
func (s ledgerReader) Authority(_ context.Context, uscc string) (*api.Authority, error) {
	a, err := s.g.index.Authority(uscc)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, notFound("authority")
	}
	out := authority(a)
	return &out, nil
}
