package fabric

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc/status"

	"github.com/huzheng-ledger/huzheng/attest"
)

// The errors of Submit that say something about the ledger rather than the command; match them with errors.Is. They are the
// codes of every ledger.
var (
	// ErrOverloaded: the command was not recorded, because too many are on their way or others' commands were faster. Try again
	// later.
	ErrOverloaded error = &attest.Error{Code: attest.CodeLedgerOverloaded}
	// ErrUnavailable: the command was not recorded, because it found not enough endorsers or was recorded without effect.
	ErrUnavailable error = &attest.Error{Code: attest.CodeUnavailable}
	// ErrOutcomeUnknown: the transaction has left, and whether it is recorded is not known. Submit the same bytes again.
	ErrOutcomeUnknown error = &attest.Error{Code: attest.CodeOutcomeUnknown}
	// ErrClosed: the client is closed and the command was not submitted.
	ErrClosed error = &attest.Error{Code: attest.CodeStoreClosed}
)

// EndorseError is a proposal that was not endorsed: nothing was recorded. It is ErrOverloaded or ErrUnavailable as well.
type EndorseError struct {
	TransactionID string
	code          error
	cause         error
}

func (e *EndorseError) Error() string {
	return fmt.Sprintf("%s: transaction %s not endorsed: %v", attest.CodeOf(e.code), e.TransactionID, e.cause)
}

// Unwrap gives the code and the cause.
func (e *EndorseError) Unwrap() []error { return []error{e.code, e.cause} }

// SubmitError is a transaction that was offered to the orderers and has not been seen since. It is ErrOutcomeUnknown as well.
type SubmitError struct {
	TransactionID string
	cause         error
}

func (e *SubmitError) Error() string {
	return fmt.Sprintf("%s: transaction %s may or may not be recorded: %v", attest.CodeOutcomeUnknown, e.TransactionID, e.cause)
}

// Unwrap gives the code and the cause.
func (e *SubmitError) Unwrap() []error { return []error{ErrOutcomeUnknown, e.cause} }

// CommitError is a transaction that is on the ledger without effect. Code is Fabric's validation code, as
// "MVCC_READ_CONFLICT". It is ErrOverloaded, after the last attempt, or ErrUnavailable as well.
type CommitError struct {
	TransactionID string
	Code          string
	code          error
}

func (e *CommitError) Error() string {
	return fmt.Sprintf("%s: transaction %s is recorded without effect: %s", attest.CodeOf(e.code), e.TransactionID, e.Code)
}

// Unwrap gives the code.
func (e *CommitError) Unwrap() error { return e.code }

// refused is "CODE: detail" as the chaincode emits it, behind what the peer puts before it.
var refused = regexp.MustCompile(`chaincode response \d+, ([A-Z][A-Z0-9_]{1,63}): (.*)$`)

// refusal finds the rules' refusal in a failed endorsement, and whose endorser is said to have given it: the one place where
// "CODE: detail" is read. With an organisation named, only its own endorser's counts: where it endorsed and others refused,
// they may be behind, or lie.
func refusal(err error, of string) (no *attest.Error, mspID string) {
	for _, detail := range details(err) {
		m := refused.FindStringSubmatch(detail.GetMessage())
		if m == nil || of != "" && detail.GetMspId() != of {
			continue
		}
		switch code := attest.Code(m[1]); code {
		case attest.CodeInternal, attest.CodeUnavailable: // the chaincode could not decide
		default:
			return &attest.Error{Code: code, Detail: m[2]}, detail.GetMspId()
		}
	}
	return nil, ""
}

func details(err error) []*gateway.ErrorDetail {
	var out []*gateway.ErrorDetail
	for _, d := range status.Convert(err).Details() {
		if detail, ok := d.(*gateway.ErrorDetail); ok {
			out = append(out, detail)
		}
	}
	return out
}

// flatten keeps a gRPC error's code and text, with what each endorser or orderer said; the details themselves do not survive
// being printed.
func flatten(err error) error {
	s := status.Convert(err)
	text := []string{s.Code().String() + ": " + s.Message()}
	for _, d := range details(err) {
		text = append(text, fmt.Sprintf("%s (%s): %s", d.GetMspId(), d.GetAddress(), d.GetMessage()))
	}
	return errors.New(strings.Join(text, "; "))
}
