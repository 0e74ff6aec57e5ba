package proofcode

import "strings"

// Sizes of a short code.
const (
	RandomSize = 5 // bytes: 40 bits

	provinceChars = 2
	randomChars   = 8
	shortChars    = provinceChars + randomChars + 1
)

// Short is a short code: the first two digits of the province's division code and 40 random bits.
type Short struct {
	Province string // "44"
	Random   [RandomSize]byte
}

// NewShort makes the short code of a region (division code of six digits) from random bits of the caller's.
func NewShort(region string, random [RandomSize]byte) (Short, error) {
	if len(region) != 6 || !isProvince(region[:provinceChars]) || region[provinceChars:] != "0000" {
		return Short{}, malformed("a region is a province's division code")
	}
	return Short{Province: region[:provinceChars], Random: random}, nil
}

// Region is the division code of the code's home.
func (s Short) Region() string { return s.Province + "0000" }

// String is the printed form: 44-XXXX-XXXX-C.
func (s Short) String() string {
	random := encode(s.Random[:], randomChars)
	body := s.Province + random
	return s.Province + "-" + random[:4] + "-" + random[4:] + "-" + string(alphabet[check(body)])
}

// ParseShort reads a short code as people type it: in any case, full-width or not, with or without separators, O for 0, I
// and L for 1, U for V. Error: PROOF_CODE_FORMAT, also where the check character does not fit.
func ParseShort(typed string) (Short, error) {
	if len(typed) > 256 {
		return Short{}, malformed("too long for a code")
	}
	text := normalise(typed)
	if len(text) != shortChars {
		return Short{}, malformed("a code has %d digits and letters", shortChars)
	}
	canonical := make([]byte, shortChars)
	for i := range canonical {
		v := valueOf(text[i])
		if v < 0 {
			return Short{}, malformed("character %d is none of a code", i+1)
		}
		canonical[i] = alphabet[v]
	}
	s := Short{Province: string(canonical[:provinceChars])}
	if !isProvince(s.Province) {
		return Short{}, malformed("a code begins with the two digits of a province")
	}
	body := string(canonical[:shortChars-1])
	if alphabet[check(body)] != canonical[shortChars-1] {
		return Short{}, malformed("the check character does not fit: one character was mistyped, or two were swapped")
	}
	decode(body[provinceChars:], s.Random[:]) // 40 bits in eight characters of the alphabet: cannot fail
	return s, nil
}

func isProvince(digits string) bool {
	return len(digits) == provinceChars && digits[0] >= '1' && digits[0] <= '9' && strings.IndexByte("0123456789", digits[1]) >= 0
}

// check is the hybrid system of ISO/IEC 7064 with the modulus of the alphabet, MOD 33,32: the standard names MOD 27,26 and
// MOD 37,36, whose letters have look-alikes. It finds every single wrong character and nearly every swap of neighbours.
func check(body string) int {
	const m = len(alphabet)
	p := m
	for i := range len(body) {
		p = (p + valueOf(body[i])) % m
		if p == 0 {
			p = m
		}
		p = p * 2 % (m + 1)
	}
	return (m + 1 - p) % m
}
