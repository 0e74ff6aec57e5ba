package gbt

import (
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// usccAlphabet is the alphabet of GB 32100: no I, O, S, V, Z. The position of a character is its value.
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// Weights of the check character of GB 32100 (powers of 3 modulo 31) and of GB 11714.
var (
	usccWeights = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	bodyWeights = [8]int{3, 7, 9, 10, 5, 8, 4, 2}
)

// USCC is a unified social credit code 统一社会信用代码 of 18 characters (GB 32100):
// registering department 1, category 1, division 6, organisation code 9 (GB 11714), check 1.
type USCC string

// ParseUSCC checks length, alphabet, division and check character. Whether the organisation code inside has a right
// check of its own is not asked: see BodyValid. Error: USCC.
func ParseUSCC(s string) (USCC, error) {
	if len(s) != 18 {
		return "", attest.Errorf(attest.CodeUSCC, "a USCC (GB 32100) has 18 characters")
	}
	check, err := USCCCheck(s[:17])
	if err != nil {
		return "", err
	}
	if s[17] != check {
		return "", attest.Errorf(attest.CodeUSCC, "the check character of the USCC is wrong")
	}
	return USCC(s), nil
}

// USCCCheck is the check character of GB 32100 over the first 17 characters of a USCC. Error: USCC.
func USCCCheck(first17 string) (byte, error) {
	if len(first17) != 17 {
		return 0, attest.Errorf(attest.CodeUSCC, "the check character of a USCC covers 17 characters")
	}
	sum := 0
	for i, w := range usccWeights {
		v := strings.IndexByte(usccAlphabet, first17[i])
		if v < 0 {
			return 0, attest.Errorf(attest.CodeUSCC, "character %d is outside the alphabet of GB 32100", i+1)
		}
		sum += v * w
	}
	if !IsDivision(first17[2:8]) {
		return 0, attest.Errorf(attest.CodeUSCC, "characters 3 to 8 of a USCC are a division code")
	}
	return usccAlphabet[(31-sum%31)%31], nil
}

// BodyCheck is the check character of GB 11714 over the first 8 characters of an organisation code: a digit or X.
// Error: USCC.
func BodyCheck(first8 string) (byte, error) {
	if len(first8) != 8 || !isAlphanumeric(first8) {
		return 0, attest.Errorf(attest.CodeUSCC, "the check character of GB 11714 covers 8 characters of 0-9A-Z")
	}
	sum := 0
	for i, w := range bodyWeights {
		sum += alphanumericValue(first8[i]) * w
	}
	switch c := 11 - sum%11; c {
	case 10:
		return 'X', nil
	case 11:
		return '0', nil
	default:
		return alphanumeric[c], nil
	}
}

// NewUSCC builds a code from its parts and computes both check characters: kind is the registering department and the
// category ("11" an organ of the state), division six digits, body the first 8 characters of the organisation code.
// Error: USCC.
func NewUSCC(kind, division, body string) (USCC, error) {
	bodyCheck, err := BodyCheck(body)
	if err != nil {
		return "", err
	}
	first17 := kind + division + body + string(bodyCheck)
	check, err := USCCCheck(first17)
	if err != nil {
		return "", err
	}
	return USCC(first17 + string(check)), nil
}

// Division is the division code of the place of registration; c must have been parsed.
func (c USCC) Division() string { return string(c[2:8]) }

// Body is the organisation code of GB 11714, 9 characters; c must have been parsed.
func (c USCC) Body() string { return string(c[8:17]) }

// BodyValid reports whether the organisation code inside carries a right check of its own; c must have been parsed.
func (c USCC) BodyValid() bool {
	check, err := BodyCheck(c.Body()[:8])
	return err == nil && check == c.Body()[8]
}
