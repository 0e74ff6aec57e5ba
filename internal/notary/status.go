package notary

import (
	"cmp"
	"context"
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// SetStatus suspends, revokes, supersedes or reinstates certificates of one authority, all in one transaction or none,
// and returns once they are on the ledger. Every entry names a slot that a certificate of this store holds. The entries
// may come in any order.
//
// Errors: RequestErrors for entries that name no certificate; REQUESTS_NONE, REQUESTS_TOO_MANY, OPERATION_CONFLICT;
// LEDGER_OUTCOME_UNKNOWN where ctx ends first: the command is written down and goes on being submitted, here or after a
// restart, and the same operation learns what became of it; those of the rules.
func (n *Notary) SetStatus(ctx context.Context, op, authority string, entries []registry.StatusEntry) (registry.Outcome, error) {
	if err := count(len(entries), registry.MaxStatus); err != nil {
		return registry.Outcome{}, err
	}
	if err := n.checkSlots(authority, entries); err != nil {
		return registry.Outcome{}, err
	}
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b registry.StatusEntry) int {
		return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Index, b.Index))
	})
	signer, err := n.statusSigner(authority)
	if err != nil {
		return registry.Outcome{}, err
	}
	set := &registry.SetStatus{Op: n.d.Store.OperationName(op), Authority: authority, Entries: sorted}
	command, err := registry.Sign(n.d.Network, set, signer)
	if err != nil {
		return registry.Outcome{}, err
	}
	written, err := n.d.Store.PutCommand(ctx, op, statusDigest(authority, sorted), command)
	if err != nil {
		return registry.Outcome{}, err
	}
	return n.awaitCommand(ctx, op, written.Result)
}

func (n *Notary) checkSlots(authority string, entries []registry.StatusEntry) error {
	var refused RequestErrors
	for i, e := range entries {
		_, err := n.d.Store.StatusHolder(authority, custody.StatusSlot{List: e.List, Index: e.Index})
		if attest.CodeOf(err) == attest.CodeRecordMissing {
			refused = append(refused, &RequestError{Index: i, Err: err})
		} else if err != nil {
			return err
		}
	}
	if refused != nil {
		return refused
	}
	return nil
}

// statusSigner is the authority's key or, where the authority is no longer active, its region's governance key.
func (n *Notary) statusSigner(authority string) (attest.Signer, error) {
	is, err := n.issuer(authority)
	if err == nil {
		return is.signer, nil
	}
	if attest.CodeOf(err) != attest.CodeAuthorityInactive {
		return nil, err
	}
	return n.keyOf(n.d.Region, attest.UseGovern)
}

// statusDigest tells requests apart under one operation id. List and index are public; nothing here is a person's.
func statusDigest(authority string, entries []registry.StatusEntry) [32]byte {
	w := attest.NewObjectWriter(nil)
	w.String("authority", authority)
	w.Objects("entries", len(entries), func(i int, w *attest.ObjectWriter) {
		e := &entries[i]
		w.Int64("list", int64(e.List))
		w.Int64("index", int64(e.Index))
		w.String("state", e.State)
		w.Int64("from", e.From)
		w.String("reason", e.Reason)
		w.String("successor", e.Successor)
	})
	return attest.SuiteStd.Sum([]byte("huzheng/v1/status-request\x00"), w.Close())
}

// awaitCommand submits on the notary's own time, so that a caller who leaves does not end it.
func (n *Notary) awaitCommand(ctx context.Context, op string, command []byte) (registry.Outcome, error) {
	type answer struct {
		outcome registry.Outcome
		err     error
	}
	done := make(chan answer, 1)
	started := n.start(func() {
		outcome, err := n.settleCommand(n.ctx, op, command)
		done <- answer{outcome, err}
	})
	if !started {
		return registry.Outcome{}, closed()
	}
	select {
	case a := <-done:
		return a.outcome, a.err
	case <-ctx.Done():
		return registry.Outcome{}, attest.Errorf(attest.CodeOutcomeUnknown, "the ledger has not answered in time; the same operation settles it")
	}
}

// settleCommand submits a command that is written down until its outcome is known, then forgets that it was open.
func (n *Notary) settleCommand(ctx context.Context, op string, command []byte) (registry.Outcome, error) {
	outcome, err := n.submit(ctx, command)
	if err != nil && !isRefusal(err) {
		return outcome, err
	}
	if settled := n.d.Store.CommandSettled(ctx, op); settled != nil {
		n.d.Logger.Warn("a settled command stays written down as open", "code", string(attest.CodeOf(settled)))
	}
	return outcome, err
}
