package gbt

import (
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
)

// SyntheticArea is an area code that no division has and none will get: numbers that begin with it belong to nobody.
// Test data and demonstrations use no other.
const SyntheticArea = "999999"

// citizenWeights and citizenChecks are ISO 7064 MOD 11-2 as GB 11643 tabulates it.
var citizenWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const citizenChecks = "10X98765432"

// CitizenNumber is a checked citizen number 公民身份号码 (GB 11643): area 6, date of birth 8, sequence 3, check 1. fmt and
// slog print it redacted; Text is the number itself.
type CitizenNumber struct {
	text  string
	birth time.Time
}

// ParseCitizenNumber checks length, digits, area form, date of birth and check character. A birth in the future is not
// found: this package has no clock. Error: CITIZEN_NUMBER.
func ParseCitizenNumber(s string) (CitizenNumber, error) {
	if len(s) != 18 {
		return CitizenNumber{}, attest.Errorf(attest.CodeCitizenNumber, "a citizen number (GB 11643) has 18 characters")
	}
	n, err := NewCitizenNumber(s[:17])
	if err != nil {
		return CitizenNumber{}, err
	}
	if n.text[17] != s[17] {
		return CitizenNumber{}, attest.Errorf(attest.CodeCitizenNumber, "the check character of the citizen number is wrong")
	}
	return n, nil
}

// NewCitizenNumber builds the number from its first 17 digits. Error: CITIZEN_NUMBER.
func NewCitizenNumber(first17 string) (CitizenNumber, error) {
	if len(first17) != 17 || !isDigits(first17) || !IsDivision(first17[:6]) {
		return CitizenNumber{}, attest.Errorf(attest.CodeCitizenNumber, "17 digits, an area code first, are expected before the check character")
	}
	birth, err := time.Parse("20060102", first17[6:14])
	if err != nil || birth.Year() < 1800 {
		// The cause is dropped: it quotes the date of birth.
		return CitizenNumber{}, attest.Errorf(attest.CodeCitizenNumber, "digits 7 to 14 are not a date of birth")
	}
	sum := 0
	for i, w := range citizenWeights {
		sum += int(first17[i]-'0') * w
	}
	return CitizenNumber{text: first17 + string(citizenChecks[sum%11]), birth: birth}, nil
}

// Text is the number, 18 characters. It is personal data.
func (n CitizenNumber) Text() string { return n.text }

// Area is the area code of the first registration, six digits.
func (n CitizenNumber) Area() string { return n.text[:6] }

// Birth is midnight UTC of the day of birth.
func (n CitizenNumber) Birth() time.Time { return n.birth }

// Female reports the sex that the sequence states: even is female.
func (n CitizenNumber) Female() bool { return (n.text[16]-'0')%2 == 0 }

// Synthetic reports that the number belongs to nobody.
func (n CitizenNumber) Synthetic() bool { return n.Area() == SyntheticArea }

// Age is the number of birthdays completed on the day of at, in at's own zone. One born on 29 February completes a year
// on 1 March of a common year.
func (n CitizenNumber) Age(at time.Time) int {
	age := at.Year() - n.birth.Year()
	if at.Month() < n.birth.Month() || at.Month() == n.birth.Month() && at.Day() < n.birth.Day() {
		age--
	}
	return age
}

// String shows nothing of the number.
func (n CitizenNumber) String() string { return "******************" }

// GoString redacts as String does, for %#v.
func (n CitizenNumber) GoString() string { return n.String() }
