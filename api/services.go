package api

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/huzheng-ledger/huzheng/internal/credentials"
)

// Every service: safe for concurrent use; ends soon after its context does; refuses with an *attest.Error whose code
// the API passes on, NOT_FOUND for what it does not have, OVERLOADED where the caller should come back later. Any other
// error is a defect: it is logged and answered as INTERNAL. No error text carries raw data.
//
// A write takes an Operation. The service MUST have made the write durable before it returns nil, and MUST answer the
// same operation with the same request alike however often it comes, also after a crash: a client that heard nothing
// asks again. The same ID with another Request is refused with OPERATION_CONFLICT.

// Caller is who asks: an authenticated credential. It is shared and not to be changed.
type Caller = credentials.Credential

// Operation identifies a write for retries.
type Operation struct {
	// ID is 22 characters of base64url: a hash over credential, route and Idempotency-Key.
	ID string
	// Request is a SHA-256 over the path and the body as received. Where the body is streamed it covers the path alone,
	// and the service compares the content that it was given.
	Request [32]byte
}

// Issuer records certificates.
type Issuer interface {
	// Issue signs and records all of them, durably, or none, and answers in their order. Where items are refused the
	// error is an ItemErrors. It does not wait for the ledger. The caller may act for every authority named.
	Issue(ctx context.Context, op Operation, certificates []NewCertificate) ([]IssuedCertificate, error)
	// Await returns the state of each certificate, in order, once all are anchored or ctx is done, whichever is first.
	// That ctx is done is not an error.
	Await(ctx context.Context, ids []string) ([]State, error)
	// Certificate returns a certificate whoever asks, with its inclusion receipt once it is anchored.
	Certificate(ctx context.Context, id string) (*Certificate, error)
	// Present discloses the fields and binds them with the holder key in custody: NOT_IN_CUSTODY where there is
	// none, FIELD_INVALID for a field that the certificate does not have.
	Present(ctx context.Context, id string, request PresentationRequest) (*Presentation, error)
}

// Printer prints. What it returns is a PDF; NOT_ANCHORED_YET and FONT_MISSING are among its refusals.
type Printer interface {
	// PrintCertificate prints a certificate whoever asks, with the named fields, all where there are none: FIELD_INVALID for a
	// field that the certificate does not have.
	PrintCertificate(ctx context.Context, id string, fields []string) ([]byte, error)
	// PrintReceipt prints a verification receipt whoever asks.
	PrintReceipt(ctx context.Context, id string) ([]byte, error)
}

// StatusSetter changes certificates' status and reads it.
type StatusSetter interface {
	// SetStatus puts all entries on the ledger in one transaction, or none, and returns once they are there. Entries
	// name their certificate by id or by list and index; one that is not of the authority is NOT_FOUND in an ItemErrors.
	// A submission whose outcome is unknown is LEDGER_OUTCOME_UNKNOWN: the same operation settles it.
	SetStatus(ctx context.Context, op Operation, request StatusRequest) (*Recorded, error)
	// Status returns the intervals of a certificate whoever asks, and the authority that it is of.
	Status(ctx context.Context, certificate string) (authority string, status *CertificateStatus, err error)
}

// Documents records and checks files by their digests; no file's content reaches it.
type Documents interface {
	// RecordDocument commits to the digest (32 bytes by the network's suite) under a new salt.
	RecordDocument(ctx context.Context, op Operation, authority string, digest [32]byte) (*Document, error)
	// CheckDocument judges a digest, its salt and a receipt. What cannot be read is a result, not an error.
	CheckDocument(ctx context.Context, digest [32]byte, salt string, receipt json.RawMessage) (*CheckResult, error)
}

// Datasets publishes catalogue entries and versions, and proves rows.
type Datasets interface {
	// DatasetOwner returns the authority that published the dataset: NOT_FOUND where nobody has.
	DatasetOwner(ctx context.Context, dataset string) (authority string, err error)
	// PublishDataset publishes or replaces an entry, whose owner never changes, and returns it as it stands.
	PublishDataset(ctx context.Context, op Operation, dataset string, entry DatasetEntry) (*DatasetEntry, error)
	// AddVersion reads the CSV to its end and records it whole, or nothing of it. Errors of csv are passed on wrapped:
	// the API tells a body that is too large by them. One that is not UTF-8, or has a bad row, is refused with the line.
	AddVersion(ctx context.Context, op Operation, dataset string, csv io.Reader) (*DatasetVersion, error)
	// ProveRow proves one row of a version, whoever asks: NOT_FOUND for a version or row that there is not.
	ProveRow(ctx context.Context, dataset string, version int32, row int64) (RowProof, error)
	// CheckRow judges a row's proof, the bytes as received. What does not hold is a result, not an error.
	CheckRow(ctx context.Context, proof RowProof) (*CheckResult, error)
}

// Agreements acts for this gateway's region. Writes return once they are on the ledger.
type Agreements interface {
	Agreements(ctx context.Context) ([]Agreement, error)
	ProposeAgreement(ctx context.Context, op Operation, proposal AgreementProposal) (*Agreement, error)
	ApproveAgreement(ctx context.Context, op Operation, id string, version int32, digest string) (*Agreement, error)
	WithdrawAgreement(ctx context.Context, op Operation, id string, version int32, ends int64) (*Agreement, error)
}

// Governance acts for this gateway's region, which keeps the keys. Writes return once they are on the ledger and in the
// gateway's own replica; one that the ledger already says changes nothing.
type Governance interface {
	// RegisterType registers the type that a JSON Schema describes: TYPE_EXISTS where the version has another content.
	RegisterType(ctx context.Context, op Operation, schema TypeSchema) (*CertificateType, error)
	// RegisterAuthority registers it with a new key: AUTHORITY_EXISTS where the code stands otherwise.
	RegisterAuthority(ctx context.Context, op Operation, request AuthorityRegistration) (*Authority, error)
	SetAuthorityScope(ctx context.Context, op Operation, uscc string, types []string) (*Authority, error)
	SetAuthorityState(ctx context.Context, op Operation, uscc, state string) (*Authority, error)
	RotateKey(ctx context.Context, op Operation, owner string) (*RotatedKey, error)
	MarkCompromised(ctx context.Context, op Operation, key string, from int64) error
	RegionProposals(ctx context.Context) ([]RegionProposal, error)
	// ProposeRegion proposes what a region's founder.json says, or approves it where somebody has.
	ProposeRegion(ctx context.Context, op Operation, entry json.RawMessage) (*RegionProposal, error)
	ApproveRegion(ctx context.Context, op Operation, region, digest string) (*RegionProposal, error)
}

// Verifier judges presentations. The record of a verification MUST be durable before it is answered.
type Verifier interface {
	Verify(ctx context.Context, caller *Caller, request *VerificationRequest) (*Verification, error)
	// VerifyMany answers every request in order, each alone. Its own error is for all of them.
	VerifyMany(ctx context.Context, caller *Caller, requests []VerificationRequest) ([]Judged, error)
}

// Judged is what one of many requests came to: exactly one of the two is not nil.
type Judged struct {
	Verification *Verification
	Err          error
}

// Receipts keeps verification receipts.
type Receipts interface {
	// Receipt returns a receipt whoever asks, and the tenant whose credential it was given to.
	Receipt(ctx context.Context, id string) (tenant string, receipt *Receipt, err error)
	// ReceiptInclusion returns the inclusion receipt of a verification receipt: NOT_ANCHORED_YET until there is one.
	ReceiptInclusion(ctx context.Context, id string) (InclusionReceipt, error)
}

// Codes makes proof codes for citizens, and redeems those of any region.
type Codes interface {
	// HolderOf returns the authority of a certificate and whose it is, opaque: NOT_FOUND.
	HolderOf(ctx context.Context, certificate string) (authority string, holder Holder, err error)
	// CreateCode makes a code of the holder's certificates, durably: NOT_FOUND for a certificate of another holder,
	// NOT_IN_CUSTODY, FIELD_INVALID.
	CreateCode(ctx context.Context, op Operation, holder Holder, code NewProofCode) (*ProofCode, error)
	// Codes lists a holder's codes.
	Codes(ctx context.Context, holder Holder) ([]ProofCode, error)
	// CodeHolder returns the authority of a code's first certificate and whose the code is: NOT_FOUND.
	CodeHolder(ctx context.Context, id string) (authority string, holder Holder, err error)
	// Code returns a holder's code: NOT_FOUND.
	Code(ctx context.Context, holder Holder, id string) (*ProofCode, error)
	// CancelCode ends what is unused of a holder's code and returns it: NOT_FOUND.
	CancelCode(ctx context.Context, holder Holder, id string) (*ProofCode, error)
	// RedeemCode redeems. A home region that fails is undetermined, no error: PROOF_CODE_UNUSABLE, PROOF_CODE_FORMAT,
	// RATE_LIMITED. The caller acts for the office, if one is named.
	RedeemCode(ctx context.Context, op Operation, caller *Caller, request RedemptionRequest) (*Redemption, error)
}

// Holder names a citizen within the gateway and means nothing outside of it.
type Holder [32]byte

// LedgerReader reads this gateway's replica of the ledger.
type LedgerReader interface {
	Ledger(ctx context.Context) (*Ledger, error)
	Batch(ctx context.Context, id string) (*Batch, error)
	Types(ctx context.Context) ([]CertificateType, error)
	Regions(ctx context.Context) ([]Region, error)
	Authorities(ctx context.Context) ([]Authority, error)
	Authority(ctx context.Context, uscc string) (*Authority, error)
}

// TrustMetadata serves what verifiers outside the consortium need.
type TrustMetadata interface {
	IssuerMetadata(ctx context.Context, uscc string) (*IssuerMetadata, error)
	// StatusList returns a signed Token Status List and for how long it may be kept.
	StatusList(ctx context.Context, uscc string, list uint32) (token []byte, maxAge time.Duration, err error)
	// Snapshot writes the trust snapshot of one height to w. Nothing is written where it fails at once.
	Snapshot(ctx context.Context, w io.Writer) error
}

// Readiness says why the gateway cannot do its work now; nothing to say means that it can. It answers at once.
type Readiness interface {
	Unready(ctx context.Context) []HealthReason
}

// Services is everything that the API puts within reach. All are needed.
type Services struct {
	Issuer     Issuer
	Status     StatusSetter
	Documents  Documents
	Datasets   Datasets
	Agreements Agreements
	Governance Governance
	Verifier   Verifier
	Receipts   Receipts
	Printer    Printer
	Codes      Codes
	Ledger     LedgerReader
	Trust      TrustMetadata
	Readiness  Readiness
}
