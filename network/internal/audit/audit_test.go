package audit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/audit"
	"github.com/huzheng-ledger/huzheng/network/internal/builder"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
)

// peer is a peer that says what it is told to say.
type peer struct {
	height    uint64
	fork      uint64 // from this block on it holds other blocks; 0 for never
	config    sdk.Config
	committed []sdk.Definition
	program   string // digest; empty where nothing is installed
	silent    bool
}

var errSilent = errors.New("no answer")

func (p peer) Head(context.Context, string) (sdk.Head, error) {
	if p.silent {
		return sdk.Head{}, errSilent
	}
	return sdk.Head{Height: p.height, Hash: []byte("head")}, nil
}

func (p peer) BlockHash(_ context.Context, _ string, number uint64) ([]byte, error) {
	if number >= p.height {
		return nil, fmt.Errorf("no block %d", number)
	}
	if p.fork > 0 && number >= p.fork {
		return []byte(fmt.Sprint("other ", number)), nil
	}
	return []byte(fmt.Sprint("block ", number)), nil
}

func (p peer) Config(context.Context, string) (sdk.Config, error) { return p.config, nil }

func (p peer) Committed(context.Context, string) ([]sdk.Definition, error) { return p.committed, nil }

func (p peer) Installed(context.Context) ([]sdk.Installed, error) {
	if p.program == "" {
		return nil, nil
	}
	return []sdk.Installed{{PackageID: "id", Label: "label"}}, nil
}

func (p peer) Approved(context.Context, sdk.Definition) (string, bool, error) { return "id", true, nil }

func (p peer) Package(context.Context, string) ([]byte, error) {
	return builder.Package("label", builder.Connection{}, p.program)
}

func honest() peer {
	return peer{
		height: 10, config: sdk.Config{Sequence: 2, Digest: []byte{1}}, program: "aa",
		committed: []sdk.Definition{{Name: "huzheng", Version: "1", Sequence: 1}},
	}
}

func TestAudit(t *testing.T) {
	for name, c := range map[string]struct {
		last func(*peer)
		says string // empty where nothing is wrong
	}{
		"all alike":              {func(*peer) {}, ""},
		"behind, the same chain": {func(p *peer) { p.height = 7 }, ""},
		"a fork":                 {func(p *peer) { p.fork = 5 }, "different blocks 9"},
		"behind and forked":      {func(p *peer) { p.height, p.fork = 7, 5 }, "different blocks 6"},
		"silent":                 {func(p *peer) { p.silent = true }, "430000 does not answer"},
		"old configuration":      {func(p *peer) { p.config.Sequence = 1 }, "430000 has 1"},
		"forged configuration":   {func(p *peer) { p.config.Digest = []byte{2} }, "different configurations 2"},
		"other definition":       {func(p *peer) { p.committed = nil }, "has committed"},
		"other program":          {func(p *peer) { p.program = "bb" }, "different programs for huzheng 1: aa and bb"},
		"nothing installed":      {func(p *peer) { p.program = "" }, "430000 has no package"},
	} {
		t.Run(name, func(t *testing.T) {
			codes := []string{"440000", "510000", "500000", "430000"}
			sources := map[string]audit.Source{}
			for _, code := range codes {
				p := honest()
				if code == "430000" {
					c.last(&p)
				}
				sources[code] = audit.Source{Peer: p, Own: true}
			}
			report := audit.Run(t.Context(), codes, sources)
			if c.says == "" {
				require.Empty(t, report.Problems)
				return
			}
			require.NotEmpty(t, report.Problems)
			require.Contains(t, fmt.Sprint(report.Problems), c.says)
		})
	}
}

func TestForeignPeersAreNotAskedWhatOnlyTheirAdministratorMaySee(t *testing.T) {
	foreign := honest()
	foreign.program = ""
	report := audit.Run(t.Context(), []string{"440000", "510000"}, map[string]audit.Source{
		"440000": {Peer: honest(), Own: true}, "510000": {Peer: foreign},
	})
	require.Empty(t, report.Problems)
}
