package office

import (
	"context"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
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

// Deps is what the section needs. Redeemer, Decoder and Extractor may be nil: then the pages offer no such way.
type Deps struct {
	Verifier  Verifier
	Redeemer  Redeemer
	Decoder   upload.Decoder
	Extractor upload.Extractor
	Issuer    Issuer
	Now       func() time.Time
}
