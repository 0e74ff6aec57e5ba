package office

import (
	"context"
	"net/http"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/web/upload"
)

// Every service is safe for concurrent use and refuses with codes of attest.

// Actor is for whom something is done.
type Actor struct {
	Office string // USCC of the authority
	Person string // who of its staff: the provider's name for them, for operations alone
}

// Purpose is why something is verified.
type Purpose struct {
	UseCause   string
	Scenario   string // empty: the first that an agreement in force names for this type of certificate
	CaseNumber string // 办件编号, the office's own reference; empty: none
}

// Answer is a verdict, with the names for what it is about. Empty names: not known.
type Answer struct {
	Verdict   *attest.Verdict
	Purpose   Purpose        // as it was judged
	Claims    *attest.Claims // nil where the presentation could not be read
	Profile   *attest.Profile
	Authority string
	Type      string
	Schema    []byte // of the type; nil where it is not known
	ReceiptID string
	Time      int64 // Unix seconds
}

// Need is one type of certificate that a scenario asks for.
type Need struct {
	Type    string   // code
	Name    string   // of the type
	Regions []string // whose certificates are accepted here, sorted
}

// Verifier judges for an office, in whose name the receipt is. An error says nothing about what was presented.
type Verifier interface {
	Verify(ctx context.Context, by Actor, p upload.Presentation, why Purpose) (*Answer, error)
	// Scenarios lists what certificates are recognised for here, by the agreements in force.
	Scenarios(ctx context.Context) ([]string, error)
	// Needs lists what the agreements in force name for a scenario, in order of the types.
	Needs(ctx context.Context, scenario string) ([]Need, error)
}

// Redeemer takes a proof code (用证码) in, once for every operation.
type Redeemer interface {
	Redeem(ctx context.Context, by Actor, operation, code string, why Purpose) ([]*Answer, error)
}

// Type is a version of a certificate type that an office issues.
type Type struct {
	Code    string
	Version int
	Name    string
	Schema  []byte
}

// NewCertificate is what an officer has filled in.
type NewCertificate struct {
	Type   string
	Fields []attest.Field
	From   int64 // Unix seconds; zero: from now
	Until  int64 // Unix seconds, exclusive; zero: without end
}

// FieldError is a refusal for one field.
type FieldError struct {
	Field string
	Err   error // with a code
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *FieldError) Unwrap() error { return e.Err }

// Certificate is one that the office has issued.
type Certificate struct {
	ID        string
	Type      string // name
	Anchored  bool
	Intervals []attest.Interval // of its status, in order
	Fields    *attest.Claims
	Schema    []byte
	Profile   *attest.Profile
	Created   int64
}

// Issuer issues for an office.
type Issuer interface {
	// Types lists the latest version of each type that the office is accredited for.
	Types(ctx context.Context, by Actor) ([]Type, error)
	// Issue signs and records a certificate, once for every operation. A refusal for a field is a FieldError.
	Issue(ctx context.Context, by Actor, operation string, c NewCertificate) (id string, err error)
	// Certificate is one of the office's: NOT_FOUND for every other one.
	Certificate(ctx context.Context, by Actor, id string) (*Certificate, error)
	// Print is a certificate of the office's as PDF.
	Print(ctx context.Context, by Actor, id string) ([]byte, error)
}

// Change is a change of a certificate's status.
type Change struct {
	State  string // suspended, revoked or reinstated
	Reason string // state code as deployed, 01 to 06 or 99
}

// Registrar changes the status of what an office has issued.
type Registrar interface {
	// SetStatus returns once this gateway itself would see it: NOT_FOUND for a certificate that is not the office's.
	SetStatus(ctx context.Context, by Actor, operation, id string, c Change) error
}

// Party is a region of the consortium.
type Party struct{ Code, Name string }

// Agreement is a version of an agreement on recognition (互认协议), as the ledger has it.
type Agreement struct {
	*attest.Agreement
	Digest string // of exactly what is approved
}

// Agreements acts in the region's name.
type Agreements interface {
	List(ctx context.Context) ([]Agreement, error)
	// Find is one version: NOT_FOUND where it was not proposed.
	Find(ctx context.Context, id string, version int) (*Agreement, error)
	Propose(ctx context.Context, by Actor, operation string, terms *attest.Agreement) error
	// Approve approves what has that digest, and nothing else.
	Approve(ctx context.Context, by Actor, operation, id string, version int, digest string) error
	Withdraw(ctx context.Context, by Actor, operation, id string, version int, ends int64) error
	// Parties and Types are what an agreement can name. Region is ours.
	Parties(ctx context.Context) ([]Party, error)
	Types(ctx context.Context) ([]Type, error)
	Region() string
}

// Search says which receipts are looked for.
type Search struct {
	CaseNumber  string // empty: any
	From, Until int64  // Unix seconds, both included
	Before      uint64 // number that those of the page lie below; zero: from the newest on
	Limit       int
	// Tenants includes what integrators verified with keys that were granted for the office.
	Tenants bool
}

// Receipt is a verification as it is on record.
type Receipt struct {
	Number     uint64 // in the record of this gateway
	CaseNumber string
	Tenant     string // of an integrator; empty: the office's staff
	JWS        []byte
	Said       *attest.VerificationReceipt
	Type       string // name of the certificate's type; empty: not known
	Inclusion  []byte // nil: not anchored yet
}

// Receipts finds what an office has verified. What is another one's is NOT_FOUND.
type Receipts interface {
	// Find gives the newest first; more says that there are others before the last one.
	Find(ctx context.Context, by Actor, q Search) (found []Receipt, more bool, err error)
	Receipt(ctx context.Context, by Actor, id string, tenants bool) (*Receipt, error)
	Print(ctx context.Context, by Actor, id string, tenants bool) ([]byte, error)
}

// Refused is a refused request as it is on record, or the sum of several that were alike.
type Refused struct {
	*custody.Refusal
	Tenant string // of an API key; empty: none
}

// Refusals finds what was refused to an office's staff and API keys, and to whoever is no tenant's. The search's case number
// and tenants are not looked at.
type Refusals interface {
	Find(ctx context.Context, by Actor, q Search) (found []Refused, more bool, err error)
}

// Import is a table that is being issued, or was.
type Import struct {
	ID      string
	Type    string // name
	Begun   int64  // Unix seconds
	Rows    int    // of the table
	Done    int    // rows that were dealt with
	Issued  int
	Refused int
	Ended   bool
	Failed  attest.Code // why it ended early; empty: it did not
}

// Percent is how far it is.
func (i *Import) Percent() int {
	if i.Ended && i.Failed == "" || i.Rows == 0 {
		return 100
	}
	return min(99, i.Done*100/i.Rows)
}

// Refusal is a row that was not issued. It never repeats a value.
type Refusal struct {
	Line   int
	Column string
	Code   attest.Code
	Zh, En string
}

// Made is a row that became a certificate.
type Made struct {
	Line int
	ID   string
}

// Importer issues tables, in the background. The same table of the same office for the same type is the same import, and
// issues nothing twice, also after a restart.
type Importer interface {
	// Import begins. Errors: the CSV codes where the table cannot be read at all.
	Import(ctx context.Context, by Actor, kind string, table []byte) (id string, err error)
	// Progress is one of the office's imports: NOT_FOUND for every other one.
	Progress(ctx context.Context, by Actor, id string) (*Import, error)
	// Imports lists the office's, the newest first.
	Imports(ctx context.Context, by Actor) ([]Import, error)
	// Outcome is what became of the rows so far.
	Outcome(ctx context.Context, by Actor, id string) ([]Made, []Refusal, error)
}

// Deps is what the section needs. Redeemer, Decoder and Extractor may be nil: then the pages offer no such way.
type Deps struct {
	Verifier   Verifier
	Redeemer   Redeemer
	Decoder    upload.Decoder
	Extractor  upload.Extractor
	Issuer     Issuer
	Importer   Importer
	Registrar  Registrar
	Agreements Agreements
	Receipts   Receipts
	Refusals   Refusals
	Disputes   Disputes
	Now        func() time.Time
	Frames     func(r *http.Request) bool // whether an officer may send a frame of their camera now
}
