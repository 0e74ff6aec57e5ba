// Package fsck checks the stores of a consortium's gateways against their ledger, which is the truth that the others are
// measured by:
//
//	ledger ─against itself, or a network's blocks by their signatures, through the rules again─▶ findings
//	index ─key by key against the ledger's state─▶ findings
//	vault ─records, leaves, batches, audit log, against the ledger's batches─▶ findings
//
// It changes nothing and needs every store for itself.
package fsck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/embedded"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
	"github.com/huzheng-ledger/huzheng/internal/vault"
)

// Severity says how bad a finding is.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // something that was acknowledged is lost or false
	Warning Severity = "warning" // something needs an operator, or mends itself at the next start
)

// Finding is one thing that is wrong. It carries no raw data.
type Finding struct {
	Severity Severity    `json:"severity"`
	Part     string      `json:"part"` // ledger, or index or vault with the region
	Code     attest.Code `json:"code"`
	Where    string      `json:"where"`
	Detail   string      `json:"detail"`
	Action   string      `json:"action"`
}

// Result is what was found.
type Result struct {
	Findings []Finding
	Blocks   uint64
}

const (
	actLedger  = "keep the folder; restore the ledger from a backup, the gateways' outboxes submit again what is missing"
	actRebuild = "huzheng fsck --rebuild-index: the index holds nothing that the ledger does not"
	actVault   = "restore the data folder or the keyring folder from a backup, whichever is damaged"
	actNothing = "nothing: the gateway follows from there when it starts"
)

// Run checks everything. An error says that a check could not be made; a store that another process holds is one.
func Run(ctx context.Context, p *consortium.Plan, progress func(done, total uint64)) (*Result, error) {
	r := &Result{Findings: []Finding{}}
	truth, err := r.readTruth(ctx, p, progress)
	if err != nil || truth == nil {
		return r, err // nothing can be measured by a ledger that is damaged
	}
	r.Blocks = uint64(len(truth.hashes))
	for i := range p.Members {
		m := &p.Members[i]
		if err := r.checkIndex(truth, m); err != nil {
			return nil, fmt.Errorf("region %s: %w", m.Region.Code, err)
		}
		if err := r.checkVault(ctx, truth, m); err != nil {
			return nil, fmt.Errorf("region %s: %w", m.Region.Code, err)
		}
	}
	return r, nil
}

// readTruth reads the ledger that the plan is on; nil where it has findings of its own.
func (r *Result) readTruth(ctx context.Context, p *consortium.Plan, progress func(done, total uint64)) (*truth, error) {
	if p.Connection != nil {
		return r.readNetwork(ctx, p, progress)
	}
	o := embedded.Options{Store: pebblekv.Options{Logger: quiet()}}
	if err := r.checkLedger(ctx, p.LedgerDir, o, progress); err != nil || len(r.Findings) > 0 {
		return nil, err
	}
	return readLedger(ctx, p.LedgerDir, o)
}

func (r *Result) checkLedger(ctx context.Context, dir string, o embedded.Options, progress func(done, total uint64)) error {
	found, err := embedded.Check(ctx, dir, o, progress)
	for _, f := range found {
		r.add(Finding{Error, "ledger", f.Code, f.Where, f.Detail, actLedger})
	}
	if !damaged(err) {
		return err
	}
	if len(found) == 0 {
		r.add(Finding{Error, "ledger", attest.CodeOf(err), "store", err.Error(), actLedger})
	}
	return nil
}

// damaged reports an error that says that a store's files are not as they were written.
func damaged(err error) bool {
	switch attest.CodeOf(err) {
	case attest.CodeStoreCorrupt, attest.CodeStoreMissing, attest.CodeStoreFormat, attest.CodeKeyringDamaged:
		return err != nil
	}
	return false
}

// quiet drops what the stores log about damage: the findings say it.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (r *Result) add(f Finding) { r.Findings = append(r.Findings, f) }

// maxAlike is how many findings of one sort are listed; beyond it they are counted.
const maxAlike = 20

// addAlike adds findings, of each sort the first few and then how many more there are.
func (r *Result) addAlike(found []Finding) {
	type sort struct {
		severity Severity
		part     string
		code     attest.Code
	}
	seen := map[sort]int{}
	for _, f := range found {
		s := sort{f.Severity, f.Part, f.Code}
		if seen[s]++; seen[s] <= maxAlike {
			r.add(f)
		}
	}
	for _, f := range found {
		s := sort{f.Severity, f.Part, f.Code}
		if more := seen[s] - maxAlike; more > 0 {
			r.add(Finding{f.Severity, f.Part, f.Code, "", fmt.Sprintf("and %d more", more), f.Action})
			seen[s] = 0
		}
	}
}

// truth is the ledger's state and its blocks' hashes, as the others are measured by it. It holds the state in memory,
// as the ledger's own check does.
type truth struct {
	state  map[string][]byte
	hashes [][]byte
	behind string // what to do where an index has applied blocks that the ledger does not have
}

// Batch implements vault.BatchView.
func (t *truth) Batch(id string) (*attest.Batch, error) {
	value, ok := t.state[registry.KeyBatch(id)]
	if !ok {
		return nil, nil
	}
	return registry.DecodeBatch(value)
}

// errRead ends reading the blocks, which otherwise goes on with those to come.
var errRead = errors.New("every block was read")

func readLedger(ctx context.Context, dir string, o embedded.Options) (*truth, error) {
	ledger, err := embedded.Open(dir, o)
	if err != nil {
		return nil, err
	}
	t, err := readState(ctx, ledger)
	return t, errors.Join(err, ledger.Close())
}

func readState(ctx context.Context, ledger *embedded.Ledger) (*truth, error) {
	t := &truth{state: map[string][]byte{}, behind: actLedger}
	err := ledger.State(func(key string, value []byte) error {
		t.state[key] = bytes.Clone(value)
		return nil
	})
	next := ledger.Next()
	if err != nil || next == 0 {
		return t, err
	}
	err = ledger.Blocks(ctx, 0, func(b registry.Block) error {
		t.hashes = append(t.hashes, bytes.Clone(b.Hash))
		if b.Number+1 == next {
			return errRead
		}
		return nil
	})
	if errors.Is(err, errRead) {
		err = nil
	}
	return t, err
}

func (r *Result) checkIndex(t *truth, m *consortium.Member) error {
	part := "index " + m.Region.Code
	x, err := index.Open(m.IndexDir(), index.Options{Logger: quiet(), Store: pebblekv.Options{Logger: quiet()}})
	if damaged(err) {
		r.add(Finding{Error, part, attest.CodeOf(err), "store", err.Error(), actRebuild})
		return nil
	}
	if err != nil {
		return err
	}
	next := x.Next()
	switch {
	case next > uint64(len(t.hashes)):
		r.add(Finding{Error, part, attest.CodeLedgerBehind, fmt.Sprintf("block %d", next-1),
			"the index has applied blocks that the ledger does not have", t.behind})
	case next > 0 && !bytes.Equal(x.BlockHash(), t.hashes[next-1]):
		r.add(Finding{Error, part, attest.CodeChainFork, fmt.Sprintf("block %d", next-1), "another block than the ledger's", actRebuild})
	case next < uint64(len(t.hashes)):
		r.add(Finding{Warning, part, attest.CodeLedgerBehind, fmt.Sprintf("block %d", next),
			fmt.Sprintf("%d blocks are not applied yet", uint64(len(t.hashes))-next), actNothing})
	default:
		err = r.compare(part, t, x)
	}
	return r.settle(part, actRebuild, err, x.Close())
}

// compare walks the index's state, which must be the ledger's to the byte.
func (r *Result) compare(part string, t *truth, x *index.Index) error {
	seen := 0
	var wrong []Finding
	note := func(key, what string) {
		wrong = append(wrong, Finding{Error, part, attest.CodeStateDiffers, prefixOf(key), what, actRebuild})
	}
	err := x.Dump(func(key string, value []byte) error {
		want, ok := t.state[key]
		seen++
		switch {
		case !ok:
			seen--
			note(key, "a record that the ledger does not have")
		case !bytes.Equal(value, want):
			note(key, "a record that differs from the ledger's")
		}
		return nil
	})
	if missing := len(t.state) - seen; err == nil && missing > 0 {
		note("", fmt.Sprintf("%d records of the ledger are missing", missing))
	}
	r.addAlike(wrong)
	return err
}

// prefixOf is the kind of record that a key names.
func prefixOf(key string) string {
	prefix, _, _ := strings.Cut(key, "/")
	return prefix
}

// RebuildIndexes puts empty indexes in the place of all. The gateways follow from block 0 when they start, to the same
// bytes. It refuses while another process holds the ledger.
func RebuildIndexes(p *consortium.Plan) error {
	if p.Connection != nil {
		return rebuildAlone(p.Members[0].IndexDir())
	}
	ledger, err := embedded.Open(p.LedgerDir, embedded.Options{})
	if err != nil {
		return err
	}
	for i := range p.Members {
		dir := p.Members[i].IndexDir()
		if err == nil {
			err = os.RemoveAll(dir)
		}
		if err == nil {
			var x *index.Index
			if x, err = index.Create(dir, index.Options{}); err == nil {
				err = x.Close()
			}
		}
	}
	return errors.Join(err, ledger.Close())
}

// rebuildAlone is RebuildIndexes where the ledger is elsewhere: the index itself tells whether a gateway has it open.
func rebuildAlone(dir string) error {
	x, err := index.Open(dir, index.Options{Logger: quiet(), Store: pebblekv.Options{Logger: quiet()}})
	if damaged(err) {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		x, err = index.Create(dir, index.Options{})
	}
	if err != nil {
		return err
	}
	return errors.Join(x.Reset(), x.Close())
}

func (r *Result) checkVault(ctx context.Context, t *truth, m *consortium.Member) error {
	part := "vault " + m.Region.Code
	v, err := vault.Open(vault.Options{Dir: m.VaultDir(), Keyring: m.Keyring, Master: m.Master, Inspect: true,
		Logger: quiet()})
	if damaged(err) {
		r.add(Finding{Error, part, attest.CodeOf(err), "store", err.Error(), actVault})
		return nil
	}
	if err != nil {
		return err
	}
	found, err := v.Check(ctx, t)
	list := make([]Finding, len(found))
	for i, f := range found {
		list[i] = Finding{Severity(f.Severity), part, f.Code, f.Where, f.Detail, f.Action}
	}
	r.addAlike(list)
	return r.settle(part, actVault, err, v.Close())
}

// settle makes a finding of damage that a check came upon, and lets any other error stop the run. Closing a store that
// has failed says so once more.
func (r *Result) settle(part, action string, check, closing error) error {
	if damaged(check) {
		r.add(Finding{Error, part, attest.CodeOf(check), "store", check.Error(), action})
		check = nil
	}
	if damaged(closing) {
		closing = nil
	}
	return errors.Join(check, closing)
}
