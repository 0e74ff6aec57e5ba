package citizen

import (
	"context"

	"github.com/huzheng-ledger/huzheng/attest"
)

// State is what a certificate is worth today, as far as it does not depend on where and for what it is used.
type State string

// The states.
const (
	StateValid      State = "valid"
	StatePending    State = "pending" // not on the ledger yet
	StateSuspended  State = "suspended"
	StateRevoked    State = "revoked"
	StateSuperseded State = "superseded"
	StateExpired    State = "expired"
	StateEarly      State = "not_yet_valid"
)

// Field is one claim that its holder may show or keep back.
type Field struct {
	Name      string
	Title     string // Chinese, by the type's schema; empty: none
	Value     string // of a predicate: true or false
	Predicate bool
	Sensitive bool // graded important
	Asked     bool // an agreement in force asks for it
}

// Certificate is one as its holder sees it.
type Certificate struct {
	ID        string
	Type      string // name
	Authority string // name
	State     State
	Reason    string // of the state, as the issuing authority gave it: a code of gbt.CertificateState; empty: none
	From      int64  // Unix seconds; 0: not said
	Until     int64  // 0: open
	Framed    bool   // the period stands in its frame, which every verifier sees
	Issued    int64
	Batch     string // that it is anchored in; empty: not yet
	Custody   bool   // its key is kept here, so that codes can be made
	Scenarios []string
	Fields    []Field
}

// Usable reports whether a code can show it now.
func (c *Certificate) Usable() bool { return c.Custody && c.State == StateValid }

// Wallet is a holder's certificates. What is not the holder's is NOT_FOUND. Safe for concurrent use.
type Wallet interface {
	// Certificates lists them, the newest first, without fields.
	Certificates(ctx context.Context, holder string) ([]*Certificate, error)
	Certificate(ctx context.Context, holder, id string) (*Certificate, error)
	// Preview is what a presentation of these fields says, read back from one that was made.
	Preview(ctx context.Context, holder, id string, fields []string) ([]Field, error)
	// Print is a PDF with everything.
	Print(ctx context.Context, holder, id string) ([]byte, error)
	// SelfContained presents fields as one text, for minutes.
	SelfContained(ctx context.Context, holder, id string, fields []string) (string, error)
}

// AudienceKind says for whom a code is.
type AudienceKind string

// The kinds.
const (
	ToAnybody AudienceKind = "any"
	ToRegion  AudienceKind = "region"
	ToOffice  AudienceKind = "office"
	ToOther   AudienceKind = "integrator" // made elsewhere than on these pages
)

// Audience is whom a code is for.
type Audience struct {
	Kind   AudienceKind
	Region string // division code
	Office string // USCC
	Name   string // of the office
}

// Office is an authority that a code may be for.
type Office struct{ Region, Code, Name string }

// Chosen is what is agreed to be shown of one certificate.
type Chosen struct {
	Certificate string
	Fields      []string
}

// NewCode is what is agreed to.
type NewCode struct {
	Chosen   []Chosen // one at least
	Audience Audience
	Scenario string
	UseCause string
	Life     int64 // seconds
	Uses     int
}

// CodeState is what a code is worth.
type CodeState string

// The states of a code.
const (
	CodeActive    CodeState = "active"
	CodeUsedUp    CodeState = "used_up"
	CodeExpired   CodeState = "expired"
	CodeCancelled CodeState = "cancelled"
)

// Shown is what a code shows of one certificate.
type Shown struct {
	ID          string
	Certificate string // name of its type
	Fields      []Field
}

// Code is a proof code at this moment.
type Code struct {
	ID       string
	State    CodeState
	Face     string // what the QR code holds now
	Window   int64  // number of the face
	FaceLeft int64  // seconds until it is another one
	Short    string // empty: too old for that
	Left     int64  // seconds
	Uses     int    // agreed
	Unused   int
	Created  int64
	Shown    []Shown
	Audience Audience
	Scenario string
	UseCause string
}

// Event is a kind of use.
type Event string

// The events.
const (
	EventVerified Event = "verified" // a verdict was told
	EventLapsed   Event = "lapsed"   // shown, and no verdict reported
	EventRefused  Event = "refused"  // tried, nothing shown
	EventPlain    Event = "plain"    // verified without a code
	EventUnproven Event = "unproven" // a region says so, whose receipt does not hold: Reason is why
)

// Use is an entry of the record of uses (用证记录).
type Use struct {
	Seq      uint64
	Time     int64
	Event    Event
	Code     string // id; empty: without one
	Region   string // whose gateway asked
	Verifier string
	Office   string // name; may be empty
	Scenario string
	UseCause string
	Reason   attest.Code
	Results  []attest.Result
	Shown    []Shown
}

// Codes are a holder's proof codes and what was done with them. What is not the holder's is NOT_FOUND. Safe for concurrent
// use.
type Codes interface {
	// Create makes a code, durably; the same operation once more gives the same one.
	Create(ctx context.Context, holder, op string, n *NewCode) (id string, err error)
	Code(ctx context.Context, holder, id string) (*Code, error)
	List(ctx context.Context, holder string) ([]*Code, error)
	Cancel(ctx context.Context, holder, id string) error
	// Uses lists the record, the newest first, at most limit entries before the one of that number; 0: from the newest on.
	Uses(ctx context.Context, holder string, before uint64, limit int) ([]*Use, error)
	// Regions and Offices are whom a code may be for.
	Regions(ctx context.Context) ([]string, error)
	Offices(ctx context.Context) ([]Office, error)
}

// Statement is what a citizen says against a certificate, or against one of its uses.
type Statement struct {
	Kind   string // field, issued, status or use
	Field  string // name; of kind field alone
	Wrong  string // in their own words
	Should string // what it should say; may be empty
}

// Filing is the draft of a dispute (异议) on its way in.
type Filing struct {
	Certificate string
	Used        bool
	Use         uint64 // number of the entry of the record of uses that it is about, where Used says that it is
	Statement
}

// Dispute is a draft as its citizen sees it.
type Dispute struct {
	ID          string
	Reference   string // what citizen and office call it
	Open        bool   // it was not withdrawn
	Certificate string // id
	Type        string // name
	Authority   string // name of the issuing authority
	Use         *Use   // nil: it is about the certificate
	Statement
	FieldTitle string
	Created    int64
	Changed    int64
}

// Disputes are a holder's drafts of disputes, which no ledger knows. What is not the holder's is NOT_FOUND. Errors of what is
// said: DISPUTE_KIND, DISPUTE_FIELD, DISPUTE_TEXT; DISPUTE_LIMIT, DISPUTE_WITHDRAWN. Safe for concurrent use.
type Disputes interface {
	// File writes a draft, durably; the same operation once more gives the same one.
	File(ctx context.Context, holder, op string, f *Filing) (id string, err error)
	Edit(ctx context.Context, holder, id string, s Statement) error
	// Withdraw ends a draft, so that the authority sees it no more. One that has ended already is a success.
	Withdraw(ctx context.Context, holder, id string) error
	// Disputes lists them, the newest first, without their uses.
	Disputes(ctx context.Context, holder string) ([]*Dispute, error)
	Dispute(ctx context.Context, holder, id string) (*Dispute, error)
	// Use is an entry of the holder's record of uses.
	Use(ctx context.Context, holder string, seq uint64) (*Use, error)
}

// Remains is what stays after a deletion, of one certificate.
type Remains struct{ Commitment, Batch string }

// Eraser deletes.
type Eraser interface {
	// Erase shreds the holder's key, durably, ends the holder's sessions and says what stays. Nothing to delete is a success.
	Erase(ctx context.Context, holder string) ([]Remains, error)
}
