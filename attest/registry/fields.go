package registry

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// What a single field of a command may be. The texts of refusals name the field and the rule, never the value.

func invalid(field, rule string) error {
	return attest.Errorf(attest.CodeFieldInvalid, "%s %s", field, rule)
}

// checkText allows an identifier: letters, digits, '-', '_', '.', of a length.
func checkText(field, s string, least, most int) error {
	if len(s) < least || len(s) > most {
		return invalid(field, "has the wrong length")
	}
	if strings.ContainsFunc(s, notOfText) {
		return invalid(field, "has a character other than letters, digits, '-', '_' and '.'")
	}
	return nil
}

func notOfText(r rune) bool {
	return !strings.ContainsRune("-_.", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// checkName allows a name in any script, for people to read: up to most characters, none of them a control.
func checkName(field, s string, most int) error {
	if s == "" || utf8.RuneCountInString(s) > most {
		return invalid(field, "has the wrong length")
	}
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return invalid(field, "has a control character")
		}
	}
	return nil
}

func checkRegionCode(field, s string) error {
	if province, ok := gbt.Province(s); !ok || province.Code != s {
		return attest.Errorf(attest.CodeRegionUnknown, "%s is not a province-level code of GB/T 2260", field)
	}
	return nil
}

// checkSorted demands a list in ascending order without repetition, so that one set has one spelling.
func checkSorted(field string, list []string, most int) error {
	if len(list) == 0 || len(list) > most {
		return invalid(field, "is empty or too long")
	}
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			return invalid(field, "is not sorted, or repeats an entry")
		}
	}
	return nil
}

func checkTypes(types []string) error {
	if err := checkSorted("types", types, 256); err != nil {
		return err
	}
	for _, t := range types {
		if _, err := gbt.ParseTypeCode(t); err != nil {
			return err
		}
	}
	return nil
}

func checkURL(field, s string) error {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok || rest == "" || len(s) > 256 || strings.HasSuffix(s, "/") || strings.ContainsAny(rest, "?#@ \"\\") {
		return invalid(field, "is not an https URL without user, query, fragment and final slash")
	}
	return nil
}

func checkRegion(r *attest.Region) error {
	if err := checkRegionCode("code", r.Code); err != nil {
		return err
	}
	if err := checkName("name", r.Name, 32); err != nil {
		return err
	}
	if err := checkText("msp", r.MSP, 1, 64); err != nil {
		return err
	}
	return checkURL("url", r.URL)
}

func checkNewKey(k *NewKey, allowed ...attest.KeyUse) error {
	if !slices.Contains(allowed, k.Use) {
		return attest.Errorf(attest.CodeKeyUse, "a key of that use does not belong to that owner")
	}
	return checkText("key name", k.Name, 1, 32)
}

// checkFounder demands a region with at least one key to govern and one of the gateway, under different names.
func checkFounder(f *Founder) error {
	if err := checkRegion(&f.Region); err != nil {
		return err
	}
	names, uses := make([]string, 0, len(f.Keys)), make([]attest.KeyUse, 0, len(f.Keys))
	for i := range f.Keys {
		if err := checkNewKey(&f.Keys[i], attest.UseGovern, attest.UseGateway); err != nil {
			return err
		}
		if slices.Contains(names, f.Keys[i].Name) {
			return attest.Errorf(attest.CodeKeyExists, "two keys of a region have one name")
		}
		names, uses = append(names, f.Keys[i].Name), append(uses, f.Keys[i].Use)
	}
	if !slices.Contains(uses, attest.UseGovern) || !slices.Contains(uses, attest.UseGateway) {
		return attest.Errorf(attest.CodeKeyUse, "a region has a key to govern and a key of its gateway")
	}
	return nil
}

// KeyID is the id of an owner's key.
func KeyID(owner, name string) string { return owner + "#" + name }
