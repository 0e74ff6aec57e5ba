package public

import (
	"context"
	"net/http"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/upload"
)

// Purpose is why something is verified.
type Purpose struct {
	UseCause string
	Scenario string // empty: the first that an agreement in force names for this type of certificate
}

// Answer is a verdict, with the names for what it is about. Empty names: not known.
type Answer struct {
	Verdict   *attest.Verdict
	Purpose   Purpose        // as it was judged
	Claims    *attest.Claims // nil where the presentation could not be read
	Profile   *attest.Profile
	Authority string
	Type      string
	Defined   *attest.CertificateType // what the ledger says of the type; nil where it does not know it
	ReceiptID string
	Time      int64 // Unix seconds
}

// Verifier judges for the public. Its errors say nothing about what was presented. Safe for concurrent use.
type Verifier interface {
	Verify(ctx context.Context, p upload.Presentation, why Purpose) (*Answer, error)
	// CheckReceipt verifies a verification receipt (核验回执) by the ledger.
	CheckReceipt(ctx context.Context, jws []byte) (*attest.VerificationReceipt, error)
	// Receipt is a receipt that was given to the public: NOT_FOUND for every other one.
	Receipt(ctx context.Context, id string) (jws []byte, err error)
	// Scenarios lists what certificates are recognised for here, by the agreements in force.
	Scenarios(ctx context.Context) ([]string, error)
}

// Redemption is a proof code (用证码) that was typed or scanned.
type Redemption struct {
	Form    string // that it came from: what is sent twice is one redemption
	Code    string
	Purpose Purpose
	Address string // whose wrong attempts are counted
}

// Redeemer takes a proof code in: PROOF_CODE_FORMAT, PROOF_CODE_UNUSABLE, RATE_LIMITED. It gives an answer for each certificate
// that the code shows, at least one. Safe for concurrent use.
type Redeemer interface {
	Redeem(ctx context.Context, r *Redemption) ([]*Answer, error)
}

// Deps is what the section needs. Redeemer, Decoder and Extractor may be nil: then the page offers no such way.
type Deps struct {
	Verifier  Verifier
	Redeemer  Redeemer
	Decoder   upload.Decoder
	Extractor upload.Extractor
	Address   func(r *http.Request) string // of whoever asks
	Allow     func(r *http.Request) bool   // whether the address may verify now
	Frames    func(r *http.Request) bool   // whether it may send a frame of its camera now
}
