package notary

import (
	"fmt"

	"github.com/huzheng-ledger/huzheng/attest"
)

// RequestError says what is wrong with one of several requests. It never carries a value of a field.
type RequestError struct {
	Index int    // of the request in the call, from 0
	Field string // name of the field at fault; empty where it is none
	Err   error  // with a code
}

// Error names request, field and reason.
func (e *RequestError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("request %d: %v", e.Index, e.Err)
	}
	return fmt.Sprintf("request %d, field %s: %v", e.Index, e.Field, e.Err)
}

// Unwrap gives the error with the code.
func (e *RequestError) Unwrap() error { return e.Err }

// RequestErrors are the refused ones among the requests of a call, in their order. Nothing of the call was recorded.
type RequestErrors []*RequestError

// Error gives the number of refused requests and the first reason.
func (e RequestErrors) Error() string {
	return fmt.Sprintf("%d requests refused; %v", len(e), e[0])
}

// Unwrap gives each of them.
func (e RequestErrors) Unwrap() []error {
	out := make([]error, len(e))
	for i := range e {
		out[i] = e[i]
	}
	return out
}

// fieldError is a reason on its way to a RequestError.
type fieldError struct {
	field string
	err   error
}

func (e *fieldError) Error() string { return e.field + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

func atField(field string, err error) error {
	if err == nil {
		return nil
	}
	return &fieldError{field: field, err: err}
}

func refuse(field string, code attest.Code, reason string) error {
	return &fieldError{field: field, err: attest.Errorf(code, "%s", reason)}
}
