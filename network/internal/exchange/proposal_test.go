package exchange_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/exchange"
)

func newProposal(t *testing.T) exchange.Proposal {
	t.Helper()
	root := newRoot(t)
	b := exchange.Bundle{
		Version: 1, Code: "440000", MSPID: "GuangdongMSP", Name: "广东", Host: "127.0.0.1", PortBase: 17000,
		Root: string(root.Cert), Orderer: issue(t, root, "orderer"), OrdererTLS: issue(t, root, "orderer"),
	}
	return exchange.Proposal{
		Version: 1, Channel: "huzheng", Sequence: 3, Update: []byte("update"),
		Change: exchange.Change{Kind: exchange.Join, Code: "440000", MSPID: "GuangdongMSP", Bundle: &b},
	}
}

func TestProposal(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*exchange.Proposal)
		when time.Time
		says string // nothing where it is good
	}{
		"good":              {func(*exchange.Proposal) {}, now, ""},
		"to leave":          {func(p *exchange.Proposal) { p.Change.Kind, p.Change.Bundle = exchange.Leave, nil }, now, ""},
		"another version":   {func(p *exchange.Proposal) { p.Version = 2 }, now, "version 2"},
		"nothing":           {func(p *exchange.Proposal) { p.Update = nil }, now, "no update"},
		"unknown":           {func(p *exchange.Proposal) { p.Change.Kind = "be-king" }, now, "be-king"},
		"no certificates":   {func(p *exchange.Proposal) { p.Change.Bundle = nil }, now, "lacks its certificates"},
		"another's":         {func(p *exchange.Proposal) { p.Change.Code = "510000" }, now, "lacks its certificates"},
		"in another's name": {func(p *exchange.Proposal) { p.Change.Code, p.Change.Bundle.Code = "510000", "510000" }, now, `issued to "orderer.440000"`},
		"expired":           {func(*exchange.Proposal) {}, now.Add(2 * time.Hour), "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProposal(t)
			c.edit(&p)
			data, err := json.Marshal(p)
			require.NoError(t, err)
			require.Equal(t, len(p.Update) > 0, exchange.IsProposal(data))
			got, err := exchange.ParseProposal(data, c.when)
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, p.Change, got.Change)
		})
	}
	bundle, err := json.Marshal(newProposal(t).Change.Bundle)
	require.NoError(t, err)
	require.False(t, exchange.IsProposal(bundle))
	_, err = exchange.ParseProposal(bundle, now)
	require.Error(t, err)
}

func TestCopiesAreMerged(t *testing.T) {
	p := newProposal(t)
	first, second := p, p
	first.Signatures = [][]byte{[]byte("a"), []byte("b")}
	second.Signatures = [][]byte{[]byte("b"), []byte("c")}
	merged, err := exchange.Merge(first, second)
	require.NoError(t, err)
	require.Equal(t, [][]byte{[]byte("a"), []byte("b"), []byte("c")}, merged.Signatures)
	require.Len(t, first.Signatures, 2)

	other := p
	other.Update = []byte("another update")
	_, err = exchange.Merge(first, other)
	require.ErrorContains(t, err, "different proposals")
	_, err = exchange.Merge()
	require.Error(t, err)
}
