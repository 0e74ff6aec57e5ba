package custody

import (
	"encoding/base64"

	"github.com/huzheng-ledger/huzheng/attest"
)

// CodeID names a proof code to its citizen and to the pages: neither its short form nor its face can be made from it.
type CodeID [16]byte

// String is the id in base64url.
func (id CodeID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// ParseCodeID reads an id back: RECORD_MISSING for what cannot be one, so that it looks like one that is unknown.
func ParseCodeID(text string) (id CodeID, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(id) || len(text) != base64.RawURLEncoding.EncodedLen(len(id)) {
		return id, attest.Errorf(attest.CodeRecordMissing, "nothing with this id is kept here")
	}
	return CodeID(raw), nil
}

// AudienceKind says for whom a proof code is.
type AudienceKind byte

// The kinds. Frozen: they are stored.
const (
	AudienceAny        AudienceKind = 1
	AudienceRegion     AudienceKind = 2 // Region
	AudienceOffice     AudienceKind = 3 // Office, the USCC of an authority
	AudienceIntegrator AudienceKind = 4 // Tenant at Region
)

// Audience is who may redeem a proof code.
type Audience struct {
	Kind   AudienceKind
	Region string // division code
	Office string // USCC
	Tenant string // of the API credential, at Region
}

// Shown is what a proof code shows of one certificate.
type Shown struct {
	Commitment [32]byte
	Fields     []string // names of the fields and of the predicates
}

// ProofCode (用证码) is one as its home keeps it, sealed under its citizen's key. Nothing of it is ever deleted while the
// key lives: what it is worth follows from its values and the home's clock.
type ProofCode struct {
	ID        CodeID
	Handle    [16]byte
	Secret    [32]byte // its faces are made with it
	Random    [5]byte  // of the short code
	Subject   Subject
	Shown     []Shown
	UseCause  string
	Scenario  string
	Audience  Audience
	Uses      int // that were agreed
	Created   int64
	Expires   int64 // from this second on it is worth nothing
	Cancelled int64 // 0: it is not
	Seen      int64 // the latest moment at which it was changed: its time never runs backwards
	Next      uint64
	Refused   uint64 // attempts that were refused
	Holds     []Hold
}

// HoldState is what became of a use.
type HoldState byte

// The states. Frozen: they are stored.
const (
	HoldReserved HoldState = 1
	HoldConsumed HoldState = 2
	HoldReleased HoldState = 3
)

// Hold is one use of a proof code on its way: reserved, then consumed by a verdict or given back.
type Hold struct {
	Operation [32]byte // hash over the verifying region and its operation id
	Number    uint64   // of the reservation, from 1; a second one of the same operation has another
	State     HoldState
	At        int64    // when it was reserved
	Until     int64    // a reservation is given back at this second
	Outcome   [32]byte // consumed only: hash over what was reported
	Verifier  UseBy
}

// UseBy is who used something.
type UseBy struct {
	Region   string // whose gateway asked, as its key proves
	Verifier string // the name that the region gives it
	Office   string // USCC; may be empty
	Tenant   string // may be empty
}

// UseEvent is a kind of entry of the record of uses.
type UseEvent byte

// The events. Frozen: they are stored.
const (
	UseVerified UseEvent = 1 // a verdict was told
	UseLapsed   UseEvent = 2 // it was shown, and no verdict was reported in time
	UseRefused  UseEvent = 3 // somebody tried; nothing was shown
	UsePlain    UseEvent = 4 // a presentation was verified without a code
)

// Use is one entry of a citizen's record of uses (用证记录), sealed under the citizen's key.
type Use struct {
	Seq      uint64 // given by the vault
	Previous uint64 // one more than the number of the citizen's entry before; 0: none; given by the vault
	Subject  Subject
	Time     int64 // by the home's clock
	Event    UseEvent
	Code     CodeID // zero: without a code
	By       UseBy
	UseCause string
	Scenario string
	Reason   attest.Code // why it was refused; the verdict's code
	Shown    []Shown
	Receipts [][]byte // 核验回执 as reported, each a compact JWS
	// Unproven is why the receipt of a use without a code does not hold; empty: it does. It is found out when the use is read, and
	// not stored: Verifier, UseCause, Scenario and Reason are then unknown.
	Unproven attest.Code
}
