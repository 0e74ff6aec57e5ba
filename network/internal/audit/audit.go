// Package audit lays every region's peer side by side: how high its chain is, whether it is the same chain, which chaincode it
// has installed and holds committed, and how the channel is configured. It believes no peer; it says where they differ.
package audit

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/huzheng-ledger/huzheng/network/internal/builder"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
)

// Source is one region's peer, and whether it is asked by its own administrator. Only that one may ask what is installed.
type Source struct {
	Peer
	Own bool
}

// Peer answers an administrator.
type Peer interface {
	Head(ctx context.Context, region string) (sdk.Head, error)
	BlockHash(ctx context.Context, region string, number uint64) ([]byte, error)
	Config(ctx context.Context, region string) (sdk.Config, error)
	Committed(ctx context.Context, region string) ([]sdk.Definition, error)
	Installed(ctx context.Context) ([]sdk.Installed, error)
	Approved(ctx context.Context, d sdk.Definition) (packageID string, ok bool, err error)
	Package(ctx context.Context, packageID string) ([]byte, error)
}

// Report is what the peers said, side by side.
type Report struct {
	Regions  []Region `json:"regions"`
	Common   uint64   `json:"commonBlock"` // the highest block that every peer has
	Problems []string `json:"problems"`    // where they differ; empty if they agree
}

// Region is what one region's peer said.
type Region struct {
	Code       string           `json:"code"`
	Own        bool             `json:"own"` // asked by its own administrator, who alone sees what is installed
	Error      string           `json:"error,omitempty"`
	Height     uint64           `json:"height"`
	Head       string           `json:"headHash"`   // of the last block's header, hexadecimal
	Common     string           `json:"commonHash"` // of the common block's header, computed here
	Config     uint64           `json:"configSequence"`
	ConfigHash string           `json:"configSha256"`
	Members    []string         `json:"members"` // MSP IDs
	Committed  []sdk.Definition `json:"committed"`
	Installed  []sdk.Installed  `json:"installed"`
	Serves     []Program        `json:"serves"` // what the region has approved and has installed
}

// Program is the chaincode server's program that a region's package for a definition names.
type Program struct {
	Name      string `json:"name"`
	Sequence  int64  `json:"sequence"`
	PackageID string `json:"packageId"`
	Digest    string `json:"programSha256"`
}

// Run asks every peer, by region, at once.
func Run(ctx context.Context, codes []string, peers map[string]Source) Report {
	report := Report{Regions: make([]Region, len(codes)), Problems: []string{}}
	var wait sync.WaitGroup
	for i, code := range codes {
		wait.Go(func() { report.Regions[i] = one(ctx, code, peers[code]) })
	}
	wait.Wait()
	report.Common = report.lowest()
	for i := range report.Regions {
		wait.Go(func() { common(ctx, &report.Regions[i], peers[codes[i]], report.Common) })
	}
	wait.Wait()
	report.compare()
	return report
}

// one asks one peer for all that does not depend on the others.
func one(ctx context.Context, code string, p Source) Region {
	r := Region{Code: code, Own: p.Own}
	steps := []func() error{
		func() error {
			head, err := p.Head(ctx, code)
			r.Height, r.Head = head.Height, hex.EncodeToString(head.Hash)
			return err
		},
		func() error {
			config, err := p.Config(ctx, code)
			r.Config, r.ConfigHash, r.Members = config.Sequence, hex.EncodeToString(config.Digest), config.Regions
			return err
		},
		func() (err error) { r.Committed, err = p.Committed(ctx, code); return err },
	}
	if p.Own {
		steps = append(steps,
			func() (err error) { r.Installed, err = p.Installed(ctx); return err },
			func() error { return serves(ctx, &r, p) },
		)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			r.Error = err.Error()
			return r
		}
	}
	return r
}

// serves finds the program behind each committed definition.
func serves(ctx context.Context, r *Region, p Peer) error {
	for _, d := range r.Committed {
		id, approved, err := p.Approved(ctx, d)
		if err != nil && !errors.Is(err, sdk.ErrApprovalLost) {
			return err
		}
		if !approved || !slices.ContainsFunc(r.Installed, func(i sdk.Installed) bool { return i.PackageID == id }) {
			continue
		}
		pkg, err := p.Package(ctx, id)
		if err != nil {
			return err
		}
		digest, err := builder.Digest(pkg)
		if err != nil {
			return err
		}
		r.Serves = append(r.Serves, Program{Name: d.Name, Sequence: d.Sequence, PackageID: id, Digest: digest})
	}
	return nil
}

func common(ctx context.Context, r *Region, p Peer, block uint64) {
	if r.Error != "" || r.Height == 0 {
		return
	}
	hash, err := p.BlockHash(ctx, r.Code, block)
	if err != nil {
		r.Error = err.Error()
		return
	}
	r.Common = hex.EncodeToString(hash)
}

// lowest is the highest block that every peer that answered has.
func (r *Report) lowest() uint64 {
	var lowest uint64
	first := true
	for _, region := range r.Regions {
		if region.Error == "" && region.Height > 0 && (first || region.Height-1 < lowest) {
			lowest, first = region.Height-1, false
		}
	}
	return lowest
}

// compare notes where the regions that answered differ from the first of them.
func (r *Report) compare() {
	var first *Region
	for i := range r.Regions {
		region := &r.Regions[i]
		if region.Error != "" {
			r.problem("%s does not answer: %s", region.Code, region.Error)
			continue
		}
		if first == nil {
			first = region
		}
		r.pair(first, region)
	}
}

func (r *Report) pair(a, b *Region) {
	if a.Common != b.Common {
		r.problem("%s and %s hold different blocks %d: %s and %s", a.Code, b.Code, r.Common, a.Common, b.Common)
	}
	switch {
	case a.Config != b.Config:
		r.problem("%s has configuration %d, %s has %d", a.Code, a.Config, b.Code, b.Config)
	case a.ConfigHash != b.ConfigHash:
		r.problem("%s and %s hold different configurations %d", a.Code, b.Code, a.Config)
	}
	if !slices.Equal(a.Committed, b.Committed) {
		r.problem("%s has committed %v, %s has %v", a.Code, a.Committed, b.Code, b.Committed)
	}
	if !b.Own {
		return
	}
	for _, d := range b.Committed {
		r.program(a, b, d)
	}
}

// program notes a region that serves no program, or another one than the first region, for a definition.
func (r *Report) program(a, b *Region, d sdk.Definition) {
	mine, ok := b.serving(d)
	if !ok {
		r.problem("%s has no package for %s %d installed and approved", b.Code, d.Name, d.Sequence)
		return
	}
	if other, ok := a.serving(d); ok && mine != other {
		r.problem("%s and %s serve different programs for %s %d: %s and %s", a.Code, b.Code, d.Name, d.Sequence, other, mine)
	}
}

func (r *Region) serving(d sdk.Definition) (digest string, ok bool) {
	for _, p := range r.Serves {
		if p.Name == d.Name && p.Sequence == d.Sequence {
			return p.Digest, true
		}
	}
	return "", false
}

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}
