package gbt

import (
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// alphanumeric is the alphabet of ISO 7064 MOD 37,36: the position of a character is its value.
const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// alphanumericValue is 0 to 35, or -1 for a character outside the alphabet.
func alphanumericValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'Z':
		return int(c-'A') + 10
	}
	return -1
}

// isAlphanumeric reports whether s is of [0-9A-Z] only. The empty string is.
func isAlphanumeric(s string) bool {
	return strings.Trim(s, alphanumeric) == ""
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// Mod3736 is the check character of ISO 7064 MOD 37,36 (GB/T 17710, hybrid system) over s, which must be a non-empty
// string of [0-9A-Z]. It finds every substitution of one character and all but 0.16 % of transpositions of neighbours.
// Error: CHECK_INPUT.
func Mod3736(s string) (byte, error) {
	if s == "" || !isAlphanumeric(s) {
		return 0, attest.Errorf(attest.CodeCheckInput, "a check character is computed over one or more of 0-9A-Z")
	}
	return mod3736(s), nil
}

// mod3736 needs s to be of the alphabet.
func mod3736(parts ...string) byte {
	p := 36
	for _, part := range parts {
		for i := range len(part) {
			p = nonZero(p+alphanumericValue(part[i]), 36) * 2 % 37
		}
	}
	return alphanumeric[(37-p)%36]
}

// legacyMod3736 is what a routine computes that is copied from one deployed system to the next: it values letters one
// too high (A = 11), reduces sums with a letter modulo 37 before it reduces them modulo 36, and counts the result from
// 1 where the alphabet counts from 0. Identifiers that carry its result are in people's hands.
func legacyMod3736(parts ...string) byte {
	p := 36
	for _, part := range parts {
		for i := range len(part) {
			v := alphanumericValue(part[i])
			sum := p + v
			if v >= 10 {
				sum++
				if sum > 37 {
					sum %= 37
				}
			}
			p = nonZero(sum, 36) * 2 % 37
		}
	}
	return alphanumeric[36-p]
}

// nonZero is n modulo m, in 1..m.
func nonZero(n, m int) int {
	if n %= m; n == 0 {
		return m
	}
	return n
}
