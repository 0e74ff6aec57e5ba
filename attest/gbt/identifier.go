package gbt

import (
	"fmt"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// IdentifierRoot is the object identifier under which licence identifiers live (GB/T 36904). It is no part of what the
// check character covers.
const IdentifierRoot = "1.2.156.3005.2"

// MaxSerial bounds the serial of a licence identifier. The standard leaves the length open; the longest seen is 32.
const MaxSerial = 64

// Outcome is what the check character of a licence identifier says.
type Outcome int

// The zero value is the one that nothing may rest on.
const (
	OutcomeInvalid Outcome = iota
	OutcomeValid
	// OutcomeLegacyCheck: the check character is the one of the widespread faulty routine (letters valued one too
	// high). The identifier is in use; it is accepted by those who say so, and never reported as valid.
	OutcomeLegacyCheck
)

// String is the outcome as it appears in reports: valid, legacy-check or invalid.
func (o Outcome) String() string {
	switch o {
	case OutcomeValid:
		return "valid"
	case OutcomeLegacyCheck:
		return "legacy-check"
	default:
		return "invalid"
	}
}

// IssuerForm says what stands in the issuer's place of a licence identifier.
type IssuerForm int

// GB/T 36904 asks for a USCC; the other two are met in the field.
const (
	IssuerUnverified IssuerForm = iota // 18 characters that are not a USCC with a right check character
	IssuerUSCC                         // a USCC (GB 32100)
	IssuerDivision                     // a division code of six digits (GB/T 2260): lenient
)

// Identifier is a licence identifier 证照标识 (GB/T 36904):
//
//	1.2.156.3005.2.<type 21>.<issuer 18>.<serial>.<version 3>.<check>
//
// It identifies one person's paper. fmt and slog print it redacted; Text is the identifier itself.
type Identifier struct {
	Type    TypeCode
	Issuer  string // USCC of the issuing authority, or what IssuerForm says
	Serial  string // 1 to MaxSerial of [0-9A-Z]
	Version string // three digits
	Check   byte
	Outcome Outcome
}

// ParseIdentifier reads a licence identifier and judges its check character. A nil error means OutcomeValid or
// OutcomeLegacyCheck. Errors: LICENCE_IDENTIFIER_FORMAT; LICENCE_IDENTIFIER_CHECK, where the identifier is returned as
// far as it was read, with OutcomeInvalid.
func ParseIdentifier(s string) (Identifier, error) {
	rest, ok := strings.CutPrefix(s, IdentifierRoot+".")
	if !ok {
		return Identifier{}, identifierFormat("it does not begin with " + IdentifierRoot)
	}
	if len(rest) > 21+1+18+1+MaxSerial+1+3+1+1 {
		return Identifier{}, identifierFormat("it is too long")
	}
	parts := strings.Split(rest, ".")
	if len(parts) != 5 {
		return Identifier{}, identifierFormat("type, issuer, serial, version and check are expected after the root")
	}
	typeCode, err := ParseTypeCode(parts[0])
	if err != nil {
		return Identifier{}, identifierFormat("the type code is not a USCC and three digits")
	}
	id := Identifier{Type: typeCode, Issuer: parts[1], Serial: parts[2], Version: parts[3]}
	if err := id.checkParts(); err != nil {
		return Identifier{}, err
	}
	if len(parts[4]) != 1 || !isAlphanumeric(parts[4]) {
		return Identifier{}, identifierFormat("the check is not one character of 0-9A-Z")
	}
	id.Check = parts[4][0]
	id.Outcome = id.outcome()
	if id.Outcome == OutcomeInvalid {
		return id, attest.Errorf(attest.CodeIdentifierCheck, "the check character of the licence identifier is wrong")
	}
	return id, nil
}

// NewIdentifier builds a licence identifier with its check character. It is stricter than ParseIdentifier: the issuer
// must be a USCC. serial is 1 to MaxSerial of [0-9A-Z], version is 1 to 999. Error: LICENCE_IDENTIFIER_FORMAT.
func NewIdentifier(typeCode TypeCode, issuer USCC, serial string, version int) (Identifier, error) {
	if _, err := ParseTypeCode(string(typeCode)); err != nil {
		return Identifier{}, identifierFormat("the type code is not a USCC and three digits")
	}
	if _, err := ParseUSCC(string(issuer)); err != nil {
		return Identifier{}, identifierFormat("the issuer is not a USCC")
	}
	if version < 1 || version > 999 {
		return Identifier{}, identifierFormat("the version is not in 1..999")
	}
	id := Identifier{Type: typeCode, Issuer: string(issuer), Serial: serial, Version: fmt.Sprintf("%03d", version)}
	if err := id.checkParts(); err != nil {
		return Identifier{}, err
	}
	id.Check = mod3736(string(id.Type), id.Issuer, id.Serial, id.Version)
	id.Outcome = OutcomeValid
	return id, nil
}

// checkParts holds the rules of issuer, serial and version that building and reading share.
func (id Identifier) checkParts() error {
	switch {
	case !isAlphanumeric(id.Issuer) || len(id.Issuer) != 18 && !IsDivision(id.Issuer):
		return identifierFormat("the issuer is neither 18 characters of 0-9A-Z nor a division code")
	case id.Serial == "" || len(id.Serial) > MaxSerial || !isAlphanumeric(id.Serial):
		return identifierFormat(fmt.Sprintf("the serial is not 1 to %d characters of 0-9A-Z", MaxSerial))
	case len(id.Version) != 3 || !isDigits(id.Version):
		return identifierFormat("the version is not three digits")
	}
	return nil
}

func (id Identifier) outcome() Outcome {
	t := string(id.Type)
	switch id.Check {
	case mod3736(t, id.Issuer, id.Serial, id.Version):
		return OutcomeValid
	case legacyMod3736(t, id.Issuer, id.Serial, id.Version):
		return OutcomeLegacyCheck
	}
	return OutcomeInvalid
}

// IssuerForm says whether the issuer is named as the standard asks, or as it is seen in the field.
func (id Identifier) IssuerForm() IssuerForm {
	if len(id.Issuer) == 6 {
		return IssuerDivision
	}
	if _, err := ParseUSCC(id.Issuer); err == nil {
		return IssuerUSCC
	}
	return IssuerUnverified
}

// Text is the identifier with root and dots, as it is printed on the certificate. It is personal data.
func (id Identifier) Text() string {
	return strings.Join([]string{IdentifierRoot, string(id.Type), id.Issuer, id.Serial, id.Version, string(id.Check)}, ".")
}

// String is the identifier without its serial and check, fit for a log.
func (id Identifier) String() string {
	return IdentifierRoot + "." + string(id.Type) + "." + id.Issuer + ".***." + id.Version + ".*"
}

// GoString redacts as String does, for %#v.
func (id Identifier) GoString() string { return id.String() }

func identifierFormat(why string) error {
	return attest.Errorf(attest.CodeIdentifierFormat, "not a licence identifier (GB/T 36904): %s", why)
}
