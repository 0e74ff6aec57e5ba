package proofcode

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Redemption is what a verifier's gateway asks for.
type Redemption struct {
	Operation string // the verifier's; the same one finds its own use again
	Code      string // the short form or a face
	Caller    string // opaque: whose wrong attempts these are, behind the gateway
	By        custody.UseBy
	Scenario  string // empty: that of the code
	Audience  string // what the presentation is bound to
	Nonce     string
}

// Reserved is a use that was taken, and what is shown for it.
type Reserved struct {
	Code     custody.CodeID
	Number   uint64
	UseCause string
	Scenario string
	Items    []Item
}

// Item is one certificate's presentation with its inclusion receipt, nil where it is not anchored yet.
type Item struct {
	Presentation []byte
	Receipt      []byte
}

// operationOf names an operation of one region, so that no region can take another's for its own.
func operationOf(region, op string) [32]byte {
	b := binary.AppendUvarint([]byte("huzheng/v1/redemption\x00"), uint64(len(region)))
	return sha256.Sum256(append(append(b, region...), op...))
}

// Redeem reserves a use, durably, and presents. Whatever makes the code unusable is PROOF_CODE_UNUSABLE, and after the
// floor; the citizen reads the reason. Errors besides: RATE_LIMITED, FIELD_INVALID, the store's.
func (h *Home) Redeem(ctx context.Context, r *Redemption) (*Reserved, error) {
	start := h.o.Clock()
	if r.Nonce == "" || r.Audience == "" || r.Operation == "" || r.By.Region == "" {
		return nil, attest.Errorf(attest.CodeFieldInvalid, "a redemption has an operation, a verifier, an audience and a nonce")
	}
	caller := r.By.Region + "\x00" + r.Caller
	if max(h.callers.Wait(caller, start), h.regions.Wait(r.By.Region, start)) > 0 {
		return nil, attest.Errorf(attest.CodeRateLimited, "too many codes that cannot be used")
	}
	floor := time.NewTimer(h.o.Floor)
	defer floor.Stop()
	out, err := h.redeem(ctx, r)
	if attest.CodeOf(err) != attest.CodeProofCodeUnusable {
		return out, err
	}
	h.callers.Wrong(caller, start)
	h.regions.Wrong(r.By.Region, start)
	select {
	case <-floor.C:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func unusable() error {
	return attest.Errorf(attest.CodeProofCodeUnusable, "the code is unknown, used up, expired, cancelled, or not for this verifier")
}

func (h *Home) redeem(ctx context.Context, r *Redemption) (*Reserved, error) {
	id, stale, err := h.find(r.Code)
	switch attest.CodeOf(err) {
	case "":
	case attest.CodeRecordMissing, attest.CodeSubjectShredded, attest.CodeProofCodeFormat:
		return nil, unusable()
	default:
		return nil, err
	}
	c, number, err := h.reserve(ctx, id, stale, r)
	if err != nil {
		return nil, err
	}
	out := &Reserved{Code: id, Number: number, UseCause: c.UseCause, Scenario: c.Scenario}
	for i := range c.Shown {
		item, err := h.present(ctx, &c.Shown[i], r)
		if err != nil {
			return nil, h.giveBack(ctx, id, number, r, err)
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// find leads from what was typed or scanned to the code; stale says why its face is not to be taken.
func (h *Home) find(text string) (id custody.CodeID, stale attest.Code, err error) {
	if !proofcode.IsFace(text) {
		s, err := proofcode.ParseShort(text)
		if err == nil && s.Region() != h.o.Region {
			err = unusable()
		}
		if err != nil {
			return id, "", attest.Errorf(attest.CodeRecordMissing, "no code of this region")
		}
		id, err = h.o.Store.CodeByShort(s.Random)
		return id, "", err
	}
	f, err := proofcode.ParseFace(text)
	if err != nil || f.Region() != h.o.Region {
		return id, "", attest.Errorf(attest.CodeRecordMissing, "no code of this region")
	}
	id = idOf(f.Handle)
	c, err := h.o.Store.Code(id)
	if err != nil {
		return id, "", err
	}
	switch {
	case !f.Genuine(h.o.Suite, c.Secret):
		stale = attest.CodeProofCodeFaceForged
	case !f.Current(h.now()):
		stale = attest.CodeProofCodeFaceStale
	}
	return id, stale, nil
}

// maxRefusals bounds how many refused attempts of one code are told to its citizen.
const maxRefusals = 100

// reserve takes the use, or writes down why not.
func (h *Home) reserve(ctx context.Context, id custody.CodeID, stale attest.Code, r *Redemption) (*custody.ProofCode, uint64, error) {
	var out custody.ProofCode
	var number uint64
	var why attest.Code
	err := h.o.Store.ChangeCode(ctx, id, func(c *custody.ProofCode) (uses []*custody.Use, err error) {
		uses = h.lapsed(c, Lapse(c, h.now()))
		var hold *custody.Hold
		if hold, why = h.admit(c, stale, r); why != "" {
			return h.refused(c, uses, r, why), nil
		}
		number, out = hold.Number, *c
		return uses, nil
	})
	if gone(err) || err == nil && why != "" {
		return nil, 0, unusable()
	}
	if err != nil {
		return nil, 0, err
	}
	return &out, number, nil
}

// gone tells what is not kept here, or not any more.
func gone(err error) bool {
	code := attest.CodeOf(err)
	return code == attest.CodeRecordMissing || code == attest.CodeSubjectShredded
}

// admit reserves, unless the form in which the code came is worth nothing. A repeat may come with a form that was good when
// its answer was lost; a forged face is never good.
func (h *Home) admit(c *custody.ProofCode, stale attest.Code, r *Redemption) (*custody.Hold, attest.Code) {
	attempt := &Attempt{Operation: operationOf(r.By.Region, r.Operation), Scenario: r.Scenario, By: r.By}
	if stale == "" && !proofcode.IsFace(r.Code) && c.Seen >= shortUntil(c) {
		stale = attest.CodeProofCodeExpired
	}
	if stale != "" && (held(c, attempt.Operation) == nil || stale == attest.CodeProofCodeFaceForged) {
		return nil, stale
	}
	return Reserve(c, attempt, h.now())
}

func (h *Home) refused(c *custody.ProofCode, uses []*custody.Use, r *Redemption, why attest.Code) []*custody.Use {
	c.Refused++
	if c.Refused > maxRefusals {
		return uses
	}
	return append(uses, &custody.Use{Time: c.Seen, Event: custody.UseRefused, Code: c.ID, By: r.By, Scenario: c.Scenario, UseCause: c.UseCause, Reason: why})
}

// lapsed are the entries about uses that were shown and not judged in time.
func (h *Home) lapsed(c *custody.ProofCode, holds []custody.Hold) (uses []*custody.Use) {
	for i := range holds {
		uses = append(uses, &custody.Use{Time: holds[i].At, Event: custody.UseLapsed, Code: c.ID, By: holds[i].Verifier,
			UseCause: c.UseCause, Scenario: c.Scenario, Reason: attest.CodeRedemptionLapsed, Shown: c.Shown})
	}
	return uses
}

func (h *Home) present(ctx context.Context, s *custody.Shown, r *Redemption) (item Item, err error) {
	if item.Presentation, err = h.o.Presenter.Present(ctx, custody.ID(s.Commitment), s.Fields, r.Audience, r.Nonce); err != nil {
		return item, err
	}
	item.Receipt, err = h.o.Presenter.Inclusion(s.Commitment)
	if attest.CodeOf(err) == attest.CodeNotAnchoredYet {
		return item, nil // the verifier finds it undetermined, and the use is given back
	}
	return item, err
}

// giveBack undoes a reservation whose certificate cannot be presented. One that was erased since makes the code unusable.
func (h *Home) giveBack(ctx context.Context, id custody.CodeID, number uint64, r *Redemption, why error) error {
	if err := h.Release(ctx, r.By.Region, r.Operation, id, number); err != nil {
		return err
	}
	if code := attest.CodeOf(why); code == attest.CodeSubjectShredded || code == attest.CodeRecordMissing {
		return unusable()
	}
	return why
}

// Consume makes a use count, durably, and puts the receipts into the citizen's record. Only once it has returned nil may
// the verifier be told the verdict. The same receipts once more are a success. Errors: REDEMPTION_LAPSED where the use has
// been given back, OPERATION_CONFLICT, VERIFICATION_RECEIPT and others for receipts that are none of the region's about
// this code's certificates.
func (h *Home) Consume(ctx context.Context, region, op string, id custody.CodeID, number uint64, receipts [][]byte) error {
	read, err := h.readAll(region, receipts)
	if err != nil {
		return err
	}
	outcome := sha256.Sum256(slices.Concat(receipts...))
	operation := operationOf(region, op)
	err = h.o.Store.ChangeCode(ctx, id, func(c *custody.ProofCode) ([]*custody.Use, error) {
		uses := h.lapsed(c, Lapse(c, h.now()))
		if err := about(c, read); err != nil {
			return nil, err
		}
		changed, err := Consume(c, operation, number, outcome)
		if err != nil || !changed {
			return uses, err // after an error the lapse is written down by the next change
		}
		return append(uses, &custody.Use{Time: c.Seen, Event: custody.UseVerified, Code: c.ID, By: held(c, operation).Verifier, UseCause: c.UseCause,
			Scenario: c.Scenario, Reason: read[0].Verdict.Code, Shown: c.Shown, Receipts: receipts}), nil
	})
	if gone(err) {
		return attest.Errorf(attest.CodeRedemptionLapsed, "no use is reserved under this number")
	}
	return err
}

// about holds that receipts are about what the code shows, in its order.
func about(c *custody.ProofCode, receipts []*attest.VerificationReceipt) error {
	for i, r := range receipts {
		if i >= len(c.Shown) || r.Verdict.Result != attest.Undetermined && r.Verdict.Commitment != c.Shown[i].Commitment {
			return attest.Errorf(attest.CodeVerificationReceipt, "the receipts are not about what was shown")
		}
	}
	return nil
}

func (h *Home) readAll(region string, receipts [][]byte) ([]*attest.VerificationReceipt, error) {
	if len(receipts) == 0 || len(receipts) > MaxShown {
		return nil, attest.Errorf(attest.CodeVerificationReceipt, "a use is consumed by the receipts of what was shown")
	}
	out := make([]*attest.VerificationReceipt, len(receipts))
	for i, jws := range receipts {
		var err error
		if out[i], err = h.o.Receipts.ReadReceipt(region, jws); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Release gives a use back for which there is no verdict. What is consumed stays so, and what is unknown is a success.
func (h *Home) Release(ctx context.Context, region, op string, id custody.CodeID, number uint64) error {
	err := h.o.Store.ChangeCode(ctx, id, func(c *custody.ProofCode) ([]*custody.Use, error) {
		uses := h.lapsed(c, Lapse(c, h.now()))
		if hold := Release(c, operationOf(region, op), number); hold != nil {
			uses = append(uses, h.lapsed(c, []custody.Hold{*hold})...)
		}
		return uses, nil
	})
	if gone(err) {
		return nil
	}
	return err
}

// Uses gives a citizen's record, the newest first, after everything that has lapsed was written down. What was reported is
// checked now. Errors: the USE_LOG codes where the record was tampered with.
func (h *Home) Uses(ctx context.Context, s custody.Subject, before uint64, limit int) ([]*custody.Use, error) {
	codes, err := h.o.Store.Codes(s)
	if err != nil {
		return nil, err
	}
	for _, c := range codes {
		if !overdue(c, h.now()) {
			continue
		}
		err := h.o.Store.ChangeCode(ctx, c.ID, func(c *custody.ProofCode) ([]*custody.Use, error) {
			return h.lapsed(c, Lapse(c, h.now())), nil
		})
		if err != nil {
			return nil, err
		}
	}
	uses, err := h.o.Store.Uses(s, before, limit)
	if err != nil {
		return nil, err
	}
	for _, u := range uses {
		if err := h.readReported(u); err != nil {
			return nil, err
		}
	}
	return uses, nil
}

func overdue(c *custody.ProofCode, now int64) bool {
	return slices.ContainsFunc(c.Holds, func(h custody.Hold) bool { return h.State == custody.HoldReserved && moment(c, now) >= h.Until })
}
