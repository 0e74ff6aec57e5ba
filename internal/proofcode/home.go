package proofcode

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"slices"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Store keeps codes and the record of uses. Every write is durable when it returns; changes of one code come one after the
// other; nothing is lost or done twice by a crash. Safe for concurrent use. Errors: RECORD_MISSING for what is not there,
// SUBJECT_SHREDDED, the store's own.
type Store interface {
	AddCode(ctx context.Context, op string, digest [32]byte, c *custody.ProofCode) (*custody.ProofCode, error)
	Code(id custody.CodeID) (*custody.ProofCode, error)
	CodeByShort(random [5]byte) (custody.CodeID, error)
	Codes(s custody.Subject) ([]*custody.ProofCode, error)
	ChangeCode(ctx context.Context, id custody.CodeID, change func(c *custody.ProofCode) ([]*custody.Use, error)) error
	// AddReported appends uses of one receipt each; one that is there, or that has no citizen any more, is passed over.
	AddReported(ctx context.Context, uses ...*custody.Use) error
	Uses(s custody.Subject, before uint64, limit int) ([]*custody.Use, error)
	Certificate(commitment [32]byte) (*custody.Certificate, error)
}

// Presenter discloses fields of a certificate in custody and binds them: RECORD_MISSING, NOT_IN_CUSTODY, DISCLOSURE_UNKNOWN.
// Inclusion is the certificate's inclusion receipt: NOT_ANCHORED_YET.
type Presenter interface {
	Present(ctx context.Context, id string, fields []string, audience, nonce string) ([]byte, error)
	Inclusion(commitment [32]byte) ([]byte, error)
}

// ReceiptReader reads a verification receipt and checks that the gateway of the region has signed it, by the ledger:
// VERIFICATION_RECEIPT, KEY_UNKNOWN, SIGNATURE_INVALID and the like.
type ReceiptReader interface {
	ReadReceipt(region string, jws []byte) (*attest.VerificationReceipt, error)
}

// Options of a home. All but the last three are needed.
type Options struct {
	Region    string // division code
	Suite     attest.Suite
	Store     Store
	Presenter Presenter
	Receipts  ReceiptReader
	Random    io.Reader // cryptographic
	Clock     func() time.Time

	Caller, Gateway Limit         // zero: CallerLimit, RegionLimit
	Floor           time.Duration // before which no attempt is refused; zero: DefaultFloor
}

// DefaultFloor is when every refusal leaves, whatever made the code unusable: later than any of the reasons takes to find out
// and to write down.
const DefaultFloor = 40 * time.Millisecond

// Home is a region's side of proof codes. Safe for concurrent use.
type Home struct {
	o       Options
	callers *Throttle
	regions *Throttle
}

// New makes a home.
func New(o Options) *Home {
	if o.Caller == (Limit{}) {
		o.Caller = CallerLimit
	}
	if o.Gateway == (Limit{}) {
		o.Gateway = RegionLimit
	}
	if o.Floor == 0 {
		o.Floor = DefaultFloor
	}
	return &Home{o: o, callers: NewThrottle(o.Caller), regions: NewThrottle(o.Gateway)}
}

func (h *Home) now() int64 { return h.o.Clock().Unix() }

// NewCode is what a citizen agrees to. Life is in seconds.
type NewCode struct {
	Subject  custody.Subject
	Shown    []custody.Shown
	UseCause string
	Scenario string
	Audience custody.Audience
	Life     int64
	Uses     int
}

func (n *NewCode) validate() error {
	request := attest.Request{UseCause: n.UseCause, Scenario: n.Scenario}
	if err := request.Validate(); err != nil {
		return err
	}
	refuse := func(format string, args ...any) error { return attest.Errorf(attest.CodeFieldInvalid, format, args...) }
	switch {
	case n.Life < MinLife || n.Life > MaxLife:
		return refuse("a code lives for %d seconds to %d hours", MinLife, MaxLife/3600)
	case n.Uses < 1 || n.Uses > MaxUses:
		return refuse("a code is for 1 to %d uses", MaxUses)
	case len(n.Shown) < 1 || len(n.Shown) > MaxShown:
		return refuse("a code shows 1 to %d certificates", MaxShown)
	}
	return validAudience(&n.Audience)
}

// audienceParts are the members that each kind of audience has: region, office, tenant.
var audienceParts = map[custody.AudienceKind][3]bool{
	custody.AudienceAny: {}, custody.AudienceRegion: {true, false, false}, custody.AudienceOffice: {false, true, false},
	custody.AudienceIntegrator: {true, false, true},
}

func validAudience(a *custody.Audience) error {
	want, known := audienceParts[a.Kind]
	if !known || want != [3]bool{a.Region != "", a.Office != "", a.Tenant != ""} {
		return attest.Errorf(attest.CodeFieldInvalid, "a code is for anybody, a region, an office or a region's integrator")
	}
	return nil
}

// digest tells a repeated operation from a reused id.
func (n *NewCode) digest() [32]byte {
	b := append([]byte("huzheng/v1/code\x00"), n.Subject[:]...)
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	b = binary.AppendUvarint(b, uint64(len(n.Shown)))
	for _, s := range n.Shown {
		b = binary.AppendUvarint(append(b, s.Commitment[:]...), uint64(len(s.Fields)))
		for _, f := range s.Fields {
			text(f)
		}
	}
	for _, s := range []string{n.UseCause, n.Scenario, n.Audience.Region, n.Audience.Office, n.Audience.Tenant} {
		text(s)
	}
	b = binary.AppendVarint(binary.AppendVarint(append(b, byte(n.Audience.Kind)), n.Life), int64(n.Uses))
	return sha256.Sum256(b)
}

// Create makes a code, durably; the same operation with the same request gives the same code again. Errors: FIELD_INVALID,
// the PURPOSE and SCENARIO codes, RECORD_MISSING for a certificate that is not the citizen's, NOT_IN_CUSTODY,
// DISCLOSURE_UNKNOWN for a field that a certificate does not have, OPERATION_CONFLICT.
func (h *Home) Create(ctx context.Context, op string, n *NewCode) (*custody.ProofCode, error) {
	if err := n.validate(); err != nil {
		return nil, err
	}
	for i := range n.Shown {
		if err := h.showable(ctx, n.Subject, &n.Shown[i]); err != nil {
			return nil, err
		}
	}
	digest := n.digest()
	for {
		c, err := h.draw(n)
		if err != nil {
			return nil, err
		}
		made, err := h.o.Store.AddCode(ctx, op, digest, c)
		if attest.CodeOf(err) != attest.CodeKeyExists { // of 2^40 short forms this one was taken
			return made, err
		}
	}
}

// showable holds that a certificate is the citizen's, has the fields and can be bound to a verifier.
func (h *Home) showable(ctx context.Context, subject custody.Subject, s *custody.Shown) error {
	c, err := h.o.Store.Certificate(s.Commitment)
	if err == nil && c.Subject != subject {
		err = attest.Errorf(attest.CodeRecordMissing, "the citizen has no such certificate")
	}
	if err == nil && c.HolderKey == nil {
		err = attest.Errorf(attest.CodeNotInCustody, "the holder keeps the key to this certificate")
	}
	if err != nil {
		return err
	}
	s.Fields = slices.Clone(s.Fields)
	slices.Sort(s.Fields)
	s.Fields = slices.Compact(s.Fields)
	_, err = h.o.Presenter.Present(ctx, custody.ID(s.Commitment), s.Fields, "", "")
	return err
}

func (h *Home) draw(n *NewCode) (*custody.ProofCode, error) {
	now := h.now()
	c := &custody.ProofCode{Subject: n.Subject, Shown: n.Shown, UseCause: n.UseCause, Scenario: n.Scenario, Audience: n.Audience,
		Uses: n.Uses, Created: now, Seen: now, Expires: now + n.Life}
	for _, b := range [][]byte{c.Handle[:], c.Secret[:], c.Random[:]} {
		if _, err := io.ReadFull(h.o.Random, b); err != nil {
			return nil, attest.Errorf(attest.CodeInternal, "the source of randomness failed: %v", err)
		}
	}
	c.ID = idOf(c.Handle)
	return c, nil
}

// idOf names the code of a handle: one way, so that the name can be told to those who may not redeem it.
func idOf(handle [16]byte) custody.CodeID {
	sum := sha256.Sum256(append([]byte("huzheng/v1/code id\x00"), handle[:]...))
	return custody.CodeID(sum[:16])
}

// Short is the short form of a code; empty once it is too old for that.
func (h *Home) Short(c *custody.ProofCode) string {
	if h.now() >= shortUntil(c) {
		return ""
	}
	s, err := proofcode.NewShort(h.o.Region, c.Random)
	if err != nil {
		return ""
	}
	return s.String()
}

func shortUntil(c *custody.ProofCode) int64 { return min(c.Expires, c.Created+ShortLife) }

// ShortUntil is the second from which on the short form is worth nothing.
func (h *Home) ShortUntil(c *custody.ProofCode) int64 { return shortUntil(c) }

// Face is what the QR code shows now, and the second from which on it shows another one.
func (h *Home) Face(c *custody.ProofCode) (face string, until int64, err error) {
	window := proofcode.WindowAt(h.now())
	f, err := proofcode.NewFace(h.o.Suite, h.o.Region, c.Handle, c.Secret, window)
	return f.String(), (window + 1) * proofcode.Window, err
}

// State is what a code is worth now, and how many uses are left.
func (h *Home) State(c *custody.ProofCode) (State, int) {
	return StateAt(c, h.now()), Remaining(c, h.now())
}

// Get gives a citizen's own code: RECORD_MISSING for any other.
func (h *Home) Get(s custody.Subject, id custody.CodeID) (*custody.ProofCode, error) {
	c, err := h.o.Store.Code(id)
	if attest.CodeOf(err) == attest.CodeSubjectShredded || err == nil && c.Subject != s {
		return nil, attest.Errorf(attest.CodeRecordMissing, "the citizen has no such code")
	}
	return c, err
}

// List gives a citizen's codes, the newest first.
func (h *Home) List(s custody.Subject) ([]*custody.ProofCode, error) {
	list, err := h.o.Store.Codes(s)
	slices.SortStableFunc(list, func(a, b *custody.ProofCode) int { return int(b.Created - a.Created) })
	return list, err
}

// Cancel ends what is unused of a citizen's code. To cancel twice is a success that changes nothing.
func (h *Home) Cancel(ctx context.Context, s custody.Subject, id custody.CodeID) (*custody.ProofCode, error) {
	if _, err := h.Get(s, id); err != nil {
		return nil, err
	}
	err := h.o.Store.ChangeCode(ctx, id, func(c *custody.ProofCode) ([]*custody.Use, error) {
		now := h.now()
		uses := h.lapsed(c, Lapse(c, now))
		Cancel(c, now)
		return uses, nil
	})
	if err != nil {
		return nil, err
	}
	return h.o.Store.Code(id)
}
