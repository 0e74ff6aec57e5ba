package attest

import (
	"errors"
	"fmt"
)

// Code names one reason, and never changes its meaning. It travels unchanged from the rules through the ledger
// ("CODE: detail"), the gateway and the API to the person who reads it. This file is the only list.
type Code string

// Error is a refusal with a stable code. Detail is for people and logs: it never carries a claim value, an
// identifier of a person or any other raw data.
type Error struct {
	Code   Code
	Detail string
}

// Error renders "CODE: detail", the form in which a refusal crosses a Fabric peer.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Detail }

// Is makes errors.Is(err, &Error{Code: c}) match on the code alone.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Detail == "" && t.Code == e.Code
}

// Errorf makes an Error. The format's arguments must not be raw data of a certificate.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// CodeOf is the code of err or of what it wraps; CodeInternal where it carries none; empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// Codes of the formats: what was received cannot be read in exactly one way.
const (
	CodeInternal        Code = "INTERNAL"
	CodeJSONSyntax      Code = "JSON_SYNTAX"
	CodeJSONDuplicate   Code = "JSON_DUPLICATE_MEMBER"
	CodeJSONDepth       Code = "JSON_TOO_DEEP"
	CodeJSONSize        Code = "JSON_TOO_LARGE"
	CodeJSONTrailing    Code = "JSON_TRAILING_BYTES"
	CodeJSONEncoding    Code = "JSON_NOT_UTF8"
	CodeJSONType        Code = "JSON_WRONG_TYPE"
	CodeJSONUnknown     Code = "JSON_UNKNOWN_MEMBER"
	CodeJSONMissing     Code = "JSON_MISSING_MEMBER"
	CodeJSONNumber      Code = "JSON_NUMBER_RANGE"
	CodeJWSFormat       Code = "JWS_FORMAT"
	CodeJWSHeader       Code = "JWS_HEADER"
	CodeAlgNone         Code = "ALG_NONE"
	CodeAlgUnknown      Code = "ALG_UNKNOWN"
	CodeAlgMismatch     Code = "ALG_MISMATCH"
	CodeSignature       Code = "SIGNATURE_INVALID"
	CodeKeyFormat       Code = "KEY_FORMAT"
	CodeSDJWTFormat     Code = "SDJWT_FORMAT"
	CodeSDJWTType       Code = "SDJWT_TYPE"
	CodeSDJWTSize       Code = "SDJWT_TOO_LARGE"
	CodeDisclosure      Code = "DISCLOSURE_FORMAT"
	CodeDisclosureExtra Code = "DISCLOSURE_UNREFERENCED"
	CodeDisclosureTwice Code = "DISCLOSURE_REPEATED"
	CodeDisclosurePath  Code = "DISCLOSURE_UNKNOWN"
	CodeDigestTwice     Code = "DIGEST_REPEATED"
	CodeClaimReserved   Code = "CLAIM_RESERVED"
	CodeClaimConflict   Code = "CLAIM_CONFLICT"
	CodeClaimTree       Code = "CLAIM_TREE"
	CodeHashUnknown     Code = "HASH_UNKNOWN"
	CodeProfile         Code = "CERTIFICATE_PROFILE"
)

// Codes of holder binding (RFC 9901, 7.3).
const (
	CodeBindingMissing   Code = "BINDING_MISSING"
	CodeBindingFormat    Code = "BINDING_FORMAT"
	CodeBindingSignature Code = "BINDING_SIGNATURE"
	CodeBindingAudience  Code = "BINDING_AUDIENCE"
	CodeBindingNonce     Code = "BINDING_NONCE"
	CodeBindingStale     Code = "BINDING_STALE"
	CodeBindingHash      Code = "BINDING_HASH"
	CodeBindingNotAsked  Code = "BINDING_NOT_REQUESTED"
)

// Codes of the ledger's rules: a command is refused.
const (
	CodeCommandFormat     Code = "COMMAND_FORMAT"
	CodeCommandUnknown    Code = "COMMAND_UNKNOWN"
	CodeCommandTooLarge   Code = "COMMAND_TOO_LARGE"
	CodeNetworkMismatch   Code = "NETWORK_MISMATCH"
	CodeNotFounded        Code = "NOT_FOUNDED"
	CodeAlreadyFounded    Code = "ALREADY_FOUNDED"
	CodeCharter           Code = "CHARTER_INVALID"
	CodeOperationConflict Code = "OPERATION_CONFLICT"
	CodeNotPermitted      Code = "NOT_PERMITTED"
	CodeKeyUnknown        Code = "KEY_UNKNOWN"
	CodeKeyRetired        Code = "KEY_RETIRED"
	CodeKeyCompromised    Code = "KEY_COMPROMISED"
	CodeKeyExists         Code = "KEY_EXISTS"
	CodeKeyUse            Code = "KEY_USE"
	CodeKeyLast           Code = "KEY_LAST"
	CodeRegionUnknown     Code = "REGION_UNKNOWN"
	CodeRegionExists      Code = "REGION_EXISTS"
	CodeProposalUnknown   Code = "PROPOSAL_UNKNOWN"
	CodeProposalMismatch  Code = "PROPOSAL_MISMATCH"
	CodeAuthorityUnknown  Code = "AUTHORITY_UNKNOWN"
	CodeAuthorityExists   Code = "AUTHORITY_EXISTS"
	CodeAuthorityInactive Code = "AUTHORITY_INACTIVE"
	CodeScopeTooWide      Code = "SCOPE_TOO_WIDE"
	CodeTypeUnknown       Code = "TYPE_UNKNOWN"
	CodeTypeExists        Code = "TYPE_EXISTS"
	CodeBatchExists       Code = "BATCH_EXISTS"
	CodeBatchID           Code = "BATCH_ID"
	CodeStatusIndexRange  Code = "STATUS_INDEX_RANGE"
	CodeStatusTransition  Code = "STATUS_TRANSITION"
	CodeAgreementUnknown  Code = "AGREEMENT_UNKNOWN"
	CodeAgreementExists   Code = "AGREEMENT_EXISTS"
	CodeAgreementState    Code = "AGREEMENT_STATE"
	CodeWitnessBackwards  Code = "WITNESS_BACKWARDS"
	CodeFieldInvalid      Code = "FIELD_INVALID"
	CodeDatesReversed     Code = "DATES_REVERSED"
	CodeSubmitterMismatch Code = "SUBMITTER_MISMATCH"
)

// Codes of the checks of a verdict, beside those above that a check passes on.
const (
	CodeOK                  Code = "OK"
	CodeIssuerUnknown       Code = "ISSUER_UNKNOWN"
	CodeIssuerMismatch      Code = "ISSUER_MISMATCH"
	CodeKeyMismatch         Code = "KEY_MISMATCH"
	CodeTypeNotAccredited   Code = "TYPE_NOT_ACCREDITED" //nolint:gosec // a code, no credential
	CodeReceiptMissing      Code = "RECEIPT_MISSING"
	CodeReceiptKind         Code = "RECEIPT_KIND"
	CodeBatchUnknown        Code = "BATCH_UNKNOWN"
	CodeStatusMissing       Code = "STATUS_MISSING"
	CodeRevoked             Code = "REVOKED"
	CodeSuspended           Code = "SUSPENDED"
	CodeSuperseded          Code = "SUPERSEDED"
	CodeExpired             Code = "EXPIRED"
	CodeNotYetValid         Code = "NOT_YET_VALID"
	CodeClaimUnknown        Code = "CLAIM_UNKNOWN"
	CodeDisputed            Code = "DISPUTED"
	CodeNotChecked          Code = "NOT_CHECKED"
	CodeNoAgreement         Code = "NO_AGREEMENT"
	CodeScenarioUnknown     Code = "SCENARIO_UNKNOWN"
	CodeConditionDisclose   Code = "CONDITION_DISCLOSE"
	CodeConditionAge        Code = "CONDITION_AGE"
	CodeConditionSuspended  Code = "CONDITION_SUSPENDED"
	CodeSameRegion          Code = "SAME_REGION"
	CodeAgreementAccepts    Code = "AGREEMENT_ACCEPTS"
	CodeIndexStale          Code = "INDEX_STALE"
	CodeWitnessFrozen       Code = "WITNESS_FROZEN"
	CodeWitnessTooFew       Code = "WITNESS_TOO_FEW"
	CodeWitnessPending      Code = "WITNESS_PENDING"
	CodeWitnessLag          Code = "WITNESS_LAG"
	CodePurposeMissing      Code = "PURPOSE_MISSING"
	CodePurposeTooLong      Code = "PURPOSE_TOO_LONG"
	CodeScenarioMissing     Code = "SCENARIO_MISSING"
	CodeVerificationReceipt Code = "VERIFICATION_RECEIPT"
)

// Codes of the national standards' identifiers and codes (attest/gbt).
const (
	CodeCheckInput       Code = "CHECK_INPUT"
	CodeIdentifierFormat Code = "LICENCE_IDENTIFIER_FORMAT"
	CodeIdentifierCheck  Code = "LICENCE_IDENTIFIER_CHECK"
	CodeTypeCode         Code = "CERTIFICATE_TYPE_CODE"
	CodeUSCC             Code = "USCC"
	CodeCitizenNumber    Code = "CITIZEN_NUMBER"
	CodeHolderCodeType   Code = "HOLDER_CODE_TYPE"
	CodeDateFormat       Code = "DATE_FORMAT"
	CodePredicateUnknown Code = "PREDICATE_UNKNOWN"
)

// Codes of inclusion receipts (attest/merkle) and status lists (attest/statuslist).
const (
	CodeReceiptFormat    Code = "RECEIPT_FORMAT"
	CodeReceiptIndex     Code = "RECEIPT_INDEX"
	CodeReceiptSize      Code = "RECEIPT_SIZE"
	CodeReceiptPath      Code = "RECEIPT_PATH"
	CodeStatusListFormat Code = "STATUS_LIST_FORMAT"
	CodeStatusListSize   Code = "STATUS_LIST_TOO_LARGE"
	CodeStatusValue      Code = "STATUS_VALUE"
)

// Codes of the stores on disk: what a gateway keeps its data in cannot be used.
const (
	CodeStoreLocked   Code = "STORE_LOCKED"
	CodeStoreMissing  Code = "STORE_MISSING"
	CodeStoreExists   Code = "STORE_EXISTS"
	CodeStoreCorrupt  Code = "STORE_CORRUPT"
	CodeStoreFull     Code = "STORE_FULL"
	CodeStoreFailed   Code = "STORE_FAILED"
	CodeStoreClosed   Code = "STORE_CLOSED"
	CodeStoreReadOnly Code = "STORE_READ_ONLY"
)

// Codes of the ledger on one machine and of those who follow a ledger.
const (
	CodeLedgerOverloaded Code = "LEDGER_OVERLOADED"      // not submitted: try again later
	CodeOutcomeUnknown   Code = "LEDGER_OUTCOME_UNKNOWN" // submitted; it may or may not have been recorded
	CodeLedgerBehind     Code = "LEDGER_BEHIND"          // the ledger ends before a block that a follower has seen
	CodeStoreFormat      Code = "STORE_FORMAT"           // a store of another purpose or version, or half created
	CodeBlockFormat      Code = "BLOCK_FORMAT"
	CodeChainGap         Code = "CHAIN_GAP"
	CodeChainFork        Code = "CHAIN_FORK"
	CodeChainBroken      Code = "CHAIN_BROKEN"
	CodeStateDiffers     Code = "STATE_DIFFERS"   // the stored state is not what the blocks lead to
	CodeRulesDiverged    Code = "RULES_DIVERGED"  // our rules refuse what the ledger calls valid
	CodeSnapshotFormat   Code = "SNAPSHOT_FORMAT" // a trust snapshot that cannot be read in exactly one way
	CodeSnapshotDigest   Code = "SNAPSHOT_DIGEST" // a trust snapshot whose entries are not what its header says
)

// Codes of the gateway's API: a request is not taken up.
const (
	CodeUnauthenticated       Code = "UNAUTHENTICATED"
	CodeForbidden             Code = "FORBIDDEN"
	CodeNotFound              Code = "NOT_FOUND"
	CodeMethodNotAllowed      Code = "METHOD_NOT_ALLOWED"
	CodeBodyTooLarge          Code = "BODY_TOO_LARGE"
	CodeBodyIncomplete        Code = "BODY_INCOMPLETE"
	CodeContentType           Code = "CONTENT_TYPE"
	CodeRateLimited           Code = "RATE_LIMITED"
	CodeOverloaded            Code = "OVERLOADED"
	CodeIdempotencyKeyMissing Code = "IDEMPOTENCY_KEY_MISSING"
	CodeTimeout               Code = "TIMEOUT"
	CodeUnavailable           Code = "UNAVAILABLE"
)

// Codes of keys at rest.
const (
	CodeMasterMissing     Code = "MASTER_MISSING"
	CodeMasterFormat      Code = "MASTER_FORMAT"
	CodeMasterPermissions Code = "MASTER_PERMISSIONS" // others than its owner may read the file
	CodeMasterBeside      Code = "MASTER_BESIDE_DATA" // the file lies inside a data folder
	CodeMasterExists      Code = "MASTER_EXISTS"
	CodeMasterWrong       Code = "MASTER_WRONG" // what is opened was sealed under another master key
	CodeKeyStore          Code = "KEY_STORE"
	CodeKeyMissing        Code = "KEY_MISSING"
	CodeKeyDamaged        Code = "KEY_DAMAGED"
	CodeKeySign           Code = "KEY_SIGN" // the key, or the module that holds it, does not sign
)

// Codes of a region's vault.
const (
	CodeRecordUnreadable Code = "RECORD_UNREADABLE" // a stored value was changed, or belongs to another key
	CodeDatasetExists    Code = "DATASET_EXISTS"
	CodeDatasetVersion   Code = "DATASET_VERSION" // not the version that comes next
	CodeOperationMissing Code = "OPERATION_MISSING"
	CodeNotAnchoredYet   Code = "NOT_ANCHORED_YET" // recorded, in no anchored batch yet
	CodeRecordMissing    Code = "RECORD_MISSING"
	CodeSubjectShredded  Code = "SUBJECT_SHREDDED" // the key to this record was erased on purpose
	CodeKeyringDamaged   Code = "KEYRING_DAMAGED"
	CodeKeyringBeside    Code = "KEYRING_BESIDE_DATA" // the keyring's folder lies inside the data folder, or around it
	CodeAuditTruncated   Code = "AUDIT_TRUNCATED"
	CodeAuditMissing     Code = "AUDIT_RECORD_MISSING"
	CodeAuditEdited      Code = "AUDIT_RECORD_EDITED"
	CodeAuditHead        Code = "AUDIT_HEAD" // the head of the audit log is missing or damaged
	CodeSequenceGap      Code = "SEQUENCE_GAP"
	CodeBatchDiffers     Code = "BATCH_DIFFERS" // what is stored does not give the root that was sealed or anchored
	CodeStatusSlot       Code = "STATUS_SLOT"   // a status index that no certificate, or more than one, holds
)

// Codes of tables that are read in (CSV).
const (
	CodeCSVEmpty         Code = "CSV_EMPTY"
	CodeCSVEncoding      Code = "CSV_ENCODING"
	CodeCSVGBK           Code = "CSV_ENCODING_GBK" // readable, once its encoding is named
	CodeCSVHeader        Code = "CSV_HEADER"
	CodeCSVColumnTwice   Code = "CSV_COLUMN_REPEATED"
	CodeCSVColumnUnknown Code = "CSV_COLUMN_UNKNOWN"
	CodeCSVColumnMissing Code = "CSV_COLUMN_MISSING"
	CodeCSVRagged        Code = "CSV_ROW_LENGTH"
	CodeCSVQuote         Code = "CSV_QUOTE"
	CodeCSVRowSize       Code = "CSV_ROW_TOO_LONG"
	CodeCSVValueMissing  Code = "CSV_VALUE_MISSING"
	CodeCSVValueForm     Code = "CSV_VALUE_FORM" // not of the form that the certificate type asks for
	CodeCSVChanged       Code = "CSV_CHANGED"    // not the file that the journal beside it was begun for
)

// Codes of datasets and of what the notary takes in.
const (
	CodeDatasetHeader    Code = "DATASET_HEADER"
	CodeDatasetRow       Code = "DATASET_ROW"
	CodeDatasetProof     Code = "DATASET_PROOF"
	CodeDatasetGrade     Code = "DATASET_GRADE"    // 核心 data stays out of every catalogue; 重要 needs an approval
	CodeDatasetCSV       Code = "DATASET_CSV"      // the table cannot be read, or has other columns than the catalogue says
	CodeDatasetEncoding  Code = "DATASET_ENCODING" // the table is not UTF-8
	CodeSchema           Code = "SCHEMA_INVALID"   // a certificate type's schema cannot be used
	CodeFieldMissing     Code = "FIELD_MISSING"
	CodeFieldUnknown     Code = "FIELD_UNKNOWN" // the type has no such field
	CodeFieldTwice       Code = "FIELD_REPEATED"
	CodeIdentifierLegacy Code = "LICENCE_IDENTIFIER_LEGACY"
	CodeNotInCustody     Code = "NOT_IN_CUSTODY" // the holder keeps the key: only the holder can present
	CodeRequestsNone     Code = "REQUESTS_NONE"
	CodeRequestsTooMany  Code = "REQUESTS_TOO_MANY"
)

// Codes of paper and pictures: self-contained presentations, QR codes, printed certificates.
const (
	CodePortableFormat   Code = "PORTABLE_FORMAT"
	CodePortableTooLarge Code = "PORTABLE_TOO_LARGE"
	CodePortableMissing  Code = "PORTABLE_PARTS_MISSING" // of one that several QR codes show
	CodePortableMixed    Code = "PORTABLE_PARTS_MIXED"   // parts of different presentations
	CodeQRTooLarge       Code = "QR_TOO_LARGE"           // more than a QR code that a camera reads can hold
	CodeQRMissing        Code = "QR_MISSING"             // no QR code was found in the picture
	CodeImageFormat      Code = "IMAGE_FORMAT"
	CodeImageTooLarge    Code = "IMAGE_TOO_LARGE"
	CodePDFFormat        Code = "PDF_FORMAT" // damaged, or changed after it was written
	CodePDFTooLarge      Code = "PDF_TOO_LARGE"
	CodePDFAttachment    Code = "PDF_ATTACHMENT_MISSING" // a PDF that this system did not write
	CodeFontMissing      Code = "FONT_MISSING"
)

// Codes of proof codes (用证码) and of what passes between regions' gateways.
const (
	CodeProofCodeFormat       Code = "PROOF_CODE_FORMAT"
	CodeProofCodeUnusable     Code = "PROOF_CODE_UNUSABLE"    // unknown, expired, used up, cancelled, not for this verifier: outside they look alike
	CodeProofCodeUnknown      Code = "PROOF_CODE_UNKNOWN"     // this and the next ones: for the citizen's log alone
	CodeProofCodeExpired      Code = "PROOF_CODE_EXPIRED"     //
	CodeProofCodeUsedUp       Code = "PROOF_CODE_USED_UP"     //
	CodeProofCodeCancelled    Code = "PROOF_CODE_CANCELLED"   //
	CodeProofCodeAudience     Code = "PROOF_CODE_AUDIENCE"    // not for this verifier
	CodeProofCodeScenario     Code = "PROOF_CODE_SCENARIO"    // not for this item of business
	CodeProofCodeFaceStale    Code = "PROOF_CODE_FACE_STALE"  // a photographed QR code
	CodeProofCodeFaceForged   Code = "PROOF_CODE_FACE_FORGED" //
	CodeDisputeKind           Code = "DISPUTE_KIND"           // what a citizen objects to is none of what can be objected to here
	CodeDisputeField          Code = "DISPUTE_FIELD"          // the certificate has no such field
	CodeDisputeText           Code = "DISPUTE_TEXT"           // nothing was said, too much, or with characters that are not text
	CodeDisputeLimit          Code = "DISPUTE_LIMIT"          // the citizen has too many drafts
	CodeDisputeWithdrawn      Code = "DISPUTE_WITHDRAWN"      // it cannot be changed any more
	CodeRedemptionReserved    Code = "REDEMPTION_RESERVED"    // shown to a verifier that has not told its verdict yet
	CodeRedemptionLapsed      Code = "REDEMPTION_LAPSED"      // the use was given back before the verdict reached the home region
	CodeRedemptionUnconfirmed Code = "REDEMPTION_UNCONFIRMED" // the home region did not confirm the use
	CodeRegionUnreachable     Code = "REGION_UNREACHABLE"
	CodeRegionSlow            Code = "REGION_SLOW"
	CodeRegionPaused          Code = "REGION_PAUSED"   // not asked for a moment, after failures
	CodeRegionIdentity        Code = "REGION_IDENTITY" // whoever answered is not that region
	CodeRegionAnswer          Code = "REGION_ANSWER"   // the region's answer does not hold
	CodeUseLogEdited          Code = "USE_LOG_EDITED"
	CodeUseLogMissing         Code = "USE_LOG_RECORD_MISSING"
	CodeUseLogHead            Code = "USE_LOG_HEAD"
)
