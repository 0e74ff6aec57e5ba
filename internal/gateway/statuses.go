package gateway

import (
	"context"
	"math"
	"strconv"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// statuses is api.StatusSetter over the notary and the replica.
type statuses struct{ g *Gateway }

// SetStatus implements api.StatusSetter.
func (s statuses) SetStatus(ctx context.Context, op api.Operation, r api.StatusRequest) (*api.Recorded, error) {
	entries := make([]registry.StatusEntry, len(r.Entries))
	begun, err := s.begun(op.ID)
	if err != nil {
		return nil, err
	}
	var refused api.ItemErrors
	for i := range r.Entries {
		e, err := s.entry(r.Authority, &r.Entries[i], begun)
		if err != nil {
			refused = append(refused, api.ItemError{Pointer: "/entries/" + strconv.Itoa(i), Err: err})
		}
		entries[i] = e
	}
	if refused != nil {
		return nil, refused
	}
	outcome, err := s.g.notary.SetStatus(ctx, op.ID, r.Authority, entries)
	if err != nil {
		return nil, itemErrors(err, "/entries/", "/")
	}
	// A revocation is answered only once this gateway itself would refuse the certificate.
	if err := s.g.follower.WaitFor(ctx, outcome.Position.Block); err != nil {
		return nil, err
	}
	return &api.Recorded{Block: count(outcome.Position.Block), Transaction: outcome.TxID}, nil
}

// begun is since when each status of an operation holds that was asked for before: a request that names no time means
// the time of the first asking, or a retry would be another request.
func (s statuses) begun(op string) (map[custody.StatusSlot]int64, error) {
	known, err := s.g.vault.Operation(op)
	if err != nil || known == nil || len(known.Result) == 0 {
		return nil, err
	}
	command, err := registry.Parse(known.Result)
	if err != nil {
		return nil, err
	}
	set, ok := command.Command.(*registry.SetStatus)
	if !ok {
		return nil, nil // the vault refuses it as a conflict
	}
	out := make(map[custody.StatusSlot]int64, len(set.Entries))
	for _, e := range set.Entries {
		out[custody.StatusSlot{List: e.List, Index: e.Index}] = e.From
	}
	return out, nil
}

func (s statuses) entry(authority string, e *api.StatusEntry, begun map[custody.StatusSlot]int64) (registry.StatusEntry, error) {
	out := registry.StatusEntry{State: string(e.State), From: e.From, Reason: string(e.Reason), Successor: e.Successor}
	slot, err := s.slot(authority, e)
	out.List, out.Index = slot.List, slot.Index
	if out.From == 0 {
		out.From = begun[slot]
	}
	if out.From == 0 {
		out.From = s.g.now().Unix()
	}
	return out, err
}

// slot finds the certificate that an entry names, by its id or by list and index.
func (s statuses) slot(authority string, e *api.StatusEntry) (custody.StatusSlot, error) {
	byID, bySlot := e.Certificate != "", e.List != nil && e.Index != nil
	switch {
	case byID && e.List == nil && e.Index == nil:
		return s.slotOf(authority, e.Certificate)
	case bySlot && !byID:
		return slotAt(*e.List, *e.Index)
	default:
		return custody.StatusSlot{}, attest.Errorf(attest.CodeFieldInvalid, "an entry names a certificate, or a list and an index")
	}
}

func (s statuses) slotOf(authority, id string) (custody.StatusSlot, error) {
	c, err := s.g.certificate(id)
	if err != nil {
		return custody.StatusSlot{}, err
	}
	if c.Authority != authority {
		return custody.StatusSlot{}, notFound("certificate")
	}
	return c.Status, nil
}

func slotAt(list, index int64) (custody.StatusSlot, error) {
	if index < 0 || index >= attest.StatusListSize || list < 0 || list > math.MaxUint32 {
		return custody.StatusSlot{}, attest.Errorf(attest.CodeStatusIndexRange, "a list has %d entries", attest.StatusListSize)
	}
	return custody.StatusSlot{List: uint32(list), Index: uint32(index)}, nil
}

// Status implements api.StatusSetter.
func (s statuses) Status(_ context.Context, id string) (string, *api.CertificateStatus, error) {
	c, err := s.g.certificate(id)
	if err != nil {
		return "", nil, err
	}
	intervals, err := s.g.index.Status(c.Authority, c.Status.List, c.Status.Index)
	if err != nil {
		return "", nil, err
	}
	out := &api.CertificateStatus{ID: id, Intervals: make([]api.Interval, len(intervals)), StatusList: int64(c.Status.List),
		StatusIndex: int64(c.Status.Index)}
	for i := range intervals {
		out.Intervals[i] = interval(&intervals[i])
	}
	return c.Authority, out, nil
}
