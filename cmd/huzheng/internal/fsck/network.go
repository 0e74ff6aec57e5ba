package fsck

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/follow"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

const (
	actRules = "an upgrade went wrong: go back to the version before"
	actAudit = "huzheng-net audit: compare the peers; the own one, or this gateway's connection, leads to another ledger"
)

// readNetwork follows the network from block 0 into an index of its own, as a gateway without one does: every block's hash and
// orderers' signatures are checked, every command runs through the rules again. It reads as far as the regions' peers say that the
// ledger goes. Blocks that the rules refuse are a finding, and there is no truth then.
func (r *Result) readNetwork(ctx context.Context, p *consortium.Plan, progress func(done, total uint64)) (t *truth, err error) {
	client, err := fabric.Dial(p.Connection.Config)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	next, err := client.Head(ctx)
	if err != nil {
		return nil, attest.Errorf(attest.CodeUnavailable, "the network cannot be asked, and there is nothing to measure by: %v", err)
	}
	dir, err := os.MkdirTemp("", "huzheng-fsck-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	x, err := index.Create(filepath.Join(dir, "index"), index.Options{Logger: quiet(), Store: pebblekv.Options{Logger: quiet()}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	t = &truth{state: map[string][]byte{}, behind: actAudit}
	err = t.follow(ctx, client, x, next, progress)
	switch attest.CodeOf(err) {
	case attest.CodeRulesDiverged:
		r.add(Finding{Error, "ledger", attest.CodeRulesDiverged, "", err.Error(), actRules})
		return nil, nil
	case attest.CodeChainFork:
		r.add(Finding{Error, "ledger", attest.CodeChainFork, "", err.Error(), actAudit})
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return t, x.Dump(func(key string, value []byte) error {
		t.state[key] = bytes.Clone(value)
		return nil
	})
}

// follow applies the blocks before next and notes their hashes.
func (t *truth) follow(ctx context.Context, source follow.Source, x *index.Index, next uint64, progress func(done, total uint64)) error {
	return follow.New(follow.Options{Source: &noting{source, t, next, progress}, Replica: x, Logger: quiet()}).To(ctx, next-1)
}

// noting is a source that tells of the blocks that it has passed on, up to the last that is wanted.
type noting struct {
	follow.Source
	t        *truth
	next     uint64
	progress func(done, total uint64)
}

// Blocks implements follow.Source.
func (n *noting) Blocks(ctx context.Context, from uint64, visit func(registry.Block) error) error {
	return n.Source.Blocks(ctx, from, func(b registry.Block) error {
		if b.Number < n.next {
			n.t.hashes = append(n.t.hashes[:b.Number], bytes.Clone(b.Hash))
			n.progress(b.Number+1, n.next)
			return visit(b)
		}
		<-ctx.Done() // the rest is not waited for
		return ctx.Err()
	})
}
