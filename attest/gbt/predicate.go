package gbt

import (
	"strconv"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
)

// ParseDate reads a date of a certificate, 2026-07-01 or 20260701 (GB/T 7408): midnight UTC. Error: DATE_FORMAT.
func ParseDate(s string) (time.Time, error) {
	layout := time.DateOnly
	if len(s) == 8 {
		layout = "20060102"
	}
	day, err := time.Parse(layout, s)
	if err != nil {
		// The cause is dropped: it quotes the value.
		return time.Time{}, attest.Errorf(attest.CodeDateFormat, "a date is written 2026-07-01 or 20260701")
	}
	return day, nil
}

// Predicate derives a claim that says something about a certificate's fields without their values, by the claim's name:
//
//	age_over_<n>     the holder, named by a citizen number, has completed n years on the day of at
//	valid_in_<yyyy>  the period of validity has at least a day in that year; no end means for ever
//
// fields are values by their names of GB/T 36903. applies is false where the fields do not bear the question: the holder
// is an organisation, or no period is stated. at is the day of issue; the claim says nothing of a later day. Errors:
// PREDICATE_UNKNOWN for another name; CITIZEN_NUMBER, DATE_FORMAT for a field that cannot be read.
func Predicate(name string, fields map[string]string, at time.Time) (value, applies bool, err error) {
	if years, ok := numbered(name, "age_over_", 3); ok {
		return ageOver(years, fields, at)
	}
	if year, ok := numbered(name, "valid_in_", 4); ok && year >= 1000 {
		return validIn(year, fields)
	}
	return false, false, attest.Errorf(attest.CodePredicateUnknown, "the predicate is neither age_over_<n> nor valid_in_<yyyy>")
}

// numbered is the number after the prefix: decimal, without leading zero, of at most so many digits.
func numbered(name, prefix string, digits int) (int, bool) {
	text, ok := strings.CutPrefix(name, prefix)
	if !ok || text == "" || len(text) > digits || !isDigits(text) || text[0] == '0' {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

func ageOver(years int, fields map[string]string, at time.Time) (value, applies bool, err error) {
	if fields[FieldHolderTypeCode] != HolderCodeCitizen {
		return false, false, nil
	}
	n, err := ParseCitizenNumber(fields[FieldHolderCode])
	if err != nil {
		return false, false, err
	}
	return n.Age(at) >= years, true, nil
}

func validIn(year int, fields map[string]string) (value, applies bool, err error) {
	if fields[FieldEffectiveDate] == "" {
		return false, false, nil
	}
	from, err := ParseDate(fields[FieldEffectiveDate])
	if err != nil {
		return false, false, err
	}
	if fields[FieldExpiringDate] == "" {
		return from.Year() <= year, true, nil
	}
	until, err := ParseDate(fields[FieldExpiringDate])
	if err != nil {
		return false, false, err
	}
	return from.Year() <= year && year <= until.Year(), true, nil
}
